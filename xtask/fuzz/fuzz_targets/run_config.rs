#![no_main]

#[path = "../../src/run_file.rs"]
#[allow(dead_code, reason = "files are read by the command line alone")]
mod run_file;
#[path = "../../tests/hostile/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run_config(bytes));
