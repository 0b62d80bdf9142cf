//! What is known before the first step: settings that cannot be used with this rule, and those that will not work out.

use std::iter;

use chainrule_data::{AnySamples, Samples};
use chainrule_losses::Outputs;
use chainrule_optimizers::Optimizer;
use chainrule_tensor::{F32_RANGE, f32_holds};

use crate::{Error, Network, ParameterGroup, TrainConfig, parameter_group::Factors};

/// A rule is asked, and its rate may be in range and yet nothing, or infinite, in the arithmetic of the training; so may its rate
/// and its weight decay with all factors of a group.
pub(super) fn check_rule(
    rule: &dyn Optimizer<f32>,
    weight_decay: f64,
    groups: &[Factors],
) -> Result<(), Error> {
    rule.check()?;
    let rate = rule.learning_rate();
    let of_groups = groups.iter().flat_map(|(_, [of_rate, of_decay])| {
        [
            ("learning rate of a group", of_rate * rate, false),
            ("weight decay of a group", of_decay * weight_decay, true),
        ]
    });
    for (what, found, may_be_0) in iter::once(("learning rate", rate, false)).chain(of_groups) {
        if !(f32_holds(found) && (found > 0.0 || may_be_0)) {
            return Err(Error::config(what, format_args!("{found:?}"), F32_RANGE));
        }
    }
    Ok(())
}

/// The learning rates of a run by name.
fn rates(rule: &dyn Optimizer<f32>, groups: &[ParameterGroup]) -> impl Iterator<Item = (&'static str, f64)> {
    let of_groups = groups.iter().map(|group| ("learning rate of a group", group.learning_rate));
    let of_all = iter::once(("learning rate", 1.0)).chain(of_groups);
    of_all.map(|(what, factor)| (what, factor * rule.learning_rate()))
}

/// What will not work out in a run of `n_steps`, though every setting is in its range.
#[allow(clippy::disallowed_methods, reason = "no bit of the training depends on what is said of it")]
pub(super) fn warnings(
    net: &Network,
    samples: AnySamples<'_>,
    config: &TrainConfig,
    n_steps: u64,
    rate: impl Fn(u64) -> f64,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_nothing = |n_taken| rate(n_taken) as f32 == 0.0;
    if n_steps > 0 && is_nothing(n_steps - 1) {
        // A rate that comes to nothing falls.
        let (mut begin, mut end) = (0, n_steps - 1);
        while begin < end {
            let middle = begin.midpoint(end);
            (begin, end) = if is_nothing(middle) { (begin, middle) } else { (middle + 1, end) };
        }
        warnings.push(format!(
            "the learning rate is 0 from step {} of {n_steps} on, where f32 has no number for it any more: nothing is learned \
             then; take a schedule that falls more slowly",
            end + 1
        ));
    }
    let first = |decay: f64| decay.powf(n_steps.saturating_sub(1) as f64);
    if let Some(decay) = config.average.filter(|&decay| n_steps > 1 && first(decay) > 0.3) {
        // For the first step to count for less than a twentieth: d ≤ 0.05^(1/(n − 1)).
        let most = (0.05_f64.ln() / (n_steps - 1) as f64).exp();
        let digits = 1 + (-(1.0 - most).log10()).ceil() as usize;
        warnings.push(format!(
            "the decay of the average is {decay:?}: after {n_steps} steps, the weights of the first would still make up {:.0} % \
             of it; take {most:.digits$} at most, or train longer",
            100.0 * first(decay)
        ));
    }
    let range = samples.target_range().filter(|(low, high)| low.abs().max(high.abs()) > 100.0);
    if let (Some((low, high)), Outputs::Values, None) =
        (range, net.config().loss.outputs(), &net.config().scale)
    {
        warnings.push(format!(
            "targets reach from {low} to {high}, which the outputs of a network follow slowly, if at all; scale them \
             (NetworkConfig::with_scale)"
        ));
    }
    warnings
}

/// Learning rates in their range with which next to nothing can be learned. Where one lets the run diverge, that is all there is
/// to say: these are for a run that trains on.
pub(super) fn of_rates(rule: &dyn Optimizer<f32>, groups: &[ParameterGroup]) -> Vec<String> {
    let mut warnings = Vec::new();
    // A step of these moves parameters by the rate, however large the gradient is.
    let (least, most, usual) = match rule.name() {
        "adagrad" | "rmsprop" | "adam" | "adamw" => (1e-10, 10.0, "0.0001 to 0.1"),
        _ => (1e-15, 1e3, "0.001 to 1"),
    };
    for (what, rate) in rates(rule, groups) {
        let why = match rate {
            rate if rate > most => "every step goes far beyond what it aims at",
            rate if rate < least => "a step changes next to nothing",
            _ => continue,
        };
        warnings.push(format!(
            "the {what} is {rate:?}, with which {why}; usual with {} are {usual}",
            rule.name()
        ));
    }
    warnings
}
