//! Inside or outside of a ring, learned from slices, saved, loaded, and used again.
use std::error::Error;

use chainrule_trainer::losses::BinaryCrossEntropy;
use chainrule_trainer::optimizers::Adam;
use chainrule_trainer::{
    Activation, Checkpoint, Dataset, EarlyStopping, Mlp, MlpConfig, Predictor, TrainConfig, TrainingRecord,
    evaluate, train,
};

fn main() -> Result<(), Box<dyn Error>> {
    let rows: Vec<f32> =
        (0..900).flat_map(|i| [(i % 30) as f32 / 14.5 - 1.0, (i / 30) as f32 / 14.5 - 1.0]).collect();
    let in_ring = |x: &[f32]| (0.3..0.9).contains(&(x[0] * x[0] + x[1] * x[1]).sqrt());
    let answers: Vec<f32> = rows.chunks(2).map(|x| f32::from(in_ring(x))).collect();
    let data = Dataset::from_rows(&rows, 2)?.with_values(&answers, 1)?; // 0 for no, 1 for yes

    let network =
        MlpConfig::new([2, 32, 32, 1]).with_activation(Activation::Relu).with_loss(BinaryCrossEntropy);
    let mut net = Mlp::new(&network)?;
    let config = TrainConfig::new()
        .with_optimizer(Adam::default().with_learning_rate(0.01))
        .with_epochs(150)
        .with_validation(0.2)
        .with_early_stopping(EarlyStopping::new(30));
    let summary = train(&mut net, &data).config(&config).run()?;
    let accuracy = evaluate(&net, &data)?.accuracy();

    let path = std::env::args_os().nth(1).unwrap_or("ring.ckpt".into());
    Checkpoint::new(net.clone(), TrainingRecord::new(config, summary.history)).save(&path)?;
    let (mut trained, mut loaded) = (Predictor::new(net), Predictor::new(Checkpoint::load(&path)?.net));
    for x in [[0.0, 0.6], [0.0, 0.1], [0.95, 0.95]] {
        assert_eq!(trained.predict(&x), loaded.predict(&x));
        println!("{} {} {} {:.3}", x[0], x[1], loaded.predict_class(&x), loaded.predict(&x)[0]);
    }
    println!("accuracy {accuracy:.4}");
    Ok(())
}
