//! SHA-256 digests, which identify data sets.

use std::fmt;

/// A SHA-256 digest; prints as 64 lower-case hexadecimal digits, as `sha256sum` does.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn new(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    /// Reads 64 hexadecimal digits. For constants alone: a mistake there does not compile.
    pub(crate) const fn from_hex(mut digits: &str) -> Digest {
        assert!(digits.len() == 64, "a SHA-256 digest has 64 hexadecimal digits");
        let (mut bytes, mut i) = ([0; 32], 0);
        // Constant evaluation knows no iterators.
        while i < 32 {
            let (byte, rest) = digits.split_at(2);
            bytes[i] = match u8::from_str_radix(byte, 16) {
                Ok(byte) => byte,
                Err(_) => panic!("not a hexadecimal digit"),
            };
            (digits, i) = (rest, i + 1);
        }
        Digest(bytes)
    }
}

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
    fn digits_come_back_as_they_were() {
        // The first and the last byte show the order of bytes and of digits.
        const HEX: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f900112233445566778899aabbccddeeff";
        let digest = Digest::from_hex(HEX);
        assert_eq!((digest.as_bytes()[0], digest.as_bytes()[31]), (0x0a, 0xff));
        assert_eq!(digest.to_string(), HEX);
    }
}
