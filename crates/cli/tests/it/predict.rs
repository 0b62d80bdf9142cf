//! `predict`: pictures as cameras take them, and files that are none.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use chainrule_mnist::{ImageSet, Images, Mnist};
use png::{BitDepth, ColorType};
use serde_json::Value;

use crate::{
    common::{Folder, called, fails, json, succeeds},
    pictures::{Random, Scene, drawn, of_pixels},
};

pub(crate) const BUNDLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/mnist");

pub(crate) fn mnist() -> &'static Mnist {
    static MNIST: OnceLock<Mnist> = OnceLock::new();
    MNIST.get_or_init(|| Mnist::load(BUNDLED).expect("the repository has MNIST"))
}

/// A folder for pictures with a network that reads about 96 % of the test digits.
fn trained() -> &'static Path {
    static TRAINED: OnceLock<PathBuf> = OnceLock::new();
    TRAINED.get_or_init(|| {
        // Not a temporary folder: nobody would clear up what is static.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("predict");
        fs::create_dir_all(&folder).expect("a folder in the target folder");
        let path = folder.join("net.ckpt");
        let options =
            ["--preset", "fast", "--epochs", "2", "--quiet", "--checkpoint", path.to_str().unwrap()];
        succeeds(&[&["train-mnist", "--data-dir", BUNDLED][..], &options].concat());
        folder
    })
}

pub(crate) fn net() -> String {
    trained().join("net.ckpt").to_str().unwrap().to_string()
}

/// A grey PNG; its path.
fn png(name: &str, pixels: &[u8], (width, height): (usize, usize)) -> String {
    let path = trained().join(name);
    let mut encoder = png::Encoder::new(fs::File::create(&path).unwrap(), width as u32, height as u32);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    path.to_str().unwrap().to_string()
}

/// What is read in each of the pictures.
fn predictions(paths: &[String]) -> Vec<Value> {
    let net = net();
    let mut arguments = vec!["predict", "--checkpoint", &net, "--json"];
    arguments.extend(paths.iter().map(String::as_str));
    let text = succeeds(&arguments);
    let events = json::objects(&text);
    assert_eq!(events.len(), paths.len());
    events
}

/// Paper and pen in the light of a lamp at the left, taken by a telephone.
const PHOTO: Scene = Scene {
    size: (100, 120),
    middle: (52.0, 57.0),
    length: 90.0,
    paper: 190.0,
    ink: 60.0,
    slope: (-60.0, 35.0),
    vignette: 0.25,
    noise: 8.0,
};

#[test]
fn digits_drawn_with_a_pen_are_read_in_photographs() {
    let mut random = Random(1);
    let mut paths = Vec::new();
    for digit in 0..10 {
        for width in [1.0, 2.5, 4.0] {
            let pixels = PHOTO.take(drawn(digit, width), &mut random);
            paths.push(png(&format!("pen-{digit}-{width}.png"), &pixels, PHOTO.size));
        }
    }
    for (i, event) in predictions(&paths).iter().enumerate() {
        assert_eq!((&event["class"], &event["dark_on_light"]), (&(i / 3).into(), &true.into()), "{event}");
        assert_eq!((&event["width"], &event["height"]), (&100.into(), &120.into()));
        assert_eq!(event["top"][0]["class"], event["class"]);
        let sum: f64 = event["outputs"].as_array().unwrap().iter().map(|y| y.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() <= 1e-5, "{event}");
    }
}

/// How real test digits are shown, and how much of the accuracy on them as they are it may cost.
fn scenes() -> Vec<(&'static str, Scene, f64)> {
    let even = Scene { slope: (0.0, 0.0), vignette: 0.0, noise: 0.0, ..PHOTO };
    let as_is = Scene { size: (28, 28), middle: (14.0, 14.0), length: 28.0, paper: 0.0, ink: 255.0, ..even };
    vec![
        ("as they are", as_is, 0.01),
        ("inverted", Scene { paper: 255.0, ink: 0.0, ..as_is }, 0.01),
        (
            "enlarged, in a corner",
            Scene { length: 60.0, middle: (33.0, 90.0), paper: 10.0, ink: 240.0, ..even },
            0.02,
        ),
        ("noise", Scene { noise: 12.0, ..even }, 0.02),
        ("photographs", PHOTO, 0.02),
        ("white chalk on a board", Scene { paper: 60.0, ink: 190.0, ..PHOTO }, 0.02),
        ("pale ink", Scene { paper: 170.0, ink: 120.0, noise: 4.0, slope: (30.0, 20.0), ..PHOTO }, 0.02),
        ("half the size of MNIST", Scene { size: (14, 14), middle: (7.0, 7.0), length: 14.0, ..even }, 0.07),
    ]
}

