//! What every rule promises: parts give the bits of the whole, and a restored state continues exactly.

use chainrule_optimizers::{
    Clip, MAX_SLOTS, Momentum, NORM_BLOCK, Optimizer, OptimizerConfig, Sgd, Update, global_norm,
};
use chainrule_tensor::{
    Float,
    random::{Purpose, generator, uniform},
};

const LENGTH: usize = 37;

type Slots<F> = [Vec<F>; MAX_SLOTS];

/// Every rule as published, and with weight decay.
fn rules() -> Vec<OptimizerConfig> {
    let decaying = OptimizerConfig::all().into_iter().map(|rule| rule.with_weight_decay(0.05));
    [OptimizerConfig::all(), decaying.collect()].concat()
}

fn name(rule: &OptimizerConfig) -> &'static str {
    rule.name()
}

/// Numbers in −1…1, others for every salt.
fn random<F: Float>(salt: u64) -> Vec<F> {
    let mut rng = generator(1, Purpose::Draw, salt, 0);
    (0..LENGTH).map(|_| F::of(2.0 * uniform(&mut rng) - 1.0)).collect()
}

/// One step of the whole parameter.
fn step<F: Float>(rule: &dyn Optimizer<F>, number: u64, slots: &mut Slots<F>, w: &mut [F]) {
    rule.step(number, w, &random::<F>(number), slots);
}

