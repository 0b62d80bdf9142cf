//! Who is compared, and on how many processors.

use std::{fs, path::Path, process::Command};

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Peer {
    Chainrule,
    Numpy,
    Sklearn,
    Torch,
    TorchCompile,
    Jax,
    Onnxruntime,
    Candle,
    Burn,
}

impl Peer {
    /// The name on the command line.
    pub(super) fn id(self) -> String {
        self.to_possible_value().expect("no peer is skipped").get_name().to_string()
    }

    /// The name in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Peer::Chainrule => "chainrule",
            Peer::Numpy => "NumPy",
            Peer::Sklearn => "scikit-learn",
            Peer::Torch => "PyTorch",
            Peer::TorchCompile => "torch.compile",
            Peer::Jax => "JAX",
            Peer::Onnxruntime => "onnxruntime",
            Peer::Candle => "candle",
            Peer::Burn => "burn",
        }
    }

    pub(super) fn is_python(self) -> bool {
        !self.is_rust() && self != Peer::Chainrule
    }

    pub(super) fn is_rust(self) -> bool {
        matches!(self, Peer::Candle | Peer::Burn)
    }
}

/// A command that may use as many processors as threads: for some peers that is the only setting that counts.
pub(super) fn on_processors(threads: usize, program: &Path) -> Command {
    let mut command = match processors(threads) {
        Some(list) => {
            let mut command = Command::new("taskset");
            command.arg("-c").arg(list).arg(program);
            command
        }
        None => Command::new(program),
    };
    for variable in ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
        command.env(variable, threads.to_string());
    }
    // They choose kernels, and not always the best.
    command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The first processors that this process may use, where there is `taskset` to keep to them.
fn processors(threads: usize) -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let first = first_of_list(allowed.trim(), threads)?;
    Command::new("taskset").arg("--version").output().ok()?.status.success().then_some(first)
}

/// The first `n` numbers of a list such as `0-3,8`, if it has so many.
fn first_of_list(list: &str, n: usize) -> Option<String> {
    let mut all = Vec::new();
    for part in list.split(',') {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        all.extend(low.parse::<usize>().ok()?..=high.parse().ok()?);
    }
    let first = all.get(..n)?.iter().map(usize::to_string);
    Some(first.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_processors_of_a_list() {
        assert_eq!(first_of_list("0-3,8", 1).as_deref(), Some("0"));
        assert_eq!(first_of_list("2,4-6", 3).as_deref(), Some("2,4,5"));
        assert_eq!(first_of_list("0-1", 3), None);
        assert_eq!(first_of_list("", 1), None);
    }

    #[test]
    fn every_peer_is_of_one_kind() {
        for peer in Peer::value_variants() {
            let kinds = [peer.is_python(), peer.is_rust(), *peer == Peer::Chainrule];
            assert_eq!(kinds.iter().filter(|is| **is).count(), 1, "{peer:?}");
        }
    }
}
