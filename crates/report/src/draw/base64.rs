//! Numbers as text that a page can hold.

/// The base64 of the values as little-endian bytes. Source: RFC 4648, section 4.
pub(super) fn of_floats(values: &[f32]) -> String {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    of_bytes(&bytes)
}

fn of_bytes(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            // A byte that is not there leaves a digit that is not there either.
            let digit = ALPHABET[(bits >> (18 - 6 * i)) as usize % 64];
            text.push(if i <= chunk.len() { digit as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_standard() {
        // RFC 4648, section 10.
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(of_bytes(bytes.as_bytes()), text);
        }
        assert_eq!(of_bytes(&[0xfb, 0xff, 0xff]), "+///");
    }

    #[test]
    fn floats_are_little_endian() {
        // 1.0 is 0x3f800000: bytes 00 00 80 3f.
        assert_eq!(of_floats(&[1.0]), of_bytes(&[0, 0, 0x80, 0x3f]));
    }
}
