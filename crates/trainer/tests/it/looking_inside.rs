//! The network that the callback is given after every epoch.

use std::ops::ControlFlow;

use chainrule_optimizers::Adam;
use chainrule_trainer::{
    Event, MlpConfig, TrainConfig, TwoLayerNet,
    diagnostics::{diagnose, spread},
    evaluate, train,
};

use crate::common::blobs;

#[test]
fn a_look_at_the_network_changes_no_bit_of_the_training() {
    let set = blobs(450);
    let config = TrainConfig::new().with_optimizer(Adam::new(0.01)).with_epochs(3);
    let trained = |looks: bool| {
        let mut net = TwoLayerNet::new(MlpConfig::new([36, 9, 10]).with_dropout(0.2)).unwrap();
        let mut losses = Vec::new();
        train(&mut net, &set)
            .config(&config)
            .callback(|event| {
                if let (true, Event::Epoch { net, .. }) = (looks, event) {
                    losses.push(diagnose(net, &set, &spread(450, 100)).unwrap().loss);
                }
                ControlFlow::Continue(())
            })
            .run()
            .unwrap();
        (net.parameters_crc32(), losses)
    };
    let (with, losses) = trained(true);
    assert_eq!(trained(false), (with, Vec::new()));
    assert_eq!(losses.len(), 3);
    assert!(losses[2] < losses[0], "{losses:?}");
}

#[test]
fn it_is_the_network_that_was_evaluated() {
    for config in [TrainConfig::new(), TrainConfig::new().with_average(0.9)] {
        let (set, test) = (blobs(450), blobs(90));
        let mut net = TwoLayerNet::new(MlpConfig::new([36, 9, 10])).unwrap();
        let (mut seen, mut last) = (Vec::new(), 0);
        let summary = train(&mut net, &set)
            .test(&test)
            .config(&config.with_epochs(2))
            .callback(|event| {
                if let Event::Epoch { report: epoch, net } = event {
                    let loss = evaluate(net, &test).unwrap().loss.mean();
                    assert_eq!(epoch.test_loss, Some(loss));
                    seen.push(epoch.clone());
                    last = net.parameters_crc32();
                }
                ControlFlow::Continue(())
            })
            .run()
            .unwrap();
        assert_eq!(seen, summary.history);
        assert_eq!(last, net.parameters_crc32());
    }
}

#[test]
fn whoever_was_shown_the_network_can_stop_the_run() {
    let mut net = TwoLayerNet::new(MlpConfig::new([36, 9, 10])).unwrap();
    let config = TrainConfig::new().with_epochs(5);
    let summary = train(&mut net, &blobs(200))
        .config(&config)
        .callback(|event| match event {
            Event::Epoch { report: epoch, .. } if epoch.epoch == 2 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
        .run();
    let summary = summary.unwrap();
    assert_eq!((summary.epochs, summary.stopped), (2, true));
}
