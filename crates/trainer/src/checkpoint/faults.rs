//! A disk on which everything fails in turn: whatever does, what was there before is there afterwards.

use std::{
    cell::Cell,
    fs::{self, File, Permissions},
    io::{self, ErrorKind, Write},
    path::Path,
    rc::Rc,
};

use chainrule_files::{Disk, System, remove_temporaries, write_whole};

use super::{
    Checkpoint, TrainingRecord,
    folder::{self, Name, newest},
};
use crate::{Checkpoints, Dataset, Mlp, MlpConfig, Resume, TrainConfig, train};

/// What happens at the operation whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// It fails with this error; a write has written half by then.
    Fail(ErrorKind),
    /// A write takes half of what it is given, as it may.
    Shorten,
    /// The process is killed before it: nothing works any more.
    KillBefore,
    /// The process is killed after it; of a write, half has been written.
    KillAfter,
}

/// The real disk with one fault.
struct Faulty {
    fault: Fault,
    /// Operations until it is the fault's turn.
    left: Rc<Cell<i64>>,
    dead: Rc<Cell<bool>>,
}

impl Faulty {
    fn new(turn: i64, fault: Fault) -> Self {
        Faulty { fault, left: Rc::new(Cell::new(turn)), dead: Rc::default() }
    }

    /// Whether the turn of the fault has come.
    fn was_met(&self) -> bool {
        self.left.get() < 0
    }

    fn operation<T>(&self, run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        operation(self.fault, &self.left, &self.dead, run)
    }
}

fn killed() -> io::Error {
    io::Error::other("killed")
}

fn operation<T>(
    fault: Fault,
    left: &Cell<i64>,
    dead: &Cell<bool>,
    run: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    if dead.get() {
        return Err(killed());
    }
    let turn = left.replace(left.get() - 1) == 0;
    match fault {
        Fault::Fail(kind) if turn => Err(kind.into()),
        Fault::KillBefore if turn => {
            dead.set(true);
            Err(killed())
        }
        Fault::KillAfter if turn => {
            let _ = run();
            dead.set(true);
            Err(killed())
        }
        _ => run(),
    }
}

struct FaultyFile {
    file: File,
    fault: Fault,
    left: Rc<Cell<i64>>,
    dead: Rc<Cell<bool>>,
}

/// A write is at most this long, so that a file takes many.
const PIECE: usize = 50;

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(PIECE)];
        let half = &piece[..piece.len().div_ceil(2)];
        let (turn, dead) = (self.left.get() == 0, self.dead.get());
        let file = &mut self.file;
        if turn && !dead && matches!(self.fault, Fault::Fail(_)) {
            file.write_all(half)?;
        }
        let piece =
            if turn && matches!(self.fault, Fault::Shorten | Fault::KillAfter) { half } else { piece };
        operation(self.fault, &self.left, &self.dead, || file.write(piece))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Disk for Faulty {
    type File = FaultyFile;

    fn create(&self, path: &Path, permissions: Option<Permissions>) -> io::Result<FaultyFile> {
        let file = self.operation(|| System.create(path, permissions))?;
        Ok(FaultyFile { file, fault: self.fault, left: Rc::clone(&self.left), dead: Rc::clone(&self.dead) })
    }

    fn sync(&self, file: &mut FaultyFile) -> io::Result<()> {
        self.operation(|| System.sync(&mut file.file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operation(|| System.rename(from, to))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.operation(|| System.sync_folder(folder))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operation(|| System.remove(path))
    }
}

const FAULTS: [Fault; 7] = [
    Fault::Fail(ErrorKind::StorageFull),
    Fault::Fail(ErrorKind::PermissionDenied),
    Fault::Fail(ErrorKind::NotFound),
    Fault::Fail(ErrorKind::Other),
    Fault::Shorten,
    Fault::KillBefore,
    Fault::KillAfter,
];

/// Runs `check` with every fault at every operation that a call has; it says whether the fault's turn has come.
fn at_every_operation(mut check: impl FnMut(Fault, Faulty) -> bool) {
    for fault in FAULTS {
        let n_met = (0..).take_while(|&turn| check(fault, Faulty::new(turn, fault))).count();
        // Create, some writes, sync, rename, sync of the folder at least.
        assert!(n_met > 10, "{fault:?}: {n_met} operations");
    }
}

fn network(seed: u64) -> Checkpoint {
    let net = Mlp::new(MlpConfig::new([3, 4, 2]).with_seed(seed)).unwrap();
    Checkpoint::new(net, TrainingRecord::new(TrainConfig::new(), Vec::new()))
}

#[test]
fn a_file_is_the_old_one_or_the_new_one_whatever_fails() {
    let (old, new) = (network(1).to_bytes(), network(2).to_bytes());
    at_every_operation(|fault, disk| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.ckpt");
        write_whole(&System, &path, &old).unwrap();
        let result = write_whole(&disk, &path, &new);
        let found = fs::read(&path).unwrap();
        assert!(found == old || found == new, "{fault:?}");
        assert!(result.is_err() || found == new, "{fault:?}: a success that is none");
        let survives = !matches!(fault, Fault::KillBefore | Fault::KillAfter);
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert!(names == 1 || !survives && names == 2, "{fault:?}: {names} files");
        if fault == Fault::Shorten {
            assert!(result.is_ok());
        }
        disk.was_met()
    });
}

/// A run of a few steps with a checkpoint after each.
fn run_in(folder: &Path) {
    let data = Dataset::from_rows(&[0.0, 0.2, 0.8, 1.0], 1).unwrap().with_classes(&[0, 0, 1, 1]).unwrap();
    let mut net = Mlp::new(MlpConfig::new([1, 2, 2])).unwrap();
    let checkpoints = Checkpoints::new(folder).with_resume(Resume::Auto);
    let config = TrainConfig::new().with_epochs(2);
    train(&mut net, &data).config(&config).checkpoints(&checkpoints).run().unwrap();
}

#[test]
fn a_folder_always_has_a_good_checkpoint_whatever_fails() {
    let made = tempfile::tempdir().unwrap();
    run_in(made.path());
    let bytes = |step| fs::read(Name::Step(step).in_folder(made.path())).unwrap();
    let step_of = |folder: &Path| {
        let found = newest(folder, &chainrule_layers::no_own_layers).unwrap();
        assert!(found.damaged.is_empty(), "{:?}", found.damaged);
        found.checkpoint.and_then(|(_, checkpoint)| checkpoint.state).map(|state| state.step())
    };
    at_every_operation(|fault, disk| {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        folder::write(&System, folder, Name::Step(1), &bytes(1), 1).unwrap();
        let result = folder::write(&disk, folder, Name::Step(2), &bytes(2), 1);
        let step = step_of(folder).expect("one of both is there");
        assert!(result.is_err() || step == 2, "{fault:?}");
        // The next run finds the folder usable, and what was left half-written is gone.
        remove_temporaries(folder, folder::is_ours).unwrap();
        folder::write(&System, folder, Name::Step(2), &bytes(2), 1).unwrap();
        assert_eq!(step_of(folder), Some(2));
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["step-000000002.ckpt"], "{fault:?}");
        disk.was_met()
    });
}
