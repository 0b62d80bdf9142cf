//! The program's name and arguments, and calls of it as a shell reads them.

use std::sync::OnceLock;

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

/// The arguments of this process; what is not Unicode in them is not told as it is.
pub(crate) fn arguments() -> impl Iterator<Item = String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned())
}

/// The words of a call of this program with these arguments.
pub(crate) fn words(arguments: impl IntoIterator<Item = String>) -> String {
    let words = arguments.into_iter().map(|word| quoted(&word));
    [name().to_string()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// The arguments without these options, each of which has a value, and without these that have none.
pub(crate) fn without(
    arguments: impl IntoIterator<Item = String>,
    with_value: &[&str],
    alone: &[&str],
) -> Vec<String> {
    let mut kept = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(word) = arguments.next() {
        let name = word.split('=').next().unwrap_or_default();
        if with_value.contains(&name) {
            if !word.contains('=') {
                arguments.next();
            }
        } else if !alone.contains(&name) {
            kept.push(word);
        }
    }
    kept
}

/// A word as a shell reads it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_left_out_with_their_values() {
        let given = ["train-mnist", "--epochs", "5", "--report", "out.html", "--checkpoint=a.ckpt", "--json"];
        let given = given.iter().chain(&["--data-dir", "my data"]).map(ToString::to_string);
        let kept = without(given, &["--report", "--checkpoint"], &["--json"]);
        assert_eq!(words(kept), "chainrule train-mnist --epochs 5 --data-dir 'my data'");
    }

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!([quoted(""), quoted("a`b"), quoted("~"), quoted("#1")], ["''", "'a`b'", "'~'", "'#1'"]);
        assert_eq!(quoted("warmup:500+cosine"), "warmup:500+cosine");
    }
}
