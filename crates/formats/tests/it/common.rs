//! The files that other programs wrote.

use std::path::PathBuf;

/// A file of `fixtures/make.py`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}
