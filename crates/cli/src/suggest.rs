//! Suggestions for mistyped names: `did you mean …?`

/// The name most similar to `typed`, if any is similar enough.
fn similar<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &'a str| (strsim::jaro_winkler(typed, name), name);
    let best = names.into_iter().map(likeness).max_by(|a, b| a.0.total_cmp(&b.0));
    // The bound of clap's own suggestions.
    best.filter(|(likeness, _)| *likeness > 0.7).map(|(_, name)| name)
}

/// Adds a suggestion to a message that names what it found, and then what it expected.
pub(crate) fn in_message(message: &str) -> String {
    let meant = message.split_once("expected ").and_then(|(found, expected)| {
        let typed = found.rsplit(['`', '"', '\'']).nth(1)?;
        // Names stand between ticks or commas; what follows a colon are settings.
        let names = expected.split([',', ' ', '`']).map(|name| name.split(':').next().unwrap_or(name));
        similar(typed, names.filter(|name| name.len() > 2))
    });
    match meant {
        Some(name) => format!("{message}; did you mean {name}?"),
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
        for (message, meant) in [
            ("unknown field `epohs`, expected one of `epochs`, `steps`", "epochs"),
            ("unknown field `step`, expected `epochs` or `steps`", "steps"),
            (
                "no schedule is called \"cosin\", expected one of constant, step:EVERY, cosine:MINIMUM",
                "cosine",
            ),
            ("found \"xavier-unifrom\", expected xavier-uniform, he-normal or a deviation", "xavier-uniform"),
        ] {
            assert_eq!(in_message(message), format!("{message}; did you mean {meant}?"));
        }
        for other in [
            "unknown field `x`, there are no fields",
            "invalid value '0' for '--epochs <N>': expected a whole number from 1",
            "validation is 2, expected a number from 0 and below 1",
        ] {
            assert_eq!(in_message(other), other);
        }
    }
}
