//! probe
use chainrule_mnist::Mnist;
use chainrule_optimizers::Sgd;
use chainrule_trainer::*;
use std::ops::ControlFlow;
fn main() {
    let threads: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let mnist = Mnist::load_verified("datasets/mnist").unwrap();
    let mut net = TwoLayerNet::new(&TwoLayerConfig::new(784, 50, 10)).unwrap();
    let s = train(
        &mut net,
        &Sgd::default(),
        &mnist.train,
        Some(&mnist.test),
        &TrainConfig::new().with_epochs(4).with_threads(threads),
        |e| {
            if let Event::Epoch(e) = e {
                println!("{e:?}");
            }
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    println!("{:?} {:08x} {}", s.test_accuracy, net.parameters_crc32(), s.samples_per_second());
}
