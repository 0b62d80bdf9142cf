//! A grey picture, how large one may be, and how bright a colour is.

/// A grey picture, row after row, 0 black to 255 white.
#[derive(Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) n_rows: usize,
    pub(crate) n_columns: usize,
    pub(crate) pixels: Vec<u8>,
}

/// The largest picture that is read: what telephones take fits, and a gigabyte of memory is never wanted.
pub(super) const MOST_PIXELS: u64 = 64_000_000;
const LONGEST_SIDE: u64 = 16_384;

/// Refuses pictures without pixels and those that are too large.
pub(super) fn check_size(n_columns: u64, n_rows: u64) -> Result<(), String> {
    let n_pixels = n_columns.saturating_mul(n_rows);
    if n_pixels == 0 {
        return Err(format!("a picture of {n_columns}×{n_rows} pixels, expected at least 1×1"));
    }
    if n_columns.max(n_rows) > LONGEST_SIDE || n_pixels > MOST_PIXELS {
        let most = MOST_PIXELS / 1_000_000;
        return Err(format!(
            "a picture of {n_columns}×{n_rows} pixels, expected at most {LONGEST_SIDE} a side and {most} million in all"
        ));
    }
    Ok(())
}

/// How bright a colour is to the eye (ITU-R BT.601, as JPEG has it).
pub(super) fn brightness(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    ((sum + 500) / 1000) as u8
}

/// The greatest value of a picture of 16 bits that has none above `largest`: 8, 10 or 12 bits in a file of 16 are a range
/// of their own, in which the picture would be all but black otherwise.
pub(super) fn greatest(largest: u64) -> u64 {
    (largest + 1).next_power_of_two().max(256) - 1
}
