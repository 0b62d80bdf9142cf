//! `prepare_digit`: preprocesses a photo or drawing of a digit as the digits of MNIST were.
//!
//! MNIST's digits were scaled into a box of 20×20 pixels with their aspect kept, which left grey edges, and then moved
//! so that their centre of mass is the centre of 28×28 (LeCun, Cortes, Burges, "The MNIST database"). In the files, the
//! rows and columns of that centre average 14, counted from 0, and none is further than half a pixel away.
//!
//! A picture has to be cleaned first:
//! 1. [`Grey`]: large pictures are averaged down to at most 280 pixels a side, since a digit needs no more.
//! 2. [`without_edges`](others::without_edges): what lies along a side, straight and even, is cut off: a frame, the edge of a scanner.
//! 3. [`background`](background::background): the background is subtracted, also where light varies smoothly over it.
//! 4. [`ink`](ink::ink): what stands out most is ink, brighter or darker than the background; its contrast is stretched
//!    to 0…1, noise and specks are left out.
//! 5. [`prepare_digit`]: the rest is cut out, scaled and centred.
//!
//! That is all where ink stays clear of the rim of the picture. Where it does not, there are two reasons, tried in this order:
//! - There is more than paper: a table beside it, ruled lines, edges that are not even. All of them go from side to side;
//!   [`others`](others::remove_others) leaves them out. If nothing is left, there is no digit.
//! - There is less: the picture is cut to its ink. Then most of it may be ink, and [`levels`](levels::two_levels) tells from its
//!   corners and sides which of two levels is the background, unless the picture is nothing but light and noise.

mod background;
mod grey;
mod ink;
mod levels;
mod others;

use grey::Grey;

/// A picture as a network sees it: the result of [`prepare_digit`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Digit {
    /// Rows and columns.
    pub side: usize,
    /// A byte per pixel, row after row: 0 is background, 255 full ink.
    pub pixels: Vec<u8>,
    /// Whether the picture was dark on light.
    pub dark_on_light: bool,
}

/// Cuts the digit out of a grey picture of any size, and scales and centres it as MNIST's were, into `side × side` pixels.
///
/// Whether it is dark on light or light on dark is found out, uneven light and noise are removed, and the contrast is
/// stretched: see the top of this file for the steps. `None` if nothing stands out in the picture.
///
/// One digit is expected, with background on most of the picture, or cut so close that its ink is at the rim; it need not be in
/// the middle. What lies along a whole side of the picture, and lines from side to side, are left out. What else stands out, a
/// second digit, say, is taken for a part of it.
///
/// # Shapes
/// `pixels`: rows of `n_columns` values, 0 black to 255 white.
///
/// # Panics
/// Unless there are whole rows, at least one, and `side` is above 0.
///
/// # Examples
/// ```
/// use chainrule_mnist::prepare_digit;
/// // A black bar of 10×50 pixels on white, in a corner of 100×80.
/// let bar = |i: usize| if (5..15).contains(&(i % 100)) && (20..70).contains(&(i / 100)) { 0 } else { 255 };
/// let digit = prepare_digit(&(0..8000).map(bar).collect::<Vec<u8>>(), 100, 28).unwrap();
/// assert!(digit.dark_on_light);
/// let ink: Vec<usize> = (0..784).filter(|&i| digit.pixels[i] > 127).collect();
/// assert_eq!(ink.len(), 20 * 4); // it is 20 pixels high, and a fifth of that wide,
/// assert_eq!((ink[0], ink[79]), (5 * 28 + 13, 24 * 28 + 16)); // in the middle
/// assert_eq!(prepare_digit(&[200; 8000], 100, 28), None);
/// ```
#[track_caller]
pub fn prepare_digit(pixels: &[u8], n_columns: usize, side: usize) -> Option<Digit> {
    let n_rows = pixels.len().checked_div(n_columns).unwrap_or(0);
    assert!(
        n_rows > 0 && n_rows * n_columns == pixels.len() && side > 0,
        "{} pixels in rows of {n_columns}, for {side}×{side}",
        pixels.len()
    );
    let picture = Grey::reduced(pixels, n_columns);
    let (ink, dark_on_light) = ink::ink(&picture)?;
    let digit = ink.cropped()?;
    // The fraction of the side that digits have in MNIST, rounded; a pixel at least.
    let longer = ((side * 20 + 14) / 28).max(1);
    let scale = longer as f64 / digit.n_rows.max(digit.n_columns) as f64;
    let scaled_to = |n: usize| ((n as f64 * scale).round() as usize).clamp(1, longer);
    let digit = digit.resized(scaled_to(digit.n_rows), scaled_to(digit.n_columns));
    Some(Digit { side, pixels: centred(&digit, side), dark_on_light })
}

