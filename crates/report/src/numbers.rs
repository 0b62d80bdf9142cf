//! Number formatting: significant digits, percentages, thousands separators, a dash for unknown values.

/// What stands for a value that is not known.
pub(crate) const UNKNOWN: &str = "–";

/// `value` with `n` significant digits; powers of ten where it would need many zeros.
pub(crate) fn significant(value: f64, n: usize) -> String {
    if !value.is_finite() {
        return UNKNOWN.into();
    }
    // Rounded first: 9.996 with three digits is 10.0, which has a place before the point more.
    let rounded: Option<f64> = format!("{value:.*e}", n.saturating_sub(1)).parse().ok();
    // The largest numbers have no larger one to be rounded to.
    let rounded = rounded.filter(|rounded| rounded.is_finite()).unwrap_or(value);
    let magnitude = if rounded == 0.0 { 0 } else { rounded.abs().log10().floor() as i32 };
    if !(-4..7).contains(&magnitude) {
        return signed(&format!("{rounded:.*e}", n.saturating_sub(1)));
    }
    let decimals = (n as i32 - 1 - magnitude).max(0) as usize;
    grouped(&format!("{rounded:.decimals$}"))
}

/// A number as a power of ten, with so many decimals before it.
pub(crate) fn scientific(value: f64, decimals: usize) -> String {
    known(value, |value| signed(&format!("{value:.decimals$e}")))
}

/// A number with so many decimals.
pub(crate) fn decimals(value: f64, decimals: usize) -> String {
    known(value, |value| grouped(&format!("{value:.decimals$}")))
}

/// A fraction as a percentage with its sign.
pub(crate) fn percent(share: f64, places: usize) -> String {
    known(share, |share| format!("{}\u{a0}%", decimals(100.0 * share, places)))
}

fn known(value: f64, text: impl FnOnce(f64) -> String) -> String {
    if value.is_finite() { text(value) } else { UNKNOWN.into() }
}

/// A whole number, thousands apart.
pub(crate) fn whole(number: usize) -> String {
    grouped(&number.to_string())
}

/// One and many: `1 step`, `2 steps`.
pub(crate) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", whole(number), if number == 1 { one } else { many })
}

fn signed(text: &str) -> String {
    // What is rounded to 0 has no sign.
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_string(),
        Some(rest) => format!("−{}", rest.replace("e-", "e−")),
        None => text.replace("e-", "e−"),
    }
}

/// Digits before the point in threes, with spaces that don't break.
fn grouped(text: &str) -> String {
    let mut text = signed(text);
    let end = text.find('.').unwrap_or(text.len());
    let begin = text.find(|c: char| c.is_ascii_digit()).unwrap_or(end);
    // A year or a pair of digits more is read well as it is.
    if end - begin >= 5 {
        for at in (begin + 1..end).rev().filter(|at| (end - at).is_multiple_of(3)) {
            text.insert(at, '\u{a0}');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(significant(1.23456, 4), "1.235");
        assert_eq!(significant(0.000_123_4, 2), "0.00012");
        assert_eq!(significant(9.996, 3), "10.0");
        assert_eq!(significant(-0.000_012, 2), "−1.2e−5");
        assert_eq!(significant(0.0, 3), "0.00");
        assert_eq!(significant(f64::NAN, 3), "–");
        assert_eq!(significant(1_234_567.0, 3), "1\u{a0}230\u{a0}000");
        assert_eq!(decimals(-12345.678, 1), "−12\u{a0}345.7");
        assert_eq!(decimals(-0.01, 1), "0.0");
        assert_eq!(percent(0.9456, 2), "94.56\u{a0}%");
        assert_eq!(whole(39760), "39\u{a0}760");
        assert_eq!(
            (counted(1, "step", "steps"), counted(600, "step", "steps")),
            ("1 step".into(), "600 steps".into())
        );
    }
}
