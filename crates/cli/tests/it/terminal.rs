//! What a person sees in a terminal of 80 or 200 columns, and what ends up in a file.

use crate::common::{
    Folder, succeeds,
    terminal::{Seen, commands_have_help, in_terminal},
};

/// A run that is long enough for the bar to be drawn many times.
const RUN: &[&str] = &["train-mnist", "--epochs", "4", "--batch-size", "1", "--hidden", "400,400"];

fn train(folder: &Folder, columns: u16, environment: &[(&str, &str)]) -> Seen {
    let seen = in_terminal(24, columns, &[RUN, &["--data-dir", folder.arg()]].concat(), environment);
    assert!(seen.status.success(), "{}", seen.text());
    seen
}

#[test]
fn a_run_in_a_terminal_leaves_what_a_run_into_a_file_leaves() {
    // Figures of time differ from run to run.
    let words = |text: &str| -> Vec<String> {
        let keep = |word: &&str| !word.contains(|c: char| c.is_ascii_digit());
        text.lines().map(|line| line.split_whitespace().filter(keep).collect::<Vec<_>>().join(" ")).collect()
    };
    let folder = Folder::new();
    let piped = succeeds(&[RUN, &["--data-dir", folder.arg()]].concat());
    assert!(!piped.contains(['\u{1b}', '\r']), "{piped:?}");
    assert!(piped.lines().all(|line| line.chars().count() <= 80), "{piped}");
    for columns in [80, 200] {
        let seen = train(&folder, columns, &[]);
        assert_eq!(words(&seen.text()), words(&piped), "{columns} columns:\n{}", seen.text());
    }
}

/// What is drawn and drawn over: the text between returns to the start of the line, without colours.
fn frames(seen: &Seen) -> Vec<String> {
    let text = String::from_utf8_lossy(&seen.bytes).to_string();
    let plain = |frame: &str| {
        let mut parts = frame.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_string();
        parts.fold(first, |plain, part| {
            plain + part.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest)
        })
    };
    text.split('\r').map(plain).filter(|frame| frame.contains(" left")).collect()
}

#[test]
fn the_bar_fits_its_terminal_and_says_what_there_is_to_say() {
    let folder = Folder::new();
    for (columns, widest) in [(80, 80), (200, 110)] {
        let frames = frames(&train(&folder, columns, &[]));
        assert!(frames.len() >= 3, "{frames:?}");
        for frame in frames {
            assert!(frame.trim().chars().count() <= widest, "{frame:?}");
            assert!(frame.contains(['█', '░']), "{frame:?}");
            let parts = [" %  loss ", " samples/s  ", " left"];
            assert!(parts.iter().all(|part| frame.contains(part)), "{frame:?}");
        }
    }
}

#[test]
fn without_colours_there_are_none() {
    let folder = Folder::new();
    let colours = |environment: &[(&str, &str)]| {
        let seen = train(&folder, 80, environment);
        String::from_utf8_lossy(&seen.bytes).matches("\u{1b}[36m").count()
    };
    assert!(colours(&[]) > 0);
    assert_eq!(colours(&[("NO_COLOR", "1")]), 0);
    let help = in_terminal(24, 80, &["--help"], &[("NO_COLOR", "1")]);
    assert!(!help.bytes.contains(&0x1b));
    let dumb = train(&folder, 80, &[("TERM", "dumb")]);
    assert!(!dumb.bytes.contains(&0x1b), "{}", String::from_utf8_lossy(&dumb.bytes));
}

#[test]
fn help_has_examples_and_fits() {
    commands_have_help("chainrule", 11);
}

#[test]
fn errors_have_no_control_characters_in_a_terminal_either() {
    let seen = in_terminal(24, 80, &["train-mnist", "--learning-rat", "0.1"], &[]);
    assert_eq!(seen.status.code(), Some(2));
    assert!(!seen.bytes.contains(&0x1b), "{:?}", seen.text());
    assert!(seen.text().contains("--learning-rate"), "{}", seen.text());
}
