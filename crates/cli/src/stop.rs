//! Ctrl-C and SIGTERM: the first ends training after the current step, the second ends the process.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// A signal that asks a program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// What `kill` sends, and a machine that shuts down.
    Terminate,
}

impl Signal {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
        }
    }

    /// 128 and the number of the signal, as shells have it.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Signal::Interrupt => 130,
            Signal::Terminate => 143,
        }
    }
}

/// Listens for signals, for the rest of the process.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    /// The signal that came first; 0 before.
    heard: Arc<AtomicUsize>,
}

impl Stop {
    pub(crate) fn listen() -> io::Result<Stop> {
        let (heard, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for (number, signal) in [(SIGINT, Signal::Interrupt), (SIGTERM, Signal::Terminate)] {
            // In this order: the first signal finds `again` unset, the second ends the process.
            flag::register_conditional_shutdown(number, signal.exit_code().into(), Arc::clone(&again))?;
            flag::register(number, Arc::clone(&again))?;
            flag::register_usize(number, Arc::clone(&heard), signal.exit_code().into())?;
        }
        Ok(Stop { heard })
    }

    /// The signal that was heard.
    pub(crate) fn heard(&self) -> Option<Signal> {
        let code = self.heard.load(Ordering::Relaxed);
        [Signal::Interrupt, Signal::Terminate]
            .into_iter()
            .find(|signal| usize::from(signal.exit_code()) == code)
    }
}

/// The error of a command that was asked to stop; everything has been printed already.
#[derive(Debug)]
pub(crate) struct Stopped(pub(crate) Signal);

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped by {}", self.0.name())
    }
}

impl std::error::Error for Stopped {}
