//! The MNIST of the repository. Expected values come from Python, for instance
//! `python3 -c "import gzip; print(sum(gzip.open('train-images-idx3-ubyte.gz').read()[16:][:784]))"` in
//! `datasets/mnist`, or are published.

use chainrule_mnist::{ImageSet, Mnist};
use chainrule_tensor::{Matrix, MatrixViewMut};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/mnist");

fn counts(set: &ImageSet) -> [usize; 10] {
    std::array::from_fn(|digit| set.labels().iter().filter(|&&label| usize::from(label) == digit).count())
}

fn ink(pixels: &[u8]) -> u64 {
    pixels.iter().map(|&pixel| u64::from(pixel)).sum()
}

#[test]
fn it_is_the_published_data_set() {
    let mnist = Mnist::load_verified(FOLDER).unwrap();
    assert!(mnist.is_mnist());
    let digests = mnist.digests().unwrap().map(|digest| digest.to_string());
    assert_eq!(digests[0], "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db");
    assert_eq!(digests[1], "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5");
    assert_eq!(digests[2], "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7");
    assert_eq!(digests[3], "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2");

    let Mnist { train, test, .. } = &mnist;
    assert_eq!((train.len(), train.images().n_rows(), train.images().n_columns()), (60_000, 28, 28));
    assert_eq!((test.len(), test.images().n_rows(), test.images().n_columns()), (10_000, 28, 28));
    assert_eq!(train.labels()[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(test.labels()[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    assert_eq!((train.label(59_999), test.label(9_999)), (8, 6));
    assert_eq!(counts(train), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    assert_eq!(counts(test), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);

    assert_eq!((ink(train.image(0)), ink(train.image(59_999))), (27_525, 20_920));
    assert_eq!((ink(test.image(0)), ink(test.image(9_999))), (18_454, 41_833));
    assert_eq!(ink(train.images().pixels()), 1_567_298_545);
    assert_eq!(ink(test.images().pixels()), 264_923_200);
}

#[test]
fn a_mini_batch_is_the_pixels_divided_by_255() {
    let mut test = Mnist::load(FOLDER).unwrap().test;
    let mut x = Matrix::<f64>::from_element(784, 2, f64::NAN);
    test.images().gather_to(MatrixViewMut::from(&mut x), &[9_999, 0]);
    // Sums of 784 numbers in [0, 1]; their rounding errors are far below this.
    assert!((x.column(0).sum() - 41_833.0 / 255.0).abs() <= 1e-10);
    assert!((x.column(1).sum() - 18_454.0 / 255.0).abs() <= 1e-10);

    test.truncate(100);
    assert_eq!((test.len(), test.images().n_images()), (100, 100));
    assert_eq!(ink(test.image(0)), 18_454);
}
