//! A call of the command line as a shell reads it.

/// The words of a call of `cargo xtask` with these arguments.
pub(crate) fn words(arguments: impl IntoIterator<Item = String>) -> String {
    let words = ["cargo".to_string(), "xtask".to_string()].into_iter().chain(arguments);
    words.map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
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
        assert_eq!(words(kept), "cargo xtask train-mnist --epochs 5 --data-dir 'my data'");
    }

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!([quoted(""), quoted("a`b"), quoted("~"), quoted("#1")], ["''", "'a`b'", "'~'", "'#1'"]);
        assert_eq!(quoted("warmup:500+cosine"), "warmup:500+cosine");
    }
}
