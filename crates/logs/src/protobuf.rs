//! As much of protobuf as event files need: writing numbers, bytes, floats, and messages in messages.
//!
//! ```text
//! a message   any number of fields
//! a field     varint(8·number + kind), then: kind 0 a varint, 1 eight bytes, 2 a length and so many bytes, 5 four bytes
//! a varint    seven bits in a byte, the lowest first; the highest bit says that more follow
//! ```
//! Source: <https://protobuf.dev/programming-guides/encoding/>. By hand: a crate would bring more packages than there are
//! kinds of fields.

/// A message that is being written; its fields in the order of their numbers, as the reference implementation does.
#[derive(Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(crate) fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(8 * field);
        self.varint(value);
        self
    }

    pub(crate) fn double(mut self, field: u64, value: f64) -> Self {
        self.varint(8 * field + 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn float(mut self, field: u64, value: f32) -> Self {
        self.varint(8 * field + 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(8 * field + 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    pub(crate) fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    pub(crate) fn message(self, field: u64, message: Message) -> Self {
        self.bytes(field, &message.0)
    }

    /// A repeated field of doubles, packed.
    pub(crate) fn doubles(self, field: u64, values: impl IntoIterator<Item = f64>) -> Self {
        let bytes: Vec<u8> = values.into_iter().flat_map(f64::to_le_bytes).collect();
        self.bytes(field, &bytes)
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        // "Test1" with a = 150, "Test2" with b = "testing", "Test3" with c = Test1.
        let of_150 = || Message::default().number(1, 150);
        assert_eq!(of_150().into_bytes(), [0x08, 0x96, 0x01]);
        let text = Message::default().text(2, "testing").into_bytes();
        assert_eq!(text, [0x12, 0x07, b't', b'e', b's', b't', b'i', b'n', b'g']);
        let nested = Message::default().message(3, of_150()).into_bytes();
        assert_eq!(nested, [0x1a, 0x03, 0x08, 0x96, 0x01]);
    }

    #[test]
    fn floats_are_their_bytes_from_the_lowest_on() {
        assert_eq!(Message::default().float(2, 1.0).into_bytes(), [0x15, 0, 0, 0x80, 0x3f]);
        let one = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
        assert_eq!(Message::default().double(1, 1.0).into_bytes(), [&[0x09][..], &one].concat());
        assert_eq!(Message::default().doubles(6, [1.0]).into_bytes(), [&[0x32, 8][..], &one].concat());
    }
}