#[test]
fn test_digits_are_read_nearly_as_well_from_pictures() {
    const N: usize = 150;
    let test = &mnist().test;
    let images = test.images();
    // The same digits as the network has them, by the way that has nothing to do with pictures.
    let folder = Folder::of(&Mnist::new(
        ImageSet::new(Images::new(1, 28, 28, images.image(0).to_vec()), vec![test.label(0)]),
        ImageSet::new(
            Images::new(N, 28, 28, (0..N).flat_map(|i| images.image(i).to_vec()).collect()),
            (0..N).map(|i| test.label(i)).collect(),
        ),
    ));
    let evaluated = succeeds(&["evaluate", "--checkpoint", &net(), "--data-dir", folder.arg(), "--json"]);
    let plain = serde_json::from_str::<Value>(&evaluated).unwrap()["test_accuracy"].as_f64().unwrap();
    assert!(plain >= 0.94, "{plain}");
    println!("{:24} {:.1} %", "without pictures", 100.0 * plain);
    for (k, (name, scene, cost)) in scenes().into_iter().enumerate() {
        let mut random = Random(k as u64);
        let of_digit = |i: usize| {
            let pixels = scene.take(of_pixels(images.image(i)), &mut random);
            png(&format!("real-{k}-{i}.png"), &pixels, scene.size)
        };
        let paths: Vec<String> = (0..N).map(of_digit).collect();
        let events = predictions(&paths);
        let right = (0..N).filter(|&i| events[i]["class"] == test.label(i)).count();
        let accuracy = right as f64 / N as f64;
        println!("{name:24} {:.1} %", 100.0 * accuracy);
        assert!(accuracy >= plain - cost, "{name}: {accuracy}, without pictures {plain}");
        assert!(events.iter().all(|event| event["dark_on_light"] == (scene.paper > scene.ink)), "{name}");
    }
}

#[test]
fn formats_agree() {
    let pixels = PHOTO.take(drawn(5, 3.0), &mut Random(4));
    let (width, height) = PHOTO.size;
    let write = |name: &str, bytes: Vec<u8>| {
        let path = trained().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_string()
    };
    let header = |magic: &str| format!("{magic} {width} {height} 255\n").into_bytes();
    let plain: String =
        pixels.chunks(12).map(|row| row.iter().map(|p| format!("{p} ")).collect::<String>() + "\n").collect();
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 95);
    encoder.encode(&pixels, width as u16, height as u16, jpeg_encoder::ColorType::Luma).unwrap();
    let paths = [
        png("5.png", &pixels, PHOTO.size),
        write("5-binary.pgm", [header("P5"), pixels.clone()].concat()),
        write("5-plain.pgm", [header("P2"), plain.into_bytes()].concat()),
        write("5.jpg", jpeg),
    ];
    let events = predictions(&paths);
    for event in &events[..3] {
        assert_eq!(event["outputs"], events[0]["outputs"]);
    }
    assert_eq!(events[3]["class"], 5);
}

#[test]
fn people_see_what_the_network_sees() {
    let path = png("1.png", &PHOTO.take(drawn(1, 3.0), &mut Random(4)), PHOTO.size);
    let text = succeeds(&["predict", "--checkpoint", &net(), &path]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("1.png: 100×120 pixels, dark on light"), "{text}");
    assert_eq!(lines.len(), 15, "{text}");
    let drawing: Vec<&str> = lines[1..].iter().map(|line| line.split('|').nth(1).unwrap()).collect();
    assert!(drawing.iter().all(|row| row.len() == 28 && row.is_ascii()), "{text}");
    // Two rows of pixels a line: ink from the 4th or 5th row to the 23rd or 24th, and none left and right of a 1.
    assert!(drawing[..2].iter().chain(&drawing[13..]).all(|row| row.trim().is_empty()), "{text}");
    assert!(drawing[3..11].iter().all(|row| row.contains(['@', '%', '#', '*'])), "{text}");
    assert!(drawing.iter().all(|row| row[..6].trim().is_empty() && row[22..].trim().is_empty()), "{text}");
    assert!(lines[2].contains("|   1  ") && lines[2].ends_with(" %"), "{text}");
    assert!(lines[2..5].iter().all(|line| line.ends_with(" %")) && !lines[5].contains('%'), "{text}");
    let quiet = succeeds(&["predict", "--checkpoint", &net(), "--quiet", &path]);
    assert!(quiet.contains("1.png: 1  ") && quiet.lines().count() == 1, "{quiet}");
}

