//! What every rule promises: parts give the bits of the whole, and a restored state continues exactly.

use chainrule_optimizers::{Clip, Momentum, NORM_BLOCK, Optimizer, OptimizerConfig, Sgd, State, global_norm};
use chainrule_tensor::{
    Float,
    random::{Purpose, generator, uniform},
};

const LENGTH: usize = 37;

/// Every rule as published, and with weight decay.
fn rules() -> Vec<OptimizerConfig> {
    let decaying = OptimizerConfig::all().into_iter().map(|rule| rule.with_weight_decay(0.05).unwrap());
    [OptimizerConfig::all(), decaying.collect()].concat()
}

fn name(rule: &OptimizerConfig) -> &'static str {
    Optimizer::<f64>::name(rule)
}

/// Numbers in −1…1, others for every salt.
fn random<F: Float>(salt: u64) -> Vec<F> {
    let mut rng = generator(1, Purpose::Draw, salt, 0);
    (0..LENGTH).map(|_| F::of(2.0 * uniform(&mut rng) - 1.0)).collect()
}

/// One step of the whole parameter.
fn step<F: Float>(rule: &dyn Optimizer<F>, state: &mut State<F>, w: &mut [F]) {
    let number = state.begin_step();
    state.update(rule, 0, w, &random::<F>(number));
}

fn parts_give_the_bits_of_the_whole<F: Float>() {
    for rule in &rules() {
        for cut in 0..=LENGTH {
            let start = (random::<F>(1000), State::new(rule, [("w", LENGTH)]));
            let ((mut w, mut state), (mut w_parts, mut state_parts)) = (start.clone(), start);
            for _ in 0..3 {
                step(rule, &mut state, &mut w);
                let gradient = random::<F>(state_parts.begin_step());
                let mid = cut + (LENGTH - cut) / 2;
                let (memory, of_last) = state_parts.iter_mut().next().unwrap().split_at(mid);
                let (of_first, of_rest) = memory.split_at(cut);
                let (w_first, w_rest) = w_parts.split_at_mut(cut);
                let (w_rest, w_last) = w_rest.split_at_mut(mid - cut);
                // In any order.
                for (memory, w, gradient) in [
                    (of_last, w_last, &gradient[mid..]),
                    (of_first, w_first, &gradient[..cut]),
                    (of_rest, w_rest, &gradient[cut..mid]),
                ] {
                    rule.update(memory.update(w, gradient, Optimizer::<F>::learning_rate(rule)));
                }
            }
            assert_eq!((&w, &state), (&w_parts, &state_parts), "{} cut at {cut}", name(rule));
        }
    }
}

#[test]
fn split_anywhere() {
    parts_give_the_bits_of_the_whole::<f32>();
    parts_give_the_bits_of_the_whole::<f64>();
}

#[test]
fn all_parameters_at_once_on_several_threads() {
    let rule = Momentum::default();
    let names = ["a", "b", "c"];
    let start = names.map(|name| random::<f32>(name.as_bytes()[0].into()));
    let gradients = [1, 2, 3].map(random::<f32>);
    let (mut alone, mut together) = (start.clone(), start.clone());
    let new_state = || State::new(&rule, names.map(|name| (name, LENGTH)));
    let (mut state_alone, mut state_together) = (new_state(), new_state());

    state_alone.begin_step();
    for (i, (w, gradient)) in alone.iter_mut().zip(&gradients).enumerate() {
        state_alone.update(&rule, i, w, gradient);
    }
    state_together.begin_step();
    std::thread::scope(|scope| {
        for ((memory, w), gradient) in state_together.iter_mut().zip(&mut together).zip(&gradients) {
            let update = memory.update(w, gradient, rule.learning_rate());
            scope.spawn(|| rule.update(update));
        }
    });
    assert_ne!(alone, start);
    assert_eq!((alone, state_alone), (together, state_together));
}

