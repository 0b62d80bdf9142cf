//! Ctrl-C, SIGTERM and SIGHUP: the first ends training after the current step, the second ends the process.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

#[cfg(unix)]
use signal_hook::consts::SIGHUP;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// There is none, and nobody listens for it.
#[cfg(not(unix))]
const SIGHUP: i32 = 1;

/// The number of a signal that asks a program to end: SIGINT, which is Ctrl-C, SIGTERM, which `kill` and a machine that shuts
/// down send, or SIGHUP, when the terminal is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal(usize);

impl Signal {
    pub(crate) fn name(self) -> &'static str {
        match self.0 as i32 {
            SIGINT => "SIGINT",
            SIGHUP => "SIGHUP",
            _ => "SIGTERM",
        }
    }

    /// 128 and the number of the signal, as shells have it.
    pub(crate) fn exit_code(self) -> u8 {
        128 + self.0 as u8
    }
}

/// Whether the process was started so that it doesn't hear this signal, as `nohup` does with SIGHUP. Where that cannot be known,
/// it counts as ignored, and stays as it is.
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored =
        status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    ignored.is_none_or(|ignored| ignored >> (number - 1) & 1 == 1)
}

/// A file that may grow no longer (`ulimit -f`) is an error of writing it, as a full disk is, and no reason to end: the other
/// outputs are still to be written.
pub(crate) fn go_on_where_files_are_limited() {
    // Where it cannot be done, nothing else is lost.
    #[cfg(unix)]
    let _ = flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Listens for signals, for the rest of the process.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    /// The number of the last signal; 0 before.
    heard: Arc<AtomicUsize>,
}

impl Stop {
    pub(crate) fn listen() -> io::Result<Stop> {
        let (heard, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let of_terminal = (!is_ignored(SIGHUP)).then_some(SIGHUP);
        for number in [SIGINT, SIGTERM].into_iter().chain(of_terminal) {
            let signal = Signal(number as usize);
            // In this order: the first signal finds `again` unset, the second ends the process.
            flag::register_conditional_shutdown(number, signal.exit_code().into(), Arc::clone(&again))?;
            flag::register(number, Arc::clone(&again))?;
            flag::register_usize(number, Arc::clone(&heard), signal.0)?;
        }
        Ok(Stop { heard })
    }

    /// The signal that was heard.
    pub(crate) fn heard(&self) -> Option<Signal> {
        let number = self.heard.load(Ordering::Relaxed);
        (number != 0).then_some(Signal(number))
    }
}

/// The error of a command that was asked to stop; everything has been printed already.
pub(crate) struct Stopped(pub(crate) Signal);

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped by {}", self.0.name())
    }
}

chainrule_tensor::debug_is_display!(Stopped);

impl std::error::Error for Stopped {}
