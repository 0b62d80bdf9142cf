//! Segments the ink from the background, and stretches its contrast to 0…1.

use super::{
    background::{background, of_paper, quantile},
    grey::Grey,
    levels::two_levels,
    others::{remove_others, without_edges},
};

/// Fewer levels of grey (of 255) than this between ink and background are no contrast.
const LEAST_CONTRAST: f32 = 8.0;

/// The fractions of full ink that count as none, and as full: noise is removed and strokes are even inside.
const NONE: f32 = 0.25;
const FULL: f32 = 0.75;

/// Ink 0…1, and whether it is darker than the background; `None` if nothing stands out.
pub(super) fn ink(picture: &Grey) -> Option<(Grey, bool)> {
    let inner = without_edges(picture);
    // A stroke with a margin looks like a frame with nothing in it, and what is left of a slanted edge looks like ink.
    match inner.is_strip() {
        true => found(&inner).or_else(|| found(picture)),
        false => found(picture).and_then(|_| found(&inner)),
    }
}

/// The ink of a picture without edges.
///
/// Ink that reaches the rim of the picture may be something else, such as a table, or what is taken for background may be a
/// frame: then that is left out. If there is nothing to leave out, the picture is cut so close that ink is at its rim.
fn found(picture: &Grey) -> Option<(Grey, bool)> {
    let is_whole = |found: &Option<(Grey, bool)>| found.as_ref().is_some_and(|(ink, _)| !is_at_rim(ink));
    let of_most = |ink: Grey| {
        let far = beyond_noise(&ink);
        stretched(ink, far)
    };
    let simply = of_most(picture.minus(&background(picture)));
    if is_whole(&simply) {
        return simply;
    }
    let mut paper = picture.minus(&of_paper(picture));
    let far = beyond_noise(&paper).max(LEAST_CONTRAST);
    let has_others = remove_others(&mut paper, far);
    let without = if has_others { of_most(paper) } else { None };
    // Else the bar of a 7 that is cut out may have been taken for an edge.
    if is_whole(&without) || (has_others && without.is_none()) {
        return without;
    }
    let cut_close = || {
        let (ground, far) = two_levels(picture)?;
        stretched(picture.minus(&ground), far)
    };
    cut_close().or(without).or(simply)
}

/// Whether there is ink in the outermost two rows or columns of any side.
fn is_at_rim(ink: &Grey) -> bool {
    ink.values.iter().enumerate().any(|(i, value)| {
        let (row, column) = (i / ink.n_columns, i % ink.n_columns);
        let from_rim = row.min(column).min(ink.n_rows - 1 - row).min(ink.n_columns - 1 - column);
        *value > 0.0 && from_rim < 2
    })
}

/// What is further from the background is no noise, in a picture that is mostly background: six times the median distance.
fn beyond_noise(ink: &Grey) -> f32 {
    let distances: Vec<f32> = ink.values.iter().map(|value| value.abs()).collect();
    6.0 * quantile(&distances, 0.5)
}

/// Ink 0…1 from the distances to the background, of which those up to `far` are no ink.
fn stretched(mut ink: Grey, far: f32) -> Option<(Grey, bool)> {
    // The background is most of the picture, so what is far from it is ink: cubes let the far side win.
    let dark_on_light = ink.values.iter().map(|v| f64::from(*v).powi(3)).sum::<f64>() < 0.0;
    if dark_on_light {
        ink.values.iter_mut().for_each(|value| *value = -*value);
    }
    // Full ink is further than most that stands out. A single pixel of noise may be a little too far.
    let outstanding = |value: &f32| *value > far.max(LEAST_CONTRAST);
    let outstanding: Vec<f32> = ink.values.iter().copied().filter(outstanding).collect();
    let full = if outstanding.is_empty() { 0.0 } else { quantile(&outstanding, 0.8) };
    if full <= 1.5 * far {
        return None;
    }
    for value in &mut ink.values {
        *value = ((*value / full - NONE) / (FULL - NONE)).clamp(0.0, 1.0);
    }
    remove_specks(&mut ink);
    Some((ink, dark_on_light))
}

/// Pieces of ink with less than this fraction of the largest piece are specks. The bar of a 5 has more.
const SPECK: f32 = 0.06;

/// Removes small pieces of ink.
fn remove_specks(ink: &mut Grey) {
    let pieces = ink.pieces();
    let mass = |piece: &[usize]| piece.iter().map(|&i| ink.values[i]).sum::<f32>();
    let masses: Vec<f32> = pieces.iter().map(|piece| mass(piece)).collect();
    let largest = masses.iter().copied().fold(0.0, f32::max);
    for (piece, mass) in pieces.iter().zip(masses) {
        if mass < SPECK * largest {
            piece.iter().for_each(|&i| ink.values[i] = 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20×20 pixels of 100, with a bar of 3×12 pixels and a speck.
    fn picture(bar: f32, speck: f32) -> Grey {
        let value = |i: usize| match (i / 20, i % 20) {
            (4..16, 9..12) => bar,
            (2, 2) => speck,
            _ => 100.0,
        };
        Grey::new(20, 20, (0..400).map(value).collect())
    }

    #[test]
    fn what_differs_is_ink_whichever_side_it_is_on() {
        for (bar, dark) in [(20.0, true), (180.0, false)] {
            let (found, dark_on_light) = ink(&picture(bar, bar)).unwrap();
            assert_eq!(dark_on_light, dark);
            for (i, value) in found.values.iter().enumerate() {
                let expected = matches!((i / 20, i % 20), (4..16, 9..12)); // the speck is gone
                assert_eq!(*value, f32::from(u8::from(expected)), "at {i}");
            }
        }
    }

    #[test]
    fn greys_are_stretched_from_a_quarter_to_three_quarters() {
        let mut picture = picture(20.0, 100.0);
        for (i, grey) in [(4, 84.0), (5, 60.0), (6, 36.0)] {
            picture.values[20 * i + 10] = grey; // 20, 50 and 80 % of the way
        }
        let found = ink(&picture).unwrap().0;
        assert_eq!([4, 5, 6].map(|row| found.values[20 * row + 10]), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn nothing_stands_out_where_there_is_no_contrast() {
        assert_eq!(ink(&picture(100.0, 100.0)), None);
        assert_eq!(ink(&picture(93.0, 93.0)), None);
        // Noise alone, which repeats only after 101 pixels.
        let noise = (0..400).map(|i| 100.0 + ((i * i) % 101) as f32 / 4.0).collect();
        assert_eq!(ink(&Grey::new(20, 20, noise)), None);
    }
}
