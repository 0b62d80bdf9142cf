//! A terminal of some size, in which a call runs and whose screen can be read.

use std::{
    fs::{File, OpenOptions},
    io::Read,
    num::NonZero,
    process::ExitStatus,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use super::{program, succeeds};

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
    let mut command = program();
    command.args(arguments).env("TERM", "xterm-256color").envs(environment.iter().copied());
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

/// Every command, of which there are so many at least, has a help with examples that begin with `name`, and it fits.
pub(crate) fn commands_have_help(name: &str, least: usize) {
    let commands: Vec<String> = succeeds(&["--help"])
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().map(str::to_string))
        .filter(|name| !name.is_empty() && name != "help")
        .collect();
    assert!(commands.len() >= least && commands.iter().any(|name| name == "predict"), "{commands:?}");
    for (columns, widest) in [(80, 80), (200, 100)] {
        for command in &commands {
            let help = in_terminal(24, columns, &[command, "--help"], &[]);
            assert!(help.status.success(), "{command}");
            let text = help.text();
            assert!(
                text.contains("\nExamples:\n") && text.contains(&format!("\n  {name} {command}")),
                "{command}: {text}"
            );
            // The line of usage is left whole, as one piece to copy.
            let mut lines = text.lines().filter(|line| !line.starts_with("Usage:"));
            assert!(lines.all(|line| line.chars().count() <= widest), "{command}: {text}");
        }
    }
}