/// The digit moved, by whole pixels as in MNIST, so that its centre of mass is in the middle, and its darkest pixel full
/// ink.
fn centred(digit: &Grey, side: usize) -> Vec<u8> {
    let (mut mass, mut row_sum, mut column_sum, mut most) = (0.0, 0.0, 0.0, 0.0_f32);
    for (i, &value) in digit.values.iter().enumerate() {
        mass += f64::from(value);
        row_sum += f64::from(value) * (i / digit.n_columns) as f64;
        column_sum += f64::from(value) * (i % digit.n_columns) as f64;
        most = most.max(value);
    }
    let middle = (side / 2) as f64;
    let first = |sum: f64, n: usize| (middle - sum / mass).round().clamp(0.0, (side - n) as f64) as usize;
    let (top, left) = (first(row_sum, digit.n_rows), first(column_sum, digit.n_columns));
    let mut pixels = vec![0; side * side];
    for (i, &value) in digit.values.iter().enumerate() {
        let (row, column) = (top + i / digit.n_columns, left + i % digit.n_columns);
        pixels[row * side + column] = (255.0 * value / most).round() as u8;
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_that_is_as_in_mnist_stays_as_it_is() {
        // A ring of 20×16 pixels, whose centre of mass, at half a pixel before 14, may be moved to half a pixel behind.
        let mut pixels = vec![0; 784];
        for (row, column) in (4..24).flat_map(|row| (6..22).map(move |column| (row, column))) {
            if !(7..21).contains(&row) || !(9..19).contains(&column) {
                pixels[row * 28 + column] = 255;
            }
        }
        let digit = prepare_digit(&pixels, 28, 28).unwrap();
        assert!(!digit.dark_on_light);
        let is_moved_by = |n: usize| digit.pixels[n..] == pixels[..784 - n];
        assert!([0, 1, 28, 29].into_iter().any(is_moved_by));
        // And dark on light it is the same.
        let inverted: Vec<u8> = pixels.iter().map(|pixel| 255 - pixel).collect();
        let same = prepare_digit(&inverted, 28, 28).unwrap();
        assert_eq!((same.pixels, same.dark_on_light), (digit.pixels, true));
    }

    #[test]
    fn size_place_and_light_do_not_matter() {
        // An L, which shows if something is turned or mirrored.
        let l = |x: f64, y: f64| {
            (0.0..0.3).contains(&x) && (0.0..1.0).contains(&y)
                || (0.0..0.7).contains(&x) && (0.75..1.0).contains(&y)
        };
        let picture = |size: f64, left: f64, slope: f64| -> Vec<u8> {
            let pixel = |i: usize| {
                let (x, y) = ((i % 300) as f64, (i / 300) as f64);
                let light = 150.0 + slope * (x + y - 250.0) / 300.0;
                if l((x - left) / size, (y - 30.0) / size) { light * 0.4 } else { light }
            };
            (0..300 * 200).map(|i| pixel(i) as u8).collect()
        };
        let expected = prepare_digit(&picture(40.0, 20.0, 0.0), 300, 28).unwrap();
        let inked = expected.pixels.iter().filter(|pixel| **pixel > 127).count();
        assert_eq!(inked, 20 * 6 + 8 * 5); // 0.3 and 0.7 of 20 wide, and a quarter high
        for (size, left, slope) in [(40.0, 230.0, 0.0), (160.0, 100.0, 0.0), (100.0, 60.0, 70.0)] {
            let digit = prepare_digit(&picture(size, left, slope), 300, 28).unwrap();
            let differences = digit.pixels.iter().zip(&expected.pixels).filter(|(a, b)| a.abs_diff(**b) > 90);
            assert_eq!(differences.count(), 0, "size {size}, left {left}, slope {slope}");
        }
    }

    #[test]
    fn a_frame_and_a_missing_margin_change_nothing() {
        // A seven, 60 pixels high, in the middle of 100×100; the same in a frame of one pixel; and cut to its ink.
        let seven = |row: usize, column: usize| {
            (20..80).contains(&row)
                && (30..70).contains(&column)
                && (row < 30 || (column as f64 - (65.0 - 0.5 * (row as f64 - 30.0))).abs() < 6.0)
        };
        let black = |is_ink: bool| if is_ink { 0_u8 } else { 255 };
        let plain: Vec<u8> = (0..10_000).map(|i| black(seven(i / 100, i % 100))).collect();
        let at_rim = |i: usize| [i / 100, i % 100].iter().any(|place| place.is_multiple_of(99));
        let framed: Vec<u8> = (0..10_000).map(|i| if at_rim(i) { 0 } else { plain[i] }).collect();
        let cut: Vec<u8> =
            (20..80).flat_map(|row| (30..70).map(move |column| black(seven(row, column)))).collect();
        let expected = prepare_digit(&plain, 100, 28).unwrap();
        assert_eq!(prepare_digit(&framed, 100, 28), Some(expected.clone()));
        assert_eq!(prepare_digit(&cut, 40, 28), Some(expected.clone()));
        // A frame of three pixels, a pixel from the ink.
        let close: Vec<u8> = (0..68 * 48)
            .map(|i| match (i / 48, i % 48) {
                (row @ 3..65, column @ 3..45) => plain[100 * (row + 16) + column + 26],
                _ => 0,
            })
            .collect();
        assert_eq!(prepare_digit(&close, 48, 28), Some(expected.clone()));
        let inverted: Vec<u8> = framed.iter().map(|value| 255 - value).collect();
        assert_eq!(prepare_digit(&inverted, 100, 28), Some(Digit { dark_on_light: false, ..expected }));
    }

    #[test]
    fn a_straight_one_is_a_digit_and_an_empty_page_in_a_frame_is_none() {
        // 40×8 pixels of ink with a margin; and 40×30 pixels of paper in a frame.
        let within = |margin: usize, n_columns: usize, inner: u8, outer: u8| -> Option<Digit> {
            let (rows, columns) = (40 + 2 * margin, n_columns + 2 * margin);
            let is_inner = |i: usize| {
                (margin..margin + 40).contains(&(i / columns))
                    && (margin..margin + n_columns).contains(&(i % columns))
            };
            let pixels: Vec<u8> =
                (0..rows * columns).map(|i| if is_inner(i) { inner } else { outer }).collect();
            prepare_digit(&pixels, columns, 28)
        };
        for margin in [3, 8] {
            let one = within(margin, 8, 30, 220).unwrap();
            assert_eq!(one.pixels.iter().filter(|pixel| **pixel == 255).count(), 20 * 4, "{margin}");
            assert!(one.dark_on_light);
        }
        for margin in [1, 2, 3, 4] {
            assert_eq!(within(margin, 30, 220, 30), None, "{margin}");
        }
    }

    #[test]
    fn any_size_of_picture_and_of_result_has_an_answer() {
        for (rows, columns) in [(1, 1), (1, 9), (9, 1), (2, 2), (3, 700)] {
            let pixels: Vec<u8> = (0..rows * columns).map(|i| (i * 89 % 256) as u8).collect();
            for side in [1, 2, 8, 28, 64] {
                let digit = prepare_digit(&pixels, columns, side);
                assert!(digit.is_none_or(|digit| digit.pixels.len() == side * side));
            }
        }
    }
}
