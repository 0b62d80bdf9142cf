//! The saddle z = x² − y², learned from slices, saved, loaded, and used again.
use std::error::Error;

use chainrule_trainer::losses::MeanSquaredError;
use chainrule_trainer::optimizers::{Adam, schedule::Cosine};
use chainrule_trainer::{
    Activation, Checkpoint, Dataset, Encoding, Mlp, MlpConfig, Predictor, TrainConfig, TrainingRecord,
    evaluate, train,
};

fn main() -> Result<(), Box<dyn Error>> {
    let rows: Vec<f32> = (0..400).flat_map(|i| [(i % 20) as f32 - 9.5, (i / 20) as f32 - 9.5]).collect();
    let saddle: Vec<f32> = rows.chunks(2).map(|x| (x[0] * x[0] - x[1] * x[1]) / 90.0).collect();
    let data = Dataset::from_rows(&rows, 2)?.with_values(&saddle, 1)?;

    let network = MlpConfig::new([2, 32, 1])
        .with_activation(Activation::Tanh)
        .with_loss(MeanSquaredError)
        .with_encoding(Encoding::standardize(&data));
    let mut net = Mlp::new(&network)?;
    let optimizer = Adam::default().with_learning_rate(0.01);
    let config = TrainConfig::new().with_optimizer(optimizer).with_schedule(Cosine::new()).with_epochs(200);
    let summary = train(&mut net, &data).config(&config).run()?;
    let r_squared = evaluate(&net, &data)?.deviation.expect("values").r_squared();

    let path = std::env::args_os().nth(1).unwrap_or("saddle.ckpt".into());
    Checkpoint::new(net.clone(), TrainingRecord::new(config, summary.history)).save(&path)?;
    let (mut trained, mut loaded) = (Predictor::new(net), Predictor::new(Checkpoint::load(&path)?.net));
    for x in [[3.0, 0.5], [-9.5, 2.5], [0.0, 8.0]] {
        assert_eq!(trained.predict(&x), loaded.predict(&x));
        println!("{} {} {}", x[0], x[1], loaded.predict(&x)[0]);
    }
    println!("r² {:.4}", r_squared);
    Ok(())
}
