//! The machine on which something is measured: no figure of speed says anything without it.

use std::{fs, thread::available_parallelism};

use crate::output;

/// How many processors this process may use.
pub(crate) fn n_processors() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// The processor as the system names it, and how many of them this process may use.
pub(crate) fn name() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    format!("{}, {}", processor(&info), output::counted(n_processors(), "processor"))
}

/// From the first of the records in `/proc/cpuinfo`. Many virtual machines hide the model's name, but not its numbers.
fn processor(info: &str) -> String {
    let of = |key: &str| {
        let line = info.lines().find(|line| line.split(':').next().is_some_and(|k| k.trim() == key))?;
        Some(line.split_once(':')?.1.trim().to_string())
    };
    match (of("model name"), of("cpu family"), of("model")) {
        (Some(name), Some(family), Some(model)) => format!("{name} (family {family}, model {model})"),
        (Some(name), ..) => name,
        _ => format!("an unknown processor of the kind {}", std::env::consts::ARCH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_read_from_its_record() {
        let info = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC\ncpu family\t: 25\nprocessor\t: 1\nmodel\t\t: 9\n";
        assert_eq!(processor(info), "AMD EPYC (family 25, model 17)");
        assert_eq!(processor("model name\t: Some: Chip\n"), "Some: Chip");
        assert!(processor("").starts_with("an unknown processor"));
        assert!(name().contains("processor"));
    }
}