fn parts_give_the_bits_of_the_whole<F: Float>() {
    for config in &rules() {
        let rule = config.rule::<F>();
        for cut in 0..=LENGTH {
            let start = (random::<F>(1000), rule.new_slots(LENGTH));
            let ((mut w, mut slots), (mut w_parts, mut slots_parts)) = (start.clone(), start);
            for number in 1..=3 {
                step(rule, number, &mut slots, &mut w);
                let gradient = random::<F>(number);
                let mid = cut + (LENGTH - cut) / 2;
                let all =
                    Update::new(&mut w_parts, &gradient, &mut slots_parts, number, rule.learning_rate());
                let (before, last) = all.split_at(mid);
                let (first, rest) = before.split_at(cut);
                // In any order.
                for update in [last, first, rest] {
                    rule.update(update);
                }
            }
            assert_eq!((&w, &slots), (&w_parts, &slots_parts), "{} cut at {cut}", name(config));
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
    let new_slots = || [(); 3].map(|()| rule.new_slots(LENGTH));
    let (mut slots_alone, mut slots_together) = (new_slots(), new_slots());

    for ((w, gradient), slots) in alone.iter_mut().zip(&gradients).zip(&mut slots_alone) {
        rule.step(1, w, gradient, slots);
    }
    std::thread::scope(|scope| {
        for ((slots, w), gradient) in slots_together.iter_mut().zip(&mut together).zip(&gradients) {
            let update = Update::new(w, gradient, slots, 1, rule.learning_rate);
            scope.spawn(|| rule.update(update));
        }
    });
    assert_ne!(alone, start);
    assert_eq!((alone, slots_alone), (together, slots_together));
}

fn resumed_equals_continued<F: Float>(save_and_restore: impl Fn(&Slots<F>) -> Slots<F>) {
    for config in &rules() {
        let rule = config.rule::<F>();
        let (mut w, mut slots) = (random::<F>(1000), rule.new_slots(LENGTH));
        for number in 1..=5 {
            step(rule, number, &mut slots, &mut w);
        }
        let (mut w_resumed, mut resumed) = (w.clone(), save_and_restore(&slots));
        for number in 6..=10 {
            step(rule, number, &mut slots, &mut w);
            step(rule, number, &mut resumed, &mut w_resumed);
        }
        assert_eq!((w, slots), (w_resumed, resumed), "{}", name(config));
    }
}

#[test]
fn a_copy_continues_exactly() {
    resumed_equals_continued::<f32>(Slots::clone);
    resumed_equals_continued::<f64>(Slots::clone);
}

/// Where five steps lead weights (which decay), or biases.
fn walk<F: Float>(config: &OptimizerConfig, decays: bool) -> Vec<F> {
    let rule = config.rule::<F>();
    let (mut w, mut slots) = (random::<F>(1000), rule.new_slots(LENGTH));
    for number in 1..=5 {
        let gradient = random::<F>(number);
        let update = Update::new(&mut w, &gradient, &mut slots, number, rule.learning_rate());
        rule.update(Update { decays, ..update });
    }
    w
}

#[test]
fn biases_decay_unless_told_otherwise() {
    for rule in rules() {
        let none = rule.clone().with_weight_decay(0.0);
        let weights_only = rule.clone().with_decay_biases(false);
        assert_eq!(walk::<f32>(&rule, false), walk::<f32>(&rule, true), "{}", name(&rule));
        assert_eq!(walk::<f32>(&weights_only, false), walk::<f32>(&none, false), "{}", name(&rule));
        assert_eq!(walk::<f32>(&weights_only, true), walk::<f32>(&rule, true), "{}", name(&rule));
        let decays = rule.weight_decay() > 0.0;
        assert_eq!(walk::<f32>(&rule, false) != walk::<f32>(&none, false), decays, "{}", name(&rule));
    }
}

#[test]
fn parts_of_a_bias_are_biases() {
    let rule = Sgd::new(0.5).with_weight_decay(1.0).with_decay_biases(false);
    let (mut w, mut slots) = ([4.0_f32; 4], rule.new_slots(4));
    let (mut biases, weights) = Update::new(&mut w, &[1.0; 4], &mut slots, 1, 0.5).split_at(2);
    biases.decays = false;
    for update in [biases, weights] {
        let (first, second) = update.split_at(1);
        rule.update(first);
        rule.update(second);
    }
    assert_eq!(w, [3.5, 3.5, 1.5, 1.5]); // 4 − 0.5·1, and 4 − 0.5·(1 + 4)
}

#[test]
fn whoever_knows_better_says_what_a_bias_is() {
    let rule = Sgd::new(0.5).with_weight_decay(1.0).with_decay_biases(false);
    let (mut slope, mut slots) = ([4.0_f32], rule.new_slots(1));
    let mut update = Update::new(&mut slope, &[1.0], &mut slots, 1, 0.5);
    assert!(update.decays);
    update.decays = false;
    rule.update(update);
    assert_eq!(slope, [3.5]);
}

#[test]
fn f32_goes_where_f64_goes() {
    for rule in rules() {
        for (w32, w64) in walk::<f32>(&rule, true).iter().zip(walk::<f64>(&rule, true)) {
            assert!((f64::from(*w32) - w64).abs() <= 1e-5, "{}: {w32}, {w64}", name(&rule));
        }
    }
}

#[test]
fn clipping_in_parts_gives_the_bits_of_the_whole() {
    let start: Vec<f32> = (0..=300).flat_map(random::<f32>).collect();
    assert!(start.len() > 2 * NORM_BLOCK);
    for clip in [Clip::by_norm(0.7), Clip::by_value(0.3)] {
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
            |slots: &Slots<f32>| serde_json::from_str(&serde_json::to_string(slots).unwrap()).unwrap();
        resumed_equals_continued(through_text);
        let through_text =
            |slots: &Slots<f64>| serde_json::from_str(&serde_json::to_string(slots).unwrap()).unwrap();
        resumed_equals_continued(through_text);
    }

    fn read(text: &str) -> Result<OptimizerConfig, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn rules_are_read_as_they_are_written() {
        for rule in rules() {
            let rule = rule.with_learning_rate(0.3).with_decay_biases(false);
            assert_eq!(read(&serde_json::to_string(&rule).unwrap()), Ok(rule));
        }
        let sgd = Sgd::new(0.3).with_weight_decay(0.01);
        let text = r#"{"sgd":{"learning_rate":0.3,"weight_decay":0.01,"decay_biases":true}}"#;
        assert_eq!(serde_json::to_string(&OptimizerConfig::from(sgd)).unwrap(), text);
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        for rule in OptimizerConfig::all() {
            assert_eq!(read(&format!(r#"{{"{}":{{}}}}"#, name(&rule))), Ok(rule));
        }
        let faster = AdamW::new(0.002).into();
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
            (Clip::by_norm(0.5), r#"{"norm":{"max_norm":0.5}}"#),
            (Clip::by_value(0.5), r#"{"value":{"limit":0.5}}"#),
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
        assert!(error.contains("steps between two decays 0, expected at least 1"), "{error}");
    }
}
