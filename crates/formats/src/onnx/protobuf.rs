//! As much of protobuf as ONNX needs: numbers, bytes, floats, and messages in messages.
//!
//! ```text
//! a message   any number of fields
//! a field     varint(8·number + kind), then: kind 0 a varint, 1 eight bytes, 2 a length and so many bytes, 5 four bytes
//! a varint    seven bits in a byte, the lowest first; the highest bit says that more follow
//! ```
//! Source: <https://protobuf.dev/programming-guides/encoding/>. Fields are written in the order of their numbers, as the
//! reference implementation does.

use crate::Problem;

/// A message that is being written.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    pub(super) fn new() -> Self {
        Message::default()
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(super) fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(8 * field);
        self.varint(value);
        self
    }

    pub(super) fn float(mut self, field: u64, value: f32) -> Self {
        self.varint(8 * field + 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(8 * field + 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    pub(super) fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    pub(super) fn message(self, field: u64, message: Message) -> Self {
        self.bytes(field, &message.0)
    }

    /// A repeated field.
    pub(super) fn each<T>(
        self,
        all: impl IntoIterator<Item = T>,
        add: impl Fn(Message, T) -> Message,
    ) -> Self {
        all.into_iter().fold(self, add)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes, which nothing here reads.
    Fixed,
}

impl<'a> Value<'a> {
    /// The text, where it is one.
    pub(super) fn text(self) -> Result<&'a str, Problem> {
        match self {
            Value::Bytes(bytes) => std::str::from_utf8(bytes)
                .map_err(|_| malformed("a text", &bytes[..bytes.len().min(16)].escape_ascii(), "UTF-8")),
            _ => Err(malformed("a field", &"a number", "a text")),
        }
    }

    /// The fields of a message.
    pub(super) fn fields(self) -> Result<Fields<'a>, Problem> {
        match self {
            Value::Bytes(bytes) => Ok(Fields(bytes)),
            _ => Err(malformed("a field", &"a number", "a message")),
        }
    }

    pub(super) fn number(self) -> Result<u64, Problem> {
        match self {
            Value::Number(number) => Ok(number),
            _ => Err(malformed("a field", &"bytes", "a number")),
        }
    }
}

/// The fields of a message that is being read: number and value of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        Some((key >> 3, value))
    }

    /// The values of the field `number`.
    pub(super) fn of(self, number: u64) -> impl Iterator<Item = Result<Value<'a>, Problem>> {
        self.filter_map(move |field| match field {
            Ok((found, value)) => (found == number).then_some(Ok(value)),
            Err(problem) => Some(Err(problem)),
        })
    }

    /// The last value of the field `number`, which is the one that counts.
    pub(super) fn last(self, number: u64) -> Result<Option<Value<'a>>, Problem> {
        self.of(number).last().transpose()
    }

    /// The text of the field `number`, empty if there is none.
    pub(super) fn text(self, number: u64) -> Result<&'a str, Problem> {
        self.last(number)?.map_or(Ok(""), Value::text)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let left = self.0.len();
        let field = self.field();
        if field.is_none() {
            // Nothing behind a broken field means anything.
            self.0 = &[];
        }
        let broken = || {
            malformed("a message", &format!("a broken field, {left} bytes before its end"), "whole fields")
        };
        Some(field.ok_or_else(broken))
    }
}

pub(super) fn malformed(what: &str, found: &dyn std::fmt::Display, expected: &str) -> Problem {
    Problem::Malformed {
        format: "ONNX",
        what: what.to_string(),
        found: found.to_string(),
        expected: expected.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_s_examples() {
        // From the encoding guide: 150 in field 1, "testing" in field 2, and field 3 with the first message.
        assert_eq!(Message::new().number(1, 150).into_bytes(), [0x08, 0x96, 0x01]);
        let testing = Message::new().text(2, "testing").into_bytes();
        assert_eq!(testing, [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
        let nested = Message::new().message(3, Message::new().number(1, 150)).into_bytes();
        assert_eq!(nested, [0x1a, 0x03, 0x08, 0x96, 0x01]);

        let fields: Vec<_> = Fields(&nested).map(Result::unwrap).collect();
        assert_eq!(fields, [(3, Value::Bytes(&[0x08, 0x96, 0x01]))]);
        assert_eq!(Fields(&testing).text(2).unwrap(), "testing");
    }

    #[test]
    fn the_longest_numbers() {
        let bytes = Message::new().number(1, u64::MAX).into_bytes();
        assert_eq!(Fields(&bytes).last(1).unwrap(), Some(Value::Number(u64::MAX)));
        // One bit more, and one byte more.
        assert!(Fields(&[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]).last(1).is_err());
        assert!(Fields(&[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 129, 0]).last(1).is_err());
    }
}
