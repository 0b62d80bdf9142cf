#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod lock;
mod open;
mod whole;

pub use lock::lock;
pub use open::open;
pub use whole::{
    Disk, System, check_file_path, clear_up, make_folder, remove_temporaries, write_file, write_new_file,
    write_whole,
};
