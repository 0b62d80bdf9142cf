//! The options of `cargo xtask compare`.

use chainrule_trainer::MAX_THREADS;
use clap::{Args, ValueEnum};

use super::{peer::Peer, work::Work};
use crate::args::{at_least_one, threads};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    cargo xtask compare --peers chainrule              without other libraries\n  \
    cargo xtask compare --peers chainrule,numpy --threads 1\n  \
    cargo xtask compare --markdown                     Markdown tables for a README")]
pub(crate) struct Compare {
    /// The workloads to measure [default: all]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', ignore_case = true)]
    pub(super) only: Vec<Work>,
    /// The libraries to compare with; only `chainrule` for none [default: all]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) peers: Vec<Peer>,
    /// How often each library is measured, in turn
    #[arg(long, value_name = "N", default_value = "5", value_parser = at_least_one::<usize>, allow_negative_numbers = true)]
    pub(super) rounds: usize,
    /// Numbers of threads
    #[arg(long, value_name = "N,…", default_value = "1,2", value_delimiter = ',', value_parser = threads, allow_negative_numbers = true)]
    pub(super) threads: Vec<usize>,
    /// Print one JSON object per contestant, result and goal, and nothing else
    #[arg(long)]
    pub(super) json: bool,
    /// Print Markdown tables for a README, and nothing else
    #[arg(long, conflicts_with = "json")]
    pub(super) markdown: bool,
    /// For tests: a program that stands in for a library
    #[arg(long, value_name = "NAME=PROGRAM", hide = true)]
    pub(super) contestant: Vec<String>,
}

impl Compare {
    /// Whether to print progress.
    pub(super) fn talk(&self) -> bool {
        !self.json && !self.markdown
    }

    /// The workloads to measure, in the order in which they are documented.
    pub(super) fn works(&self) -> Vec<Work> {
        let wanted = |work: &Work| self.only.is_empty() || self.only.contains(work);
        Work::value_variants().iter().copied().filter(wanted).collect()
    }

    /// chainrule, which is always first, and its peers.
    pub(super) fn peers(&self) -> Vec<Peer> {
        let wanted =
            |peer: &Peer| *peer == Peer::Chainrule || self.peers.is_empty() || self.peers.contains(peer);
        Peer::value_variants().iter().copied().filter(wanted).collect()
    }

    /// The numbers of threads, each once.
    pub(super) fn thread_counts(&self) -> Vec<usize> {
        (1..=MAX_THREADS).filter(|threads| self.threads.contains(threads)).collect()
    }
}
