//! Text that others wrote, names above all, made harmless: the one place through which it goes.

use std::borrow::Cow;

/// The text, in which what nobody sees, or what turns the direction of reading, is written as JSON does: `\u001b`. Line ends and
/// tabs stay.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let acts = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 5);
    for c in text.chars() {
        match acts(c) {
            true => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}")));
            }
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown() {
        assert_eq!(harmless("größe 숫자\tx\u{a0}\n👩\u{200d}🔬"), "größe 숫자\tx\u{a0}\n👩\u{200d}🔬");
        assert_eq!(harmless("a\u{1b}[2J\u{202e}b\r\u{e0041}"), "a\\u001b[2J\\u202eb\\u000d\\udb40\\udc41");
    }
}
