//! JPEG, by the crate `zune-jpeg`, and the way up that a camera notes in the file.

use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{LONGEST_SIDE, Picture, brightness, check_size};

pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    if let Some((n_columns, n_rows)) = size(bytes) {
        check_size(n_columns.into(), n_rows.into())?;
    }
    let most = LONGEST_SIDE as usize;
    // Strict: otherwise what is missing of a file that breaks off would be grey.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(most)
        .set_max_height(most)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let not_whole = |cause| format!("not a whole JPEG: {cause:?}");
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let values = decoder.decode().map_err(not_whole)?;
    let (n_columns, n_rows) = decoder.dimensions().ok_or("a JPEG without a size")?;
    let pixels: Vec<u8> =
        values.as_chunks::<3>().0.iter().map(|&[red, green, blue]| brightness(red, green, blue)).collect();
    let picture = Picture { n_rows, n_columns, pixels };
    Ok(upright(picture, decoder.exif().map_or(1, |exif| orientation(exif).unwrap_or(1))))
}

/// The width and the height of the frame, before anything is read by them.
fn size(bytes: &[u8]) -> Option<(u16, u16)> {
    let number = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        match *bytes.get(at + 1)? {
            0xff => at += 1, // a fill byte
            // All frames but DHT, JPG and DAC, which share their range.
            0xc0..=0xcf if !matches!(bytes[at + 1], 0xc4 | 0xc8 | 0xcc) => {
                return Some((number(at + 7)?, number(at + 5)?));
            }
            0xda => return None,
            _ => at += 2 + usize::from(number(at + 2)?),
        }
    }
}

/// The tag "Orientation" of EXIF, 1 to 8.
fn orientation(exif: &[u8]) -> Option<u16> {
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
    short(found + 8).filter(|turn| (1..=8).contains(turn))
}

/// The picture turned and mirrored so that what was up is up, by EXIF's table: which of the four sides of the stored picture
/// are its first row and its first column.
fn upright(picture: Picture, orientation: u16) -> Picture {
    if orientation == 1 {
        return picture;
    }
    let (rows, columns) = (picture.n_rows, picture.n_columns);
    let turned = orientation >= 5;
    let (n_rows, n_columns) = if turned { (columns, rows) } else { (rows, columns) };
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
