//! What is written is read again, plain and gzip.

use std::fs;

use chainrule_mnist::{FILE_NAMES, ImageSet, Images, Mnist};

use crate::common::{self, gzip, two_images, two_labels, write};

fn set(first: u8) -> ImageSet {
    ImageSet::new(Images::new(2, 2, 3, (first..first + 12).collect()), vec![7, 4])
}

#[test]
fn a_data_set_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("made").join("on the way");
    Mnist::new(set(1), set(100)).save(&folder).unwrap();
    // The bytes are those written by hand.
    assert_eq!(fs::read(folder.join(FILE_NAMES[0])).unwrap(), two_images());
    assert_eq!(fs::read(folder.join(FILE_NAMES[3])).unwrap(), two_labels());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);

    let mnist = Mnist::load(&folder).unwrap();
    assert_eq!((mnist.train, mnist.test), (set(1), set(100)));
}

#[test]
fn a_name_with_gz_is_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let paths = FILE_NAMES.map(|name| folder.path().join(format!("{name}.gz")));
    set(1).save(&paths[0], &paths[1]).unwrap();
    set(100).save(&paths[2], &paths[3]).unwrap();
    assert_eq!(fs::read(&paths[0]).unwrap()[..2], [0x1f, 0x8b]);

    assert_eq!(ImageSet::load(&paths[2], &paths[3]).unwrap(), set(100));
    let mnist = Mnist::load(&folder).unwrap();
    assert_eq!((mnist.train, mnist.test), (set(1), set(100)));
}

#[test]
fn the_digest_is_that_of_the_uncompressed_bytes() {
    let (plain, compressed) = (common::good_folder(), tempfile::tempdir().unwrap());
    for name in FILE_NAMES {
        let bytes = fs::read(plain.path().join(name)).unwrap();
        write(compressed.path(), &format!("{name}.gz"), &gzip(&bytes));
    }
    let digests = Mnist::load(&plain).unwrap().digests().copied().unwrap();
    assert_eq!(Mnist::load(&compressed).unwrap().digests(), Some(&digests));
    // printf '\0\0\10\1\0\0\0\2\7\4' | sha256sum
    assert_eq!(digests[1].to_string(), "a78b0f688e2ae7cd5530c6463369d25344ab3e9932332a41db1fca443b43d1ef");
}

#[test]
fn plain_files_are_preferred() {
    let folder = common::good_folder();
    write(folder.path(), "train-images-idx3-ubyte.gz", b"not even gzip");
    assert_eq!(Mnist::load(&folder).unwrap().train, set(1));
}

#[test]
#[should_panic(expected = "training images of (2, 3) pixels, test images of (1, 1)")]
fn sets_of_different_sizes_panic() {
    Mnist::new(set(1), ImageSet::new(Images::new(1, 1, 1, vec![0]), vec![0]));
}
