//! What is written is read again, plain and gzip.

use std::{env, fs, process::Command, thread};

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

/// RFC 1952, section 2.2: a gzip file is a series of members. Zeros behind them are padding for gzip and Python.
#[test]
fn gzip_members_follow_one_another() {
    let folder = common::good_folder();
    fs::remove_file(folder.path().join(FILE_NAMES[0])).unwrap();
    let (idx, empty, zeros) = (two_images(), gzip(&[]), vec![0; 100_000]);
    let whole = gzip(&idx);
    for members in [
        vec![gzip(&idx[..5]), gzip(&idx[5..])],
        idx.iter().map(|byte| gzip(&[*byte])).collect(),
        vec![whole.clone(), empty.clone()],
        vec![empty.clone(), empty.clone(), whole.clone()],
        vec![gzip(&idx[..16]), empty.clone(), gzip(&idx[16..]), empty.clone(), empty],
        vec![whole.clone(), vec![0]],
        vec![whole, zeros.clone()],
        vec![gzip(&idx[..20]), zeros.clone(), gzip(&idx[20..]), zeros],
    ] {
        write(folder.path(), "train-images-idx3-ubyte.gz", &members.concat());
        let found = Mnist::load(&folder).unwrap();
        assert_eq!(found.train, set(1), "{} members", members.len());
    }
}

#[test]
fn names_with_a_dot_and_folders_of_the_names() {
    let good = common::good_folder();
    let dotted = FILE_NAMES.map(|name| name.replacen("-idx", ".idx", 1));
    assert_eq!(dotted[3], "t10k-labels.idx1-ubyte");
    for (in_folders, dots, extension) in
        [(false, true, ""), (false, true, ".gz"), (true, false, ""), (true, true, ""), (true, false, ".gz")]
    {
        let folder = tempfile::tempdir().unwrap();
        for (name, dotted) in FILE_NAMES.iter().zip(&dotted) {
            let bytes = fs::read(good.path().join(name)).unwrap();
            let bytes = if extension.is_empty() { bytes } else { gzip(&bytes) };
            let file = format!("{}{extension}", if dots { dotted.as_str() } else { name });
            let place = if in_folders { folder.path().join(name) } else { folder.path().to_owned() };
            fs::create_dir_all(&place).unwrap();
            write(&place, &file, &bytes);
        }
        let found = Mnist::load(&folder).unwrap();
        assert_eq!((found.train, found.test), (set(1), set(1)), "{in_folders}, {dots}, {extension}");
    }
    // A folder of a name beside the file with a dot: the file is read, whatever is in the folder.
    for (name, dotted) in FILE_NAMES.iter().zip(&dotted) {
        fs::rename(good.path().join(name), good.path().join(dotted)).unwrap();
        fs::create_dir(good.path().join(name)).unwrap();
    }
    assert_eq!(Mnist::load(&good).unwrap().test, set(1));
}

#[test]
#[should_panic(expected = "training images of 2×3 pixels, test images of 1×1")]
fn sets_of_different_sizes_panic() {
    Mnist::new(set(1), ImageSet::new(Images::new(1, 1, 1, vec![0]), vec![0]));
}

#[cfg(unix)]
#[test]
fn data_are_read_where_no_thread_can_be_started() {
    // So large a stack is nowhere. It is asked for once in a process, so that this test has one of its own.
    const STACK: (&str, &str) = ("RUST_MIN_STACK", "70368744177664");
    if env::var(STACK.0).as_deref() != Ok(STACK.1) {
        let mut alone = Command::new(env::current_exe().unwrap());
        let name = "round_trip::data_are_read_where_no_thread_can_be_started";
        alone.args(["--exact", name, "--test-threads", "1"]).env(STACK.0, STACK.1);
        let output = alone.output().unwrap();
        assert!(
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"),
            "{output:?}"
        );
        return;
    }
    assert!(thread::Builder::new().spawn(|| ()).is_err());
    assert_eq!(Mnist::load(common::good_folder()).unwrap().test, set(1));
}
