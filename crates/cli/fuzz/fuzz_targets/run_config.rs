#![no_main]

#[path = "../../src/picture/mod.rs"]
#[allow(dead_code, reason = "each fuzzer runs one target")]
mod picture;
#[path = "../../src/run_file.rs"]
#[allow(dead_code, reason = "files are read by the command line alone")]
mod run_file;
#[path = "../../tests/it/hostile/targets.rs"]
#[allow(dead_code, reason = "each fuzzer runs one of them")]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run_config(bytes));
