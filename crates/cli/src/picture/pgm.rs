//! PGM, the plain format P2 and the binary P5 (netpbm's page "pgm"): small enough to be read by hand.

use super::grey::{Picture, check_size, greatest};

pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    let mut words = Words { rest: &bytes[2..] };
    let n_columns = words.number("width")?;
    let n_rows = words.number("height")?;
    check_size(n_columns, n_rows)?;
    let most = words.number("greatest value")?;
    if !(1..=65_535).contains(&most) {
        return Err(format!("a PGM with the greatest value {most}, expected 1 to 65535"));
    }
    let (n_rows, n_columns) = (n_rows as usize, n_columns as usize);
    let expected = n_rows * n_columns;
    let checked = |value: u64| match value <= most {
        true => Ok(value as u16),
        false => Err(format!("a PGM with the value {value}, expected 0 to {most}")),
    };
    let values = match bytes[1] {
        b'2' => {
            (0..expected).map(|_| words.number("pixel").and_then(checked)).collect::<Result<Vec<u16>, _>>()?
        }
        _ => {
            // One white space separates the header from the pixels.
            let raster = words.rest.get(1..).unwrap_or_default();
            let width = if most < 256 { 1 } else { 2 };
            let raster = raster.get(..width * expected).ok_or_else(|| {
                format!(
                    "a PGM that breaks off after {} of {} bytes of pixels",
                    raster.len(),
                    width * expected
                )
            })?;
            let value = |bytes: &[u8]| bytes.iter().fold(0, |value, byte| 256 * value + u64::from(*byte));
            raster.chunks(width).map(|bytes| checked(value(bytes))).collect::<Result<Vec<u16>, _>>()?
        }
    };
    let largest = values.iter().max().copied().unwrap_or(0);
    let most = if most > 255 { most.min(greatest(largest.into())) } else { most };
    let pixels = values.iter().map(|value| ((255 * u64::from(*value) + most / 2) / most) as u8).collect();
    Ok(Picture { n_rows, n_columns, pixels })
}

/// The numbers of the header, and the pixels of P2.
struct Words<'a> {
    rest: &'a [u8],
}

impl Words<'_> {
    /// The next number, behind white space and comments, which go from # to the end of the line.
    fn number(&mut self, what: &str) -> Result<u64, String> {
        while let Some((&byte, rest)) = self.rest.split_first() {
            match byte {
                b'#' => self.rest = &rest[rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())..],
                _ if byte.is_ascii_whitespace() => self.rest = rest,
                _ => break,
            }
        }
        let n_digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(n_digits);
        self.rest = rest;
        let number = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        number.ok_or_else(|| match (n_digits, rest) {
            (0, []) => format!("a PGM that breaks off before its {what}"),
            (0, _) => format!("a PGM without a number for its {what}"),
            _ => format!("a PGM with a {what} of {n_digits} digits"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let expected = Picture { n_rows: 2, n_columns: 3, pixels: vec![0, 51, 255, 255, 51, 0] };
        assert_eq!(decode(b"P2\n# a comment\n3 2 # and one\n5\n0 1 5\n5 1 0\n").unwrap(), expected);
        assert_eq!(decode(b"P5 3 2 5\n\x00\x01\x05\x05\x01\x00").unwrap(), expected);
        let wide = b"P5 3 2 65535\n\x00\x00\x33\x33\xff\xff\xff\xff\x33\x33\x00\x00";
        assert_eq!(decode(wide).unwrap(), expected);
        // 8 and 12 bits in files of 16.
        assert_eq!(decode(b"P2 3 2 65535\n0 51 255 255 51 0\n").unwrap(), expected);
        assert_eq!(decode(b"P2 3 2 65535\n0 819 4095 4095 819 0\n").unwrap(), expected);
    }

    #[test]
    fn anything_else_is_one_sentence() {
        let error = |bytes: &[u8]| decode(bytes).unwrap_err();
        assert_eq!(error(b"P5"), "a PGM that breaks off before its width");
        assert_eq!(error(b"P5 x"), "a PGM without a number for its width");
        assert!(error(b"P5 0 4 255\n").contains("0×4 pixels"));
        assert!(error(b"P5 20000 20000 255\n").contains("20000×20000 pixels, expected at most"));
        assert!(error(b"P5 99999999999999999999 1 255\n").contains("of 20 digits"));
        assert!(error(b"P5 1 1 0\n\x00").contains("greatest value 0"));
        assert!(error(b"P5 1 1 65536\n\x00\x00").contains("greatest value 65536"));
        assert_eq!(error(b"P5 2 2 255\n\x01\x02\x03"), "a PGM that breaks off after 3 of 4 bytes of pixels");
        assert_eq!(error(b"P2 2 1 255\n7"), "a PGM that breaks off before its pixel");
        assert_eq!(error(b"P2 1 1 9\n10"), "a PGM with the value 10, expected 0 to 9");
        // Memory follows what is there, not what is claimed.
        assert!(error(b"P2 8000 8000 255\n7").contains("breaks off"));
    }
}
