//! Whatever the bytes: settings of a run or an error; a short run of what the fuzzer does.

mod targets;

use std::path::Path;

use chainrule_fuzzing::{peak_of, run, write};

use crate::{
    picture,
    run_file::{self, MAX_LENGTH, MEMORY_FACTOR, RunConfig},
};

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/run_config");
const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/picture");

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let everything = "\
        # Everything that there is.\n\
        [network]\n\
        hidden = [64, 3_2]\n\
        activation = ['relu', \"tanh\"]\n\
        init = \"0.02\"\n\
        batch_norm = true\n\
        dropout = 0.1\n\
        seed = 0x10\n\
        [network.loss.softmax-cross-entropy]\n\
        label_smoothing = 0.1\n\
        class_weights = [1.0, 2.0, 1e0, 1, 1, 1, 1, 1, 1, 1]\n\
        [training]\n\
        batch_size = 32\n\
        length = { steps = 40 }\n\
        schedule = \"warmup:5+cosine\"\n\
        clip = { norm = { max_norm = 1.5 } }\n\
        sampling = \"with-replacement\"\n\
        validation = 0.1\n\
        average = 0.99\n\
        threads = 2\n\
        seed = 7\n\
        [training.early_stopping]\n\
        patience = 3\n\
        [training.optimizer.adamw]\n\
        learning_rate = 0.001\n\
        weight_decay = 0.01\n";
    let written = RunConfig::default().to_toml().expect("the defaults can be written");
    vec![
        ("defaults", written.into()),
        ("everything", everything.into()),
        ("nothing", b"\n".to_vec()),
        ("dotted", b"network.loss.huber.delta = 2\ntraining.optimizer.nesterov.momentum = 0.5\n".to_vec()),
    ]
}

/// `cargo test -p chainrule-cli -- --ignored write_seeds`: no test, but what makes the committed seeds. It writes into the
/// sources, so that it runs by name alone.
#[test]
#[ignore = "makes the seeds of the fuzzer"]
fn write_seeds() {
    write(SEEDS, seeds());
    write(PICTURES, pictures());
}

/// Small pictures of every kind: 9×7 pixels.
fn pictures() -> Vec<(String, Vec<u8>)> {
    let pixels = |n: usize| -> Vec<u8> { (0..9 * 7 * n).map(|i| (i * 29 % 256) as u8).collect() };
    let mut pictures = vec![
        ("pgm".to_string(), [b"P5 # binary\n9 7 255\n", &pixels(1)[..]].concat()),
        ("pgm-plain".to_string(), b"P2\n3 2\n# plain\n9\n0 9 1\n8 2 7\n".to_vec()),
    ];
    for (name, colour, depth, n_bytes) in [
        ("png-grey", png::ColorType::Grayscale, png::BitDepth::Eight, 1),
        ("png-rgb", png::ColorType::Rgb, png::BitDepth::Eight, 3),
        ("png-rgba16", png::ColorType::Rgba, png::BitDepth::Sixteen, 8),
    ] {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 9, 7);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        encoder.write_header().unwrap().write_image_data(&pixels(n_bytes)).unwrap();
        pictures.push((name.to_string(), bytes));
    }
    for (name, colour, progressive, n_bytes) in [
        ("jpeg-grey", jpeg_encoder::ColorType::Luma, false, 1),
        ("jpeg-rgb", jpeg_encoder::ColorType::Rgb, false, 3),
        ("jpeg-progressive", jpeg_encoder::ColorType::Rgb, true, 3),
    ] {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
        encoder.set_progressive(progressive);
        encoder.encode(&pixels(n_bytes), 9, 7, colour).unwrap();
        pictures.push((name.to_string(), bytes));
    }
    pictures
}

#[test]
fn any_bytes_are_a_picture_or_an_error() {
    let seeds = run(PICTURES, 2000, targets::picture);
    assert!(seeds.len() == 8 && seeds.iter().all(|seed| picture::decode(seed).is_ok()));
}

