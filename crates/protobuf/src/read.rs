//! Reading messages: slices of the bytes they are in, and nothing believed before it is there.

use crate::Malformed;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A whole number.
    Number(u64),
    /// Bytes: a text, a message, several numbers.
    Bytes(&'a [u8]),
    /// Four or eight bytes: a float, or a number of fixed size.
    Fixed(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The text, where it is one.
    pub fn text(self) -> Result<&'a str, Malformed> {
        match self {
            Value::Bytes(bytes) => std::str::from_utf8(bytes)
                .map_err(|_| Malformed::new("a text", bytes[..bytes.len().min(16)].escape_ascii(), "UTF-8")),
            _ => Err(Malformed::new("a field", "a number", "a text")),
        }
    }

    /// The fields of the message, where it is one.
    pub fn fields(self) -> Result<Fields<'a>, Malformed> {
        match self {
            Value::Bytes(bytes) => Ok(Fields(bytes)),
            _ => Err(Malformed::new("a field", "a number", "a message")),
        }
    }

    /// The number, where it is one.
    pub fn number(self) -> Result<u64, Malformed> {
        match self {
            Value::Number(number) => Ok(number),
            _ => Err(Malformed::new("a field", "bytes", "a number")),
        }
    }
}

/// The fields of a message that is being read: number and value of each. Nothing behind a broken field is read.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The fields of the message in `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Fields(bytes)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.0.split_off_first()?;
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

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => Value::Fixed(self.0.split_off(..8)?),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.0.split_off(..length)?)
            }
            5 => Value::Fixed(self.0.split_off(..4)?),
            _ => return None,
        };
        Some((key >> 3, value))
    }

    /// The values of the field `number`.
    pub fn of(self, number: u32) -> impl Iterator<Item = Result<Value<'a>, Malformed>> {
        self.filter_map(move |field| match field {
            Ok((found, value)) => (found == u64::from(number)).then_some(Ok(value)),
            Err(problem) => Some(Err(problem)),
        })
    }

    /// The messages in the field `number`.
    pub fn messages(self, number: u32) -> impl Iterator<Item = Result<Fields<'a>, Malformed>> {
        self.of(number).map(|value| value?.fields())
    }

    /// The last value of the field `number`, which is the one that counts.
    pub fn last(self, number: u32) -> Result<Option<Value<'a>>, Malformed> {
        self.of(number).last().transpose()
    }

    /// The message in the field `number`, one without fields if there is none.
    pub fn message(self, number: u32) -> Result<Fields<'a>, Malformed> {
        self.last(number)?.map_or(Ok(Fields(&[])), Value::fields)
    }

    /// The text of the field `number`, empty if there is none.
    pub fn text(self, number: u32) -> Result<&'a str, Malformed> {
        self.last(number)?.map_or(Ok(""), Value::text)
    }

    /// The number in the field `number`, 0 if there is none.
    pub fn number(self, number: u32) -> Result<u64, Malformed> {
        self.last(number)?.map_or(Ok(0), Value::number)
    }

    /// The list of whole numbers in the field `number`, one in a field or several packed into one; `what` is what an error
    /// calls it.
    ///
    /// # Examples
    /// ```
    /// use chainrule_protobuf::{Fields, Message};
    /// let bytes = Message::new().number(1, 50).bytes(1, &[3, 4]).into_bytes();
    /// assert_eq!(Fields::new(&bytes).numbers(1, "a shape"), Ok(vec![50, 3, 4]));
    /// let error = Fields::new(&[8 + 2, 1, 0x80]).numbers(1, "a shape").unwrap_err();
    /// assert_eq!(error.to_string(), "a shape: found a broken number, expected whole ones");
    /// ```
    pub fn numbers(self, number: u32, what: &str) -> Result<Vec<u64>, Malformed> {
        let mut numbers = Vec::new();
        for value in self.of(number) {
            match value? {
                Value::Number(number) => numbers.push(number),
                Value::Bytes(bytes) => {
                    let mut packed = Fields(bytes);
                    while !packed.0.is_empty() {
                        let broken = || Malformed::new(what, "a broken number", "whole ones");
                        numbers.push(packed.varint().ok_or_else(broken)?);
                    }
                }
                Value::Fixed(_) => return Err(Malformed::new(what, "other bytes", "whole numbers")),
            }
        }
        Ok(numbers)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.0.len();
        if left == 0 {
            return None;
        }
        Some(self.field().ok_or_else(|| {
            // Nothing behind a broken field means anything.
            self.0 = &[];
            let found = format!("a broken field, {left} bytes before its end");
            Malformed::new("a message", found, "whole fields")
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    #[test]
    fn what_is_written_is_read() {
        let message = Message::new().number(1, 150).float(5, 1.0).double(6, 1.0);
        let bytes = message.text(2, "testing").message(3, Message::new().number(1, 150)).into_bytes();
        let fields: Vec<_> = Fields(&bytes).map(Result::unwrap).collect();
        let expected = [
            (1, Value::Number(150)),
            (5, Value::Fixed(&[0, 0, 0x80, 0x3f])),
            (6, Value::Fixed(&[0, 0, 0, 0, 0, 0, 0xf0, 0x3f])),
            (2, Value::Bytes(b"testing")),
            (3, Value::Bytes(&[0x08, 0x96, 0x01])),
        ];
        assert_eq!(fields, expected);
        assert_eq!(Fields(&bytes).text(2).unwrap(), "testing");
        assert_eq!(Fields(&bytes).message(3).unwrap().number(1), Ok(150));
        assert_eq!(Fields(&bytes).message(4).unwrap().number(1), Ok(0));
        assert!(Fields(&bytes).text(1).is_err() && Fields(&bytes).number(2).is_err());
        assert!(Fields(&bytes).message(5).is_err());
    }

    #[test]
    fn the_longest_numbers() {
        let bytes = Message::new().number(1, u64::MAX).into_bytes();
        assert_eq!(Fields(&bytes).last(1).unwrap(), Some(Value::Number(u64::MAX)));
        // One bit more, and one byte more.
        assert!(Fields(&[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]).last(1).is_err());
        assert!(Fields(&[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 129, 0]).last(1).is_err());
    }

    #[test]
    fn a_broken_field_ends_the_message() {
        // A length beyond the end, a group, fixed bytes that are cut, a key that is cut.
        for bytes in [&[0x0a, 2, b'a'][..], &[0x0b, 0, 0], &[0x09, 0, 0], &[0x80]] {
            let fields: Vec<_> = Fields(bytes).collect();
            let expected = format!("a broken field, {} bytes before its end", bytes.len());
            assert_eq!(fields, [Err(Malformed::new("a message", expected, "whole fields"))]);
        }
    }
}
