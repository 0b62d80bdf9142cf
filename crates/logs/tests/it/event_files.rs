//! What is in an event file, read by a reader of its own.

use std::ops::ControlFlow;

use chainrule_logs::{Image, LogWriter, Record, read_scalars};
use chainrule_trainer::{
    Dataset, Event, Mlp, MlpConfig, TrainConfig,
    diagnostics::{Histogram, diagnose, spread},
    tensor::Matrix,
    train,
};

use crate::common::{Value, bytes, doubles, events, get, messages, scalars};

#[test]
fn a_record_is_one_event_with_all_that_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let w = Matrix::from_row_slice(1, 4, &[1.0, -1.0, 0.0, 0.5]);
    let image = Image::of_units((&w).into(), 2, 2);
    let record = Record::new(600, 1)
        .with_scalar("loss/train", 0.1)
        .with_scalar("π", f64::NAN)
        .with_histogram("weights/W1", Histogram::of(&[-1.0, -0.5, 0.0, 0.0, 1.0], 4))
        .with_histogram("inside", Histogram::within(&[0.35, 0.75], 0.0, 1.0, 10))
        .with_image("first_layer/W1", image.clone());
    LogWriter::create(folder.path()).unwrap().write(&record).unwrap();

    let events = events(folder.path());
    assert_eq!(events.len(), 2);
    assert_eq!(get(&events[0], 3), Some(Value::Bytes(b"brain.Event:2".to_vec())));
    let event = &events[1];
    assert_eq!(get(event, 1), Some(Value::Double(record.wall_time)));
    assert_eq!(get(event, 2), Some(Value::Number(600)));
    let values = messages(&messages(event, 5)[0], 1);
    let tag = |i: usize| String::from_utf8(bytes(&get(&values[i], 1).unwrap()).to_vec()).unwrap();
    let tags: Vec<String> = (0..values.len()).map(tag).collect();
    assert_eq!(tags, ["loss/train", "π", "first_layer/W1", "weights/W1", "inside"]);

    assert_eq!(get(&values[0], 2), Some(Value::Float(0.1)));
    assert!(matches!(get(&values[1], 2), Some(Value::Float(value)) if value.is_nan()));

    let picture = &messages(&values[2], 4)[0];
    assert_eq!([1, 2, 3].map(|n| get(picture, n).unwrap()), [2, 2, 1].map(Value::Number));
    let png = bytes(&get(picture, 4).unwrap()).to_vec();
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; 4];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!(pixels, [255, 1, 128, 192]);

    // −1, −0.5 and 0, and 1 in bins of half a unit: the counts by hand.
    let histogram = &messages(&values[3], 5)[0];
    let numbers = [1, 2, 3, 4, 5].map(|n| get(histogram, n).unwrap());
    assert_eq!(numbers, [-1.0, 1.0, 5.0, -0.5, 2.25].map(Value::Double));
    assert_eq!(doubles(histogram, 6), [-0.5, 0.0, 0.5, 1.0]);
    assert_eq!(doubles(histogram, 7), [1.0, 1.0, 2.0, 1.0]);

    // Empty bins outside are left out, those inside are not.
    let histogram = &messages(&values[4], 5)[0];
    assert_eq!(doubles(histogram, 7), [1.0, 0.0, 0.0, 0.0, 1.0]);
    let upper = doubles(histogram, 6);
    assert!((upper[0] - 0.4).abs() <= 1e-12 && (upper[4] - 0.8).abs() <= 1e-12, "{upper:?}");
}

#[test]
fn both_files_hold_equal_scalars() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<f32> = (0..400).map(|i| (i as f32 * 0.7).sin()).collect();
    let classes: Vec<usize> = (0..100).map(|i| i % 2).collect();
    let set = Dataset::from_rows(&rows, 4).unwrap().with_classes(&classes).unwrap();
    let mut net = Mlp::new(MlpConfig::new([4, 3, 3, 2])).unwrap();
    let mut logs = LogWriter::create(folder.path()).unwrap();
    let config = TrainConfig::new().with_epochs(3).with_batch_size(10).with_validation(0.2);
    train(&mut net, &set)
        .test(&set)
        .config(&config)
        .callback(|event| {
            if let Event::Epoch { report: epoch, net } = event {
                let found = diagnose(net, &set, &spread(100, 30)).unwrap();
                let record = Record::of_epoch(epoch, net, &found, Some((2, 2)));
                assert_eq!(record.images.len(), 1);
                assert_eq!(record.histograms.len(), 6 + 2);
                logs.write(&record).unwrap();
            }
            ControlFlow::Continue(())
        })
        .run()
        .unwrap();

    let lines = read_scalars(folder.path()).unwrap();
    let of_lines: Vec<(u64, &str, f64)> =
        lines.iter().map(|line| (line.step, &*line.tag, line.value.unwrap())).collect();
    let of_events = scalars(&events(folder.path()));
    let of_events: Vec<_> =
        of_events.iter().map(|(step, tag, value)| (*step, &**tag, f64::from(*value))).collect();
    assert_eq!(of_lines, of_events);

    let tags: Vec<&str> = of_lines.iter().map(|(_, tag, _)| *tag).take(of_lines.len() / 3).collect();
    let expected = "loss/train loss/validation loss/test accuracy/train accuracy/validation accuracy/test \
         learning_rate samples_per_second weight_norm/W1 gradient_norm/W1 weight_norm/b1 gradient_norm/b1 \
         weight_norm/W2 gradient_norm/W2 weight_norm/b2 gradient_norm/b2 weight_norm/W3 gradient_norm/W3 \
         weight_norm/b3 gradient_norm/b3 dead_units/layer2 saturated_units/layer2 dead_units/layer4 \
         saturated_units/layer4";
    assert_eq!(tags, expected.split_whitespace().collect::<Vec<_>>());
    assert_eq!([8, 16, 24].map(|step| of_lines.iter().filter(|(s, ..)| *s == step).count()), [24; 3]);
}

#[test]
fn no_more_than_a_hundred_units_are_shown() {
    let w = Matrix::from_element(300, 6, 0.0);
    let image = Image::of_units((&w).into(), 2, 3);
    assert_eq!((image.width(), image.height()), (10 * 4 - 1, 10 * 3 - 1));
    assert_eq!((image.pixels()[0], image.pixels()[3]), (128, 0));
    // Five units in a grid of 3×2.
    let w = Matrix::from_element(5, 1, 0.0);
    let image = Image::of_units((&w).into(), 1, 1);
    assert_eq!((image.width(), image.height()), (5, 3));
    assert_eq!(image.pixels(), [128, 0, 128, 0, 128, 0, 0, 0, 0, 0, 128, 0, 128, 0, 0]);
}
