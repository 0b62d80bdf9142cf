//! A terminal of some size, in which a call runs and whose screen can be read.

use std::{
    fs::{File, OpenOptions},
    io::Read,
    num::NonZero,
    process::{Command, ExitStatus},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// What a terminal has seen of a call.
pub(crate) struct Seen {
    /// Everything that was written to it.
    pub(crate) bytes: Vec<u8>,
    /// The lines on its screen at the end, those that have scrolled away included.
    pub(crate) lines: Vec<String>,
    pub(crate) status: ExitStatus,
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// Runs the command line in a terminal.
pub(crate) fn in_terminal(rows: u16, columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Seen {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("the system has pseudo terminals");
    grantpt(&master).expect("it can be granted");
    unlockpt(&master).expect("it can be unlocked");
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&master, size).expect("it has a size");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let open = || {
        let name = name.to_str().expect("names of terminals are ASCII");
        OpenOptions::new().read(true).write(true).open(name).expect("it can be opened")
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .args(arguments)
        .env_remove("RAYON_NUM_THREADS")
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color");
    command.envs(environment.iter().copied());
    let mut child =
        command.stdin(open()).stdout(open()).stderr(open()).spawn().expect("the command line starts");
    // It holds this side's ends of the terminal.
    drop(command);
    let mut bytes = Vec::new();
    let mut master = File::from(master);
    let mut part = [0; 4096];
    // The end is an error, once nobody else has the terminal open.
    while let Ok(n @ 1..) = master.read(&mut part) {
        bytes.extend_from_slice(&part[..n]);
    }
    let status = child.wait().expect("the command line ends");
    let lines = screen(rows, columns, &bytes);
    Seen { bytes, lines, status }
}

/// What `bytes` leave on a screen that never scrolls, and so shows what a person can scroll back to.
fn screen(rows: u16, columns: u16, bytes: &[u8]) -> Vec<String> {
    let size = |n: u16| NonZero::new(n).expect("a terminal has rows and columns");
    let mut parser = vt100::Parser::new(size(rows.max(500)), size(columns), 0);
    parser.process(bytes);
    let contents = parser.screen().contents();
    contents.lines().map(|line| line.trim_end().to_string()).collect()
}