#[test]
fn what_is_no_picture_is_one_clear_sentence() {
    let (folder, net) = (trained(), net());
    let says = |name: &str, bytes: &[u8], expected: &str| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        let error = fails(1, &["predict", "--checkpoint", &net, path.to_str().unwrap()]);
        assert!(error.contains(name) && error.contains(expected), "{error}");
    };
    says(
        "text.png",
        b"not a picture at all",
        "not a picture as PNG, JPEG or PGM (P2, P5): it begins with \"not a pi\"",
    );
    says("empty.png", b"", "the file is empty");
    says("no-pixels.pgm", b"P5 0 0 255\n", "a picture of 0×0 pixels, expected at least 1×1");
    says(
        "huge.pgm",
        b"P5 20000 20000 255\n",
        "a picture of 20000×20000 pixels, expected at most 16384 a side",
    );
    says("even.pgm", &[&b"P5 20 20 255\n"[..], &[77; 400]].concat(), "no digit was found in this picture");
    let good = fs::read(png("good.png", &PHOTO.take(drawn(3, 3.0), &mut Random(4)), PHOTO.size)).unwrap();
    // Width and height are behind the signature, the length and the name of the first chunk; its checksum is of no
    // matter, since the size is refused first.
    let sized = |n: u32| [&good[..16], &n.to_be_bytes(), &n.to_be_bytes(), &good[24..]].concat();
    says("no-pixels.png", &sized(0), "a picture of 0×0 pixels, expected at least 1×1");
    says(
        "huge.png",
        &sized(20_000),
        "a picture of 20000×20000 pixels, expected at most 16384 a side and 64 million",
    );
    says("header.png", &sized(20_000)[..33], "a picture of 20000×20000 pixels");
    says("cut.png", &good[..good.len() / 2], "not a whole PNG: ");
    let missing = folder.join("missing.png");
    assert!(
        fails(1, &["predict", "--checkpoint", &net, missing.to_str().unwrap()]).contains("cannot be read")
    );
    assert!(
        fails(1, &["predict", "--checkpoint", &net, folder.to_str().unwrap()]).contains("this is a folder")
    );
    assert!(fails(2, &["predict", "--checkpoint", &net]).contains("<IMAGE>"));
}

#[test]
fn one_bad_picture_among_good_ones_is_told_and_the_others_are_read() {
    let good = png("fine.png", &PHOTO.take(drawn(0, 3.0), &mut Random(4)), PHOTO.size);
    let bad = trained().join("bad.png");
    fs::write(&bad, "no picture").unwrap();
    let output = called(&["predict", "--checkpoint", &net(), "--json", &good, bad.to_str().unwrap(), &good]);
    assert_eq!(output.status.code(), Some(1));
    let said = json::objects(&String::from_utf8(output.stdout).unwrap());
    let events: Vec<_> = said.iter().map(|object| object["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["prediction", "error", "prediction"]);
    assert!(said[1]["message"].as_str().unwrap().contains("not a picture"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("error: ")
            && said.contains("bad.png: not a picture")
            && said.ends_with("error: 1 of 3 pictures could not be read\n"),
        "{said}"
    );
}

#[test]
fn any_square_network_predicts_and_others_say_why_not() {
    let folder = Folder::new(); // images of 8×8
    let path = folder.file("net.ckpt");
    let path = path.to_str().unwrap();
    let train = |more: &[&str]| {
        let options =
            ["train-mnist", "--data-dir", folder.arg(), "--epochs", "1", "--quiet", "--checkpoint", path];
        succeeds(&[&options[..], more].concat())
    };
    let image = png("0-small.png", &PHOTO.take(drawn(0, 3.0), &mut Random(4)), PHOTO.size);
    train(&[]);
    let text = succeeds(&["predict", "--checkpoint", path, &image]);
    assert_eq!(text.lines().count(), 1 + 4, "{text}");
    // Outputs of such a loss are no probabilities.
    train(&["--loss", "mean-squared-error"]);
    assert!(!succeeds(&["predict", "--checkpoint", path, &image]).contains('%'));
    assert!(Path::new(path).is_file());
    let other = tempfile::tempdir().unwrap();
    let set = |n: usize| ImageSet::new(Images::new(n, 2, 3, vec![9; n * 6]), vec![1; n]);
    Mnist::new(set(4), set(2)).save(other.path()).unwrap();
    succeeds(&[
        "train-mnist",
        "--data-dir",
        other.path().to_str().unwrap(),
        "--epochs",
        "1",
        "--quiet",
        "--checkpoint",
        path,
    ]);
    let error = fails(1, &["predict", "--checkpoint", path, &image]);
    assert!(error.contains("the network takes 6 values, expected the pixels of a square image"), "{error}");
}