fn resumed_equals_continued<F: Float>(save_and_restore: impl Fn(&State<F>) -> State<F>) {
    for rule in &rules() {
        let (mut w, mut state) = (random::<F>(1000), State::new(rule, [("w", LENGTH)]));
        for _ in 0..5 {
            step(rule, &mut state, &mut w);
        }
        let (mut w_resumed, mut resumed) = (w.clone(), save_and_restore(&state));
        assert_eq!(resumed.check(rule, [("w", LENGTH)]), Ok(()));
        for _ in 0..5 {
            step(rule, &mut state, &mut w);
            step(rule, &mut resumed, &mut w_resumed);
        }
        assert_eq!(state.step(), 10);
        assert_eq!((w, state), (w_resumed, resumed), "{}", name(rule));
    }
}

#[test]
fn a_copy_continues_exactly() {
    resumed_equals_continued::<f32>(State::clone);
    resumed_equals_continued::<f64>(State::clone);
}

/// Where five steps lead a parameter of this name.
fn walk<F: Float>(rule: &OptimizerConfig, parameter: &str) -> Vec<F> {
    let (mut w, mut state) = (random::<F>(1000), State::new(rule, [(parameter, LENGTH)]));
    for _ in 0..5 {
        step(rule, &mut state, &mut w);
    }
    w
}

#[test]
fn biases_decay_unless_told_otherwise() {
    for rule in rules() {
        let none = rule.clone().with_weight_decay(0.0).unwrap();
        let weights_only = rule.clone().with_decay_biases(false);
        assert_eq!(walk::<f32>(&rule, "b1"), walk::<f32>(&rule, "W1"), "{}", name(&rule));
        assert_eq!(walk::<f32>(&weights_only, "b1"), walk::<f32>(&none, "b1"), "{}", name(&rule));
        assert_eq!(walk::<f32>(&weights_only, "W1"), walk::<f32>(&rule, "W1"), "{}", name(&rule));
        let decays = rule.weight_decay() > 0.0;
        assert_eq!(walk::<f32>(&rule, "b1") != walk::<f32>(&none, "b1"), decays, "{}", name(&rule));
    }
}

#[test]
fn parts_of_a_bias_are_biases() {
    let rule = Sgd::new(0.5).unwrap().with_weight_decay(1.0).unwrap().with_decay_biases(false);
    let mut state = State::new(&rule, [("b", 2), ("W", 2)]);
    let (mut b, mut w) = ([4.0_f32; 2], [4.0_f32; 2]);
    state.begin_step();
    let parameters = [&mut b, &mut w];
    for (memory, parameter) in state.iter_mut().zip(parameters) {
        let (first, second) = memory.split_at(1);
        let (of_first, of_second) = parameter.split_at_mut(1);
        rule.update(first.update(of_first, &[1.0], 0.5));
        rule.update(second.update(of_second, &[1.0], 0.5));
    }
    assert_eq!((b, w), ([3.5; 2], [1.5; 2])); // 4 − 0.5·1, and 4 − 0.5·(1 + 4)
}

#[test]
fn whoever_knows_better_says_what_a_bias_is() {
    let rule = Sgd::new(0.5).unwrap().with_weight_decay(1.0).unwrap().with_decay_biases(false);
    let mut state = State::new(&rule, [("slope", 1)]);
    let mut slope = [4.0_f32];
    state.begin_step();
    let mut update = state.iter_mut().next().unwrap().update(&mut slope, &[1.0], 0.5);
    assert!(!update.is_bias);
    update.is_bias = true;
    rule.update(update);
    assert_eq!(slope, [3.5]);
}

#[test]
fn f32_goes_where_f64_goes() {
    for rule in rules() {
        for (w32, w64) in walk::<f32>(&rule, "w").iter().zip(walk::<f64>(&rule, "w")) {
            assert!((f64::from(*w32) - w64).abs() <= 1e-5, "{}: {w32}, {w64}", name(&rule));
        }
    }
}

#[test]
fn clipping_in_parts_gives_the_bits_of_the_whole() {
    let start: Vec<f32> = (0..=300).flat_map(random::<f32>).collect();
    assert!(start.len() > 2 * NORM_BLOCK);
    for clip in [Clip::by_norm(0.7).unwrap(), Clip::by_value(0.3).unwrap()] {
        let (mut whole, mut parts) = (start.clone(), start.clone());
        clip.clip_mut(&mut whole);
        let norm = global_norm(&parts);
        for part in parts.chunks_mut(1000) {
            clip.clip_part_mut(part, norm);
        }
        assert_ne!(whole, start);
        assert_eq!(whole, parts);
    }
}

