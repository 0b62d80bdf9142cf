//! Writing messages.

/// A message that is being written: fields one behind the other, in the order in which they are added. The reference
/// implementation writes them in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Vec<u8>);

impl Message {
    /// A message without fields.
    pub fn new() -> Self {
        Message::default()
    }

    fn varint(mut self, mut value: u64) -> Self {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// Adds a whole number.
    pub fn number(self, field: u32, value: u64) -> Self {
        self.varint(8 * u64::from(field)).varint(value)
    }

    /// Adds a 64-bit float.
    pub fn double(self, field: u32, value: f64) -> Self {
        self.varint(8 * u64::from(field) + 1).raw(&value.to_le_bytes())
    }

    /// Adds a 32-bit float.
    pub fn float(self, field: u32, value: f32) -> Self {
        self.varint(8 * u64::from(field) + 5).raw(&value.to_le_bytes())
    }

    /// Adds bytes.
    pub fn bytes(self, field: u32, bytes: &[u8]) -> Self {
        self.varint(8 * u64::from(field) + 2).varint(bytes.len() as u64).raw(bytes)
    }

    /// Adds a text.
    pub fn text(self, field: u32, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    /// Adds a message.
    pub fn message(self, field: u32, message: Message) -> Self {
        self.bytes(field, &message.0)
    }

    /// Adds a list of 64-bit floats, packed into one field.
    pub fn doubles(self, field: u32, values: impl IntoIterator<Item = f64>) -> Self {
        let bytes: Vec<u8> = values.into_iter().flat_map(f64::to_le_bytes).collect();
        self.bytes(field, &bytes)
    }

    /// Adds a field for each of several things, as `add` does it.
    ///
    /// # Examples
    /// ```
    /// use chainrule_protobuf::Message;
    /// let sizes = Message::new().each([2, 3], |message, size| message.number(1, size));
    /// assert_eq!(sizes, Message::new().number(1, 2).number(1, 3));
    /// ```
    pub fn each<T>(self, all: impl IntoIterator<Item = T>, add: impl Fn(Message, T) -> Message) -> Self {
        all.into_iter().fold(self, add)
    }

    /// The bytes of the message.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        // "Test1" with a = 150, "Test2" with b = "testing", "Test3" with c = Test1.
        let of_150 = || Message::new().number(1, 150);
        assert_eq!(of_150().into_bytes(), [0x08, 0x96, 0x01]);
        let text = Message::new().text(2, "testing").into_bytes();
        assert_eq!(text, [0x12, 0x07, b't', b'e', b's', b't', b'i', b'n', b'g']);
        let nested = Message::new().message(3, of_150()).into_bytes();
        assert_eq!(nested, [0x1a, 0x03, 0x08, 0x96, 0x01]);
    }

    #[test]
    fn floats_are_their_bytes_from_the_lowest_on() {
        assert_eq!(Message::new().float(2, 1.0).into_bytes(), [0x15, 0, 0, 0x80, 0x3f]);
        let one = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
        assert_eq!(Message::new().double(1, 1.0).into_bytes(), [&[0x09][..], &one].concat());
        assert_eq!(Message::new().doubles(6, [1.0]).into_bytes(), [&[0x32, 8][..], &one].concat());
    }
}
