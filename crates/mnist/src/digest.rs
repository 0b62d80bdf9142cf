//! SHA-256 digests, which identify data sets.

use std::fmt;

/// A SHA-256 digest; prints as 64 lower-case hexadecimal digits, as `sha256sum` does.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub(crate) [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_order_with_two_digits_each() {
        let mut bytes = [0x5c; 32];
        (bytes[0], bytes[31]) = (0x0a, 0xff);
        assert_eq!(Digest(bytes).to_string(), format!("0a{}ff", "5c".repeat(30)));
        assert_eq!(format!("{:?}", Digest(bytes)), format!("Digest({})", Digest(bytes)));
    }
}
