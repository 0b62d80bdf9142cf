//! SHA-256 digests, which tell data sets apart.

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
    pub(crate) const fn from_hex(digits: &str) -> Digest {
        let digits = digits.as_bytes();
        assert!(digits.len() == 64, "a SHA-256 digest has 64 hexadecimal digits");
        let mut bytes = [0; 32];
        let mut i = 0;
        // Constant evaluation knows no iterators.
        while i < 32 {
            bytes[i] = 16 * hex_value(digits[2 * i]) + hex_value(digits[2 * i + 1]);
            i += 1;
        }
        Digest(bytes)
    }
}

const fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => panic!("not a lower-case hexadecimal digit"),
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