/// What takes the most for a pixel, of a size at which everything else is small beside it.
#[test]
fn memory_follows_the_pixels_of_a_picture() {
    const SIDE: usize = 2000;
    let pixels = vec![128; SIDE * SIDE * 8];
    let mut kinds = Vec::new();
    for colour in [png::ColorType::Grayscale, png::ColorType::Rgba] {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, SIDE as u32, SIDE as u32);
        encoder.set_color(colour);
        encoder.set_depth(png::BitDepth::Sixteen);
        let n_bytes = SIDE * SIDE * 2 * colour.samples();
        encoder.write_header().unwrap().write_image_data(&pixels[..n_bytes]).unwrap();
        kinds.push((format!("PNG {colour:?}"), bytes));
    }
    for progressive in [false, true] {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
        encoder.set_progressive(progressive);
        let rgb = &pixels[..SIDE * SIDE * 3];
        encoder.encode(rgb, SIDE as u16, SIDE as u16, jpeg_encoder::ColorType::Rgb).unwrap();
        kinds.push((format!("JPEG, progressive: {progressive}"), bytes));
    }
    for (what, bytes) in kinds {
        let (found, peak) = peak_of(|| picture::decode(&bytes));
        assert_eq!(found.map(|picture| (picture.n_rows, picture.n_columns)), Ok((SIDE, SIDE)), "{what}");
        println!("{what}: {:.1} bytes a pixel", peak as f64 / (SIDE * SIDE) as f64);
        assert!(peak <= picture::MEMORY_PER_PIXEL * SIDE * SIDE + picture::MEMORY_MORE, "{what}: {peak}");
    }
}

#[test]
fn any_bytes_are_settings_or_an_error() {
    let seeds = run(Path::new(SEEDS), 1000, targets::run_config);
    for seed in seeds {
        RunConfig::from_toml(std::str::from_utf8(&seed).unwrap()).unwrap();
    }
}

/// Texts that are nothing but what takes memory.
#[test]
fn memory_follows_the_length_of_the_text() {
    let n = MAX_LENGTH as usize;
    let filled = |part: &str| part.repeat(n / part.len());
    let numbered =
        |part: &str| (0..n / part.len()).map(|i| part.replace('#', &i.to_string())).collect::<String>();
    for (what, text) in [
        ("hidden layers", format!("[network]\nhidden = [{}]", filled("1,"))),
        ("activations", format!("[network]\nactivation = [{}]", filled("'elu',"))),
        ("brackets", filled("[")),
        ("open lists", format!("a = {}", filled("["))),
        ("open tables", format!("a = {}", filled("{a="))),
        ("a long key", format!("a{} = 1", filled(".a"))),
        ("dotted tables", numbered(&format!("[a#{}]\n", ".".repeat(78)))),
        ("dotted keys", numbered(&format!("a#{} = 1\n", ".".repeat(78)))),
        ("dotted keys in a list", format!("a = [{}]", numbered(&format!("{{a#{} = 1}},", ".".repeat(77))))),
        ("dotted good keys", numbered(&format!("a#{} = 1\n", ".a".repeat(78)))),
        ("dots", format!("a{} = 1", filled("."))),
        ("dots of a table", format!("[a{}]", filled("."))),
        ("dots and spaces", format!("[a{} ]", filled(". "))),
        ("dots and mistakes", format!("[a{} ]", filled(".\"\\x"))),
        ("open texts", filled("\"\n")),
        ("commas", format!("a = [{}]", filled(","))),
        ("tables", numbered("[a#]\n")),
        ("keys", numbered("a#=1\n")),
        ("lists of tables", filled("[[a]]\n")),
        ("lines", filled("\n")),
        ("comments", filled("#\n")),
        ("one name", filled("a")),
        ("one text", format!("a = '{}'", filled("b"))),
    ] {
        let (_, peak) = peak_of(|| RunConfig::from_toml(&text));
        println!("{what}: {:.1} times {} bytes", peak as f64 / text.len() as f64, text.len());
        assert!(peak <= MEMORY_FACTOR * text.len() + (64 << 10), "{what}: {peak} for {} bytes", text.len());
    }
}
