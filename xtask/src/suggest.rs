//! What was meant by a mistyped name.

/// The name that looks most like `typed`, if one does.
pub(crate) fn similar<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &'a str| (strsim::jaro_winkler(typed, name), name);
    let best = names.into_iter().map(likeness).max_by(|a, b| a.0.total_cmp(&b.0));
    // As clap does for options.
    best.filter(|(likeness, _)| *likeness > 0.8).map(|(_, name)| name)
}

/// The message of a parser that names what it found and then what it expected, each between `ticks`, with what was meant
/// at its end.
pub(crate) fn in_message(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let meant = quoted.split_first().and_then(|(typed, names)| similar(typed, names.iter().copied()));
    match meant.filter(|_| message.starts_with("unknown ")) {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_found() {
        let names = ["learning_rate", "momentum", "weight_decay"];
        assert_eq!(similar("learning_rat", names), Some("learning_rate"));
        assert_eq!(similar("momentun", names), Some("momentum"));
        assert_eq!(similar("hidden", names), None);
        assert_eq!(similar("x", []), None);
    }

    #[test]
    fn messages_with_names_get_one() {
        let message = "unknown field `epohs`, expected one of `epochs`, `steps`";
        assert_eq!(in_message(message), format!("{message}; did you mean `epochs`?"));
        for other in ["unknown field `x`, there are no fields", "invalid type `epochs`, expected `epochs`"] {
            assert_eq!(in_message(other), other);
        }
    }
}
