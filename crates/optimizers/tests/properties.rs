//! What every rule promises: parts give the bits of the whole, and a restored state continues exactly.

use chainrule_optimizers::{Momentum, Optimizer, Sgd, State};
use chainrule_tensor::{
    Float,
    random::{Purpose, generator, uniform},
};

const LENGTH: usize = 37;

fn rules<F: Float>() -> Vec<Box<dyn Optimizer<F>>> {
    vec![
        Box::new(Sgd::default()),
        Box::new(Sgd::new(0.3).unwrap().with_weight_decay(0.01).unwrap()),
        Box::new(Momentum::default()),
        Box::new(Momentum::new(0.3).unwrap().with_weight_decay(0.01).unwrap()),
    ]
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
    for rule in rules::<F>() {
        for cut in 0..=LENGTH {
            let start = (random::<F>(1000), State::new(&*rule, [("w", LENGTH)]));
            let ((mut w, mut state), (mut w_parts, mut state_parts)) = (start.clone(), start);
            for _ in 0..3 {
                step(&*rule, &mut state, &mut w);
                let gradient = random::<F>(state_parts.begin_step());
                let memory = state_parts.iter_mut().next().unwrap();
                let whole = memory.update(&mut w_parts, &gradient, rule.learning_rate());
                let (first, rest) = whole.split_at(cut);
                assert_eq!((first.parameter.len(), rest.parameter.len()), (cut, LENGTH - cut));
                let (rest, last) = rest.split_at((LENGTH - cut) / 2);
                // In any order.
                for part in [last, first, rest] {
                    rule.update(part);
                }
            }
            assert_eq!((&w, &state), (&w_parts, &state_parts), "{} cut at {cut}", rule.name());
        }
    }
}

#[test]
fn split_anywhere() {
    parts_give_the_bits_of_the_whole::<f32>();
    parts_give_the_bits_of_the_whole::<f64>();
}

#[test]
#[should_panic(expected = "a cut at 3 of 2 values")]
fn a_cut_past_the_end_panics() {
    let mut state = State::new(&Sgd::default(), [("w", 2)]);
    state.begin_step();
    let (mut w, gradient) = ([0.0_f32; 2], [0.0; 2]);
    state.iter_mut().next().unwrap().update(&mut w, &gradient, 0.1).split_at(3);
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
    for rule in rules::<F>() {
        let (mut w, mut state) = (random::<F>(1000), State::new(&*rule, [("w", LENGTH)]));
        for _ in 0..5 {
            step(&*rule, &mut state, &mut w);
        }
        let (mut w_resumed, mut resumed) = (w.clone(), save_and_restore(&state));
        assert_eq!(resumed.check(&*rule, [("w", LENGTH)]), Ok(()));
        for _ in 0..5 {
            step(&*rule, &mut state, &mut w);
            step(&*rule, &mut resumed, &mut w_resumed);
        }
        assert_eq!(state.step(), 10);
        assert_eq!((w, state), (w_resumed, resumed), "{}", rule.name());
    }
}

#[test]
fn a_copy_continues_exactly() {
    resumed_equals_continued::<f32>(State::clone);
    resumed_equals_continued::<f64>(State::clone);
}

#[cfg(feature = "serde")]
mod saved {
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

    #[test]
    fn rules_are_read_as_they_are_written() {
        let sgd = Sgd::new(0.3).unwrap().with_weight_decay(0.01).unwrap();
        let text = serde_json::to_string(&sgd).unwrap();
        assert_eq!(text, r#"{"learning_rate":0.3,"weight_decay":0.01}"#);
        assert_eq!(serde_json::from_str::<Sgd>(&text).unwrap(), sgd);
        let momentum =
            Momentum::new(0.3).unwrap().with_momentum(0.5).unwrap().with_weight_decay(0.01).unwrap();
        let text = serde_json::to_string(&momentum).unwrap();
        assert_eq!(text, r#"{"learning_rate":0.3,"momentum":0.5,"weight_decay":0.01}"#);
        assert_eq!(serde_json::from_str::<Momentum>(&text).unwrap(), momentum);
    }

    #[test]
    fn settings_out_of_range_are_not_read() {
        let error = serde_json::from_str::<Sgd>(r#"{"learning_rate":-1,"weight_decay":0}"#).unwrap_err();
        assert!(error.to_string().contains("learning rate -1, expected a finite number above 0"), "{error}");
        let text = r#"{"learning_rate":0.1,"momentum":1.5,"weight_decay":0}"#;
        let error = serde_json::from_str::<Momentum>(text).unwrap_err();
        assert!(error.to_string().contains("momentum 1.5, expected a number from 0 to below 1"), "{error}");
    }
}
