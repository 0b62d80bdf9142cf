//! Text that others wrote, names above all, made harmless: the one place through which it goes.

use std::borrow::Cow;

/// Text as one line that does nothing to a terminal or a page but to show. Names in files, paths and messages about them may hold
/// anything: what nobody sees, moves the cursor, ends the line, sets a title or turns the direction of reading is written as JSON
/// does, `\u001b`, so that JSON stays what it was.
///
/// # Examples
/// ```
/// use chainrule_report::harmless;
/// assert_eq!(harmless("größe 숫자"), "größe 숫자");
/// assert_eq!(harmless("a\u{1b}[2J\u{202e}b\n"), r"a\u001b[2J\u202eb\n");
/// ```
pub fn harmless(text: &str) -> Cow<'_, str> {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 5);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            c if acts(c) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}")));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// The same for a text of several lines, whose ends are ours.
pub(crate) fn harmless_lines(text: &str) -> String {
    text.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_shown_stays() {
        let names = "größe 숫자 371\u{202f}k e\u{301} x\u{a0} 👩\u{200d}🔬";
        assert_eq!(harmless(names), names);
        assert_eq!(harmless_lines(&format!("{names}\n{names}\n")), format!("{names}\n{names}\n"));
    }

    #[test]
    fn what_acts_is_shown() {
        let (title, clear, left) = ("a\u{1b}]0;b\u{7}", "\u{9b}2J\u{7f}", "\u{202e}gpj\u{2066}");
        assert_eq!(
            [title, clear, left, "a\nb\r\tc", "\u{e0041}"].map(harmless),
            [r"a\u001b]0;b\u0007", r"\u009b2J\u007f", r"\u202egpj\u2066", r"a\nb\u000d\tc", r"\udb40\udc41"]
        );
        assert_eq!(
            harmless_lines("a\u{1b}[2J\u{202e}b\r\u{e0041}\nc"),
            "a\\u001b[2J\\u202eb\\u000d\\udb40\\udc41\nc"
        );
        // All controls, and all that set the direction of reading.
        let directions = ['\u{61c}', '\u{200e}', '\u{200f}'].into_iter();
        let directions = directions.chain('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        for c in ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}').chain(directions) {
            assert!(harmless(&c.to_string()).chars().all(|c| c.is_ascii_graphic()), "{c:?}");
        }
        // JSON says the same as before.
        let name = [title, clear, left, "\u{e0041}\n"].concat();
        let object = serde_json::json!({ "name": name });
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&harmless(&object.to_string())).unwrap(),
            object
        );
    }
}
