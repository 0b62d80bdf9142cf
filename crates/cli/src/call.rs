//! The program's name and arguments, and calls of it as a shell reads them.

use std::{ffi::OsString, sync::OnceLock};

use chainrule_report::harmless;
use clap::Command;

/// The name of the program, and all of its commands; set once, at its start.
static PROGRAM: OnceLock<Command> = OnceLock::new();

/// From now on the program has this name, also in the examples of its help, which are written with `chainrule`.
pub(crate) fn set(name: &str, program: Command) -> &'static Command {
    PROGRAM.get_or_init(|| renamed(program, name).bin_name(name))
}

fn renamed(command: Command, name: &str) -> Command {
    // Where a call begins: in a comparison, `chainrule` is also the name of a peer.
    let examples = command.get_after_help().map(|text| {
        let text = text.to_string().replace("\n  chainrule ", &format!("\n  {name} "));
        text.replace("help: chainrule ", &format!("help: {name} "))
    });
    command.after_help(examples.unwrap_or_default()).mut_subcommands(|command| renamed(command, name))
}

/// The program's commands, for completion.
pub(crate) fn program() -> Option<&'static Command> {
    PROGRAM.get()
}

/// The program's name: `chainrule`, or `cargo xtask` in the repository.
pub(crate) fn name() -> &'static str {
    program().and_then(Command::get_bin_name).unwrap_or("chainrule")
}

/// The arguments of this process, which may be any bytes.
pub(crate) fn arguments() -> impl Iterator<Item = OsString> {
    std::env::args_os().skip(1)
}

/// The words of a call of this program with these arguments.
pub(crate) fn words(arguments: impl IntoIterator<Item = OsString>) -> String {
    let words = arguments.into_iter().map(|word| quoted(word.as_encoded_bytes()));
    [name().to_string()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// The arguments without these options, each of which has a value, and without these that have none.
pub(crate) fn without(
    arguments: impl IntoIterator<Item = OsString>,
    with_value: &[&str],
    alone: &[&str],
) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(word) = arguments.next() {
        let mut parts = word.as_encoded_bytes().splitn(2, |byte| *byte == b'=');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next());
        let is_in = |names: &[&str]| names.iter().any(|other| other.as_bytes() == name);
        if is_in(with_value) {
            if value.is_none() {
                arguments.next();
            }
        } else if !is_in(alone) {
            kept.push(word);
        }
    }
    kept
}

/// A word as a shell reads it. What is no text, or acts on a terminal, is in `$'…'`, which bash, zsh, ksh and POSIX since 2024 know.
fn quoted(word: &[u8]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    match std::str::from_utf8(word) {
        Ok(word) if !word.is_empty() && word.chars().all(plain) => word.to_string(),
        Ok(word) if harmless(word) == word => format!("'{}'", word.replace('\'', "'\\''")),
        _ => {
            let of_byte = |byte: &u8| match *byte {
                b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
                byte if byte == b' ' || byte.is_ascii_graphic() => char::from(byte).to_string(),
                byte => format!("\\{byte:03o}"),
            };
            format!("$'{}'", word.iter().map(of_byte).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_left_out_with_their_values() {
        let given = ["train-mnist", "--epochs", "5", "--report", "out.html", "--checkpoint=a.ckpt", "--json"];
        let given = given.iter().chain(&["--data-dir", "my data"]).map(OsString::from);
        let kept = without(given, &["--report", "--checkpoint"], &["--json"]);
        assert_eq!(words(kept), "chainrule train-mnist --epochs 5 --data-dir 'my data'");
    }

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        let quoted = |word: &str| super::quoted(word.as_bytes());
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!([quoted(""), quoted("a`b"), quoted("~"), quoted("#1")], ["''", "'a`b'", "'~'", "'#1'"]);
        assert_eq!(quoted("warmup:500+cosine"), "warmup:500+cosine");
    }

    #[test]
    fn what_is_no_text_or_acts_on_a_terminal_is_quoted_byte_by_byte() {
        assert_eq!(quoted(b"p\xff.html"), r"$'p\377.html'");
        assert_eq!(quoted(b"it's\x1b[2J\n\\ a"), r"$'it\'s\033[2J\012\\ a'");
        assert_eq!(quoted("\u{202e}a".as_bytes()), r"$'\342\200\256a'");
        assert_eq!(quoted("größe".as_bytes()), "'größe'");
    }
}
