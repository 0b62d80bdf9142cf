//! The way up that a camera notes in the file, by EXIF.

use super::grey::Picture;

/// The picture with what was up up, as the EXIF data say, if there are any.
pub(super) fn upright(picture: Picture, exif: Option<&[u8]>) -> Picture {
    turned(picture, exif.and_then(orientation).unwrap_or(1))
}

/// The tag "Orientation" of EXIF, 1 to 8.
fn orientation(exif: &[u8]) -> Option<u16> {
    // The mark of JPEG's segment, which has no place in a PNG and is there at times.
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let little = exif.starts_with(b"II");
    let bytes = |at: usize, n: usize| exif.get(at..at.checked_add(n)?);
    let short = |at: usize| {
        let pair = bytes(at, 2)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let long = |at: usize| {
        let four = bytes(at, 4)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    };
    let directory = long(4)? as usize;
    let entries = (0..usize::from(short(directory)?)).map(|i| directory.saturating_add(2 + 12 * i));
    let found = entries.take_while(|at| bytes(*at, 12).is_some()).find(|at| short(*at) == Some(0x0112))?;
    // A short by the standard; some write a long or a byte.
    let turn = match short(found + 2)? {
        1 => bytes(found + 8, 1)?[0].into(),
        4 => long(found + 8)?,
        _ => short(found + 8)?.into(),
    };
    u16::try_from(turn).ok().filter(|turn| (1..=8).contains(turn))
}

/// The picture turned and mirrored so that what was up is up, by EXIF's table: which of the four sides of the stored picture
/// are its first row and its first column.
fn turned(picture: Picture, orientation: u16) -> Picture {
    if orientation == 1 {
        return picture;
    }
    let (rows, columns) = (picture.n_rows, picture.n_columns);
    let lies = orientation >= 5;
    let (n_rows, n_columns) = if lies { (columns, rows) } else { (rows, columns) };
    let stored = |row: usize, column: usize| match orientation {
        2 => (row, columns - 1 - column),
        3 => (rows - 1 - row, columns - 1 - column),
        4 => (rows - 1 - row, column),
        5 => (column, row),
        6 => (rows - 1 - column, row),
        7 => (rows - 1 - column, columns - 1 - row),
        8 => (column, columns - 1 - row),
        _ => (row, column),
    };
    let mut pixels = Vec::with_capacity(picture.pixels.len());
    for row in 0..n_rows {
        for column in 0..n_columns {
            let (row, column) = stored(row, column);
            pixels.push(picture.pixels[row * columns + column]);
        }
    }
    Picture { n_rows, n_columns, pixels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_as_the_table_of_exif_says() {
        // 1 2
        // 3 4
        // 5 6
        let picture = || Picture { n_rows: 3, n_columns: 2, pixels: vec![1, 2, 3, 4, 5, 6] };
        let expected = [
            [1, 2, 3, 4, 5, 6],
            [2, 1, 4, 3, 6, 5],
            [6, 5, 4, 3, 2, 1],
            [5, 6, 3, 4, 1, 2],
            [1, 3, 5, 2, 4, 6],
            [5, 3, 1, 6, 4, 2],
            [6, 4, 2, 5, 3, 1],
            [2, 4, 6, 1, 3, 5],
        ];
        for (orientation, pixels) in (1..).zip(expected) {
            assert_eq!(turned(picture(), orientation).pixels, pixels, "{orientation}");
        }
    }

    #[test]
    fn exif_that_makes_no_sense_is_passed_over() {
        for exif in [&b""[..], b"MM", b"II\x2a\0\xff\xff\xff\xff", b"MM\0\x2a\0\0\0\x08\xff\xff"] {
            assert_eq!(orientation(exif), None);
        }
    }

    #[test]
    fn whatever_the_type_and_the_order_of_bytes() {
        // A directory of two entries, of which the second is the orientation, 6.
        let big = |kind: u8, value: [u8; 4]| {
            let mut exif = b"MM\0\x2a\0\0\0\x08\0\x02\x01\0\0\x04\0\0\0\x01\0\0\0\x09".to_vec();
            exif.extend([1, 0x12, 0, kind, 0, 0, 0, 1]);
            [exif, value.to_vec()].concat()
        };
        let little = |kind: u8| {
            let mut exif = b"II\x2a\0\x08\0\0\0\x02\0\0\x01\x04\0\x01\0\0\0\x09\0\0\0".to_vec();
            exif.extend([0x12, 1, kind, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
            exif
        };
        for exif in [
            big(3, [0, 6, 0, 0]),
            big(4, [0, 0, 0, 6]),
            big(1, [6, 0, 0, 0]),
            little(3),
            little(4),
            little(1),
        ] {
            assert_eq!(orientation(&exif), Some(6), "{exif:?}");
            assert_eq!(orientation(&[&b"Exif\0\0"[..], &exif].concat()), Some(6), "{exif:?}");
        }
        assert_eq!(orientation(&big(4, [0, 1, 0, 6])), None);
        assert_eq!(orientation(&big(4, [0, 6, 0, 0])), None);
    }
}
