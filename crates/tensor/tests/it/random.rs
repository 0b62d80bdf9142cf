//! The generator and everything drawn from it, against `reference/random.json`, which an independent Python
//! program beside it made.

use chainrule_tensor::{
    Init, Matrix,
    rand::Rng,
    random::{Purpose, generator, index, shuffle},
};
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("../reference/random.json")).expect("the reference is JSON")
}

fn integers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect()
}

#[test]
fn words_of_the_generator() {
    let mut rng = generator(7, Purpose::Draw, 11, 13);
    let words: Vec<u64> = (0..40).map(|_| rng.next_u64()).collect();
    assert_eq!(words, integers(&reference()["words_of_7_draw_11_13"]));
}

#[test]
fn shuffles_and_draws() {
    let reference = reference();
    let mut order: Vec<u64> = (0..10).collect();
    shuffle(&mut generator(1, Purpose::Shuffle, 2, 0), &mut order);
    assert_eq!(order, integers(&reference["shuffle_of_10_seed_1_epoch_2"]));

    let mut order: Vec<u64> = (0..60_000).collect();
    shuffle(&mut generator(1, Purpose::Shuffle, 0, 0), &mut order);
    assert_eq!(order[..20], integers(&reference["shuffle_of_60000_seed_1_epoch_0_first_20"]));

    let mut rng = generator(1, Purpose::Draw, 5, 0);
    let draw: Vec<u64> = (0..20).map(|_| index(&mut rng, 60_000) as u64).collect();
    assert_eq!(draw, integers(&reference["draw_of_20_below_60000_seed_1_step_5"]));
}

#[test]
fn initial_weights() {
    let reference = reference();
    let number = |name: &str| reference[name].as_u64().unwrap();
    let kinds = reference["init"].as_object().unwrap();
    assert_eq!(kinds.len(), 5);
    for (name, expected) in kinds {
        let init: Init = name.parse().unwrap();
        let (n_outputs, n_inputs) = (number("n_outputs") as usize, number("n_inputs") as usize);
        let w: Matrix<f64> = init.matrix(n_outputs, n_inputs, number("seed"), number("layer"));
        let expected: Vec<f64> = expected.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        assert_eq!(w.len(), expected.len());
        for (w, e) in w.iter().zip(&expected) {
            // The last bits of ln, sin and cos are the mathematical library's.
            assert!((w - e).abs() <= 1e-14 * e.abs(), "{name}: {w}, expected {e}");
        }
        let single: Matrix<f32> = init.matrix(n_outputs, n_inputs, number("seed"), number("layer"));
        assert_eq!(single, w.map(|w| w as f32), "{name} in f32 is the rounded f64");
    }
}