#[cfg(feature = "serde")]
mod saved {
    use chainrule_optimizers::{AdamW, Schedule};

    use super::*;

    #[test]
    fn a_restored_state_continues_exactly() {
        let through_text =
            |state: &State<f32>| serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap();
        resumed_equals_continued(through_text);
        let through_text =
            |state: &State<f64>| serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap();
        resumed_equals_continued(through_text);
    }

    fn read(text: &str) -> Result<OptimizerConfig, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn rules_are_read_as_they_are_written() {
        for rule in rules() {
            let rule = rule.with_learning_rate(0.3).unwrap().with_decay_biases(false);
            assert_eq!(read(&serde_json::to_string(&rule).unwrap()), Ok(rule));
        }
        let sgd = Sgd::new(0.3).unwrap().with_weight_decay(0.01).unwrap();
        let text = r#"{"sgd":{"learning_rate":0.3,"weight_decay":0.01,"decay_biases":true}}"#;
        assert_eq!(serde_json::to_string(&OptimizerConfig::from(sgd)).unwrap(), text);
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        for rule in OptimizerConfig::all() {
            assert_eq!(read(&format!(r#"{{"{}":{{}}}}"#, name(&rule))), Ok(rule));
        }
        let faster = AdamW::new(0.002).unwrap().into();
        assert_eq!(read(r#"{"adamw":{"learning_rate":0.002}}"#), Ok(faster));
    }

    #[test]
    fn settings_out_of_range_are_not_read() {
        for (setting, found, expected) in [
            ("learning_rate", "-1", "learning rate -1, expected a finite number above 0"),
            ("weight_decay", "-0.5", "weight decay -0.5, expected a finite number not below 0"),
            ("momentum", "1.5", "momentum 1.5, expected a number from 0 to below 1"),
            ("alpha", "1", "alpha 1, expected a number from 0 to below 1"),
            ("beta1", "-0.1", "beta1 -0.1, expected a number from 0 to below 1"),
            ("beta2", "1", "beta2 1, expected a number from 0 to below 1"),
            ("eps", "0", "eps 0, expected a finite number above 0"),
        ] {
            let mut n_rules = 0;
            for rule in OptimizerConfig::all() {
                let error = read(&format!(r#"{{"{}":{{"{setting}":{found}}}}}"#, name(&rule))).unwrap_err();
                if serde_json::to_string(&rule).unwrap().contains(setting) {
                    assert!(error.contains(expected), "{error}");
                    n_rules += 1;
                } else {
                    assert!(error.contains("unknown field"), "{error}");
                }
            }
            assert!(n_rules > 0, "no rule has {setting}");
        }
    }

    #[test]
    fn clipping_is_read_as_it_is_written() {
        for (clip, text) in [
            (Clip::by_norm(0.5).unwrap(), r#"{"norm":{"max_norm":0.5}}"#),
            (Clip::by_value(0.5).unwrap(), r#"{"value":{"limit":0.5}}"#),
        ] {
            assert_eq!(serde_json::to_string(&clip).unwrap(), text);
            assert_eq!(serde_json::from_str::<Clip>(text).unwrap(), clip);
            let error = serde_json::from_str::<Clip>(&text.replace("0.5", "-1")).unwrap_err().to_string();
            assert!(error.contains("-1, expected a finite number above 0"), "{error}");
        }
    }

    #[test]
    fn schedules_are_read_as_they_are_written() {
        let text = r#""warmup:5+cosine:0.001@100""#;
        let schedule: Schedule = serde_json::from_str(text).unwrap();
        assert_eq!(schedule.total_steps(), Some(100));
        assert_eq!(serde_json::to_string(&schedule).unwrap(), text);
        let error = serde_json::from_str::<Schedule>(r#""step:0:0.1""#).unwrap_err().to_string();
        assert!(error.contains("steps between two falls 0, expected at least 1"), "{error}");
    }
}
