//! The background of a picture that is cut so close that much of it, and of its rim, is ink: one of two levels.

use super::{
    background::{of_all, quantile},
    grey::Grey,
};

/// What the sides count for, in a sum in which all pixels count for 1 and all corners for 1.
const SIDES: f64 = 0.2;

/// The background, and how far from it ink begins; `None` if there is nothing but light and noise.
pub(super) fn two_levels(picture: &Grey) -> Option<(Grey, f32)> {
    // In a strip, as an upright 1 is, there is hardly anything but ink, which a surface would follow, too.
    let is_strip = picture.is_strip();
    if !is_strip && is_noise(&picture.minus(&of_all(picture))) {
        return None;
    }
    let (threshold, apart) = threshold(&picture.values)?;
    let by_sides = by_sides(picture, threshold);
    if by_sides.is_none() && !is_strip && apart < LEAST_APART {
        return None;
    }
    let fraction = |values: &[f32]| {
        values.iter().filter(|value| **value > threshold).count() as f64 / values.len() as f64
    };
    let (bottom, right) = (picture.values.len() - picture.n_columns, picture.n_columns - 1);
    let corners = [0, right, bottom, bottom + right].map(|i| picture.values[i]);
    // Ink in two pieces may leave the background in one.
    let by_sides = by_sides.map_or(0.0, |light| if light { SIDES } else { -SIDES });
    let light = fraction(&picture.values) + fraction(&corners) + by_sides > 1.0;
    let of_ground = picture.values.iter().copied().filter(|value| (*value > threshold) == light);
    let level = quantile(&of_ground.collect::<Vec<f32>>(), 0.5);
    let ground = Grey { values: vec![level; picture.values.len()], ..picture.clone() };
    Some((ground, (threshold - level).abs()))
}

/// Where sides do not tell ink, so much of the variance has to be between the levels: of blotches that are normal, 0.64 is, whatever
/// the threshold.
const LEAST_APART: f64 = 0.72;

/// The threshold that puts most of the variance between what is below and what is above it (N. Otsu, 1979), and this part of
/// the variance.
fn threshold(values: &[f32]) -> Option<(f32, f64)> {
    let mut values = values.to_vec();
    values.sort_by(f32::total_cmp);
    let all: f64 = values.iter().map(|v| f64::from(*v)).sum();
    let mean = all / values.len() as f64;
    let variance: f64 = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum();
    let (mut below, mut most, mut threshold) = (0.0, 0.0, None);
    for (i, pair) in values.windows(2).enumerate() {
        below += f64::from(pair[0]);
        let (n, m) = ((i + 1) as f64, (values.len() - i - 1) as f64);
        let between = n * m / (n + m) * (below / n - (all - below) / m).powi(2);
        if pair[0] < pair[1] && between > most {
            (most, threshold) = (between, Some((pair[0] + pair[1]) / 2.0));
        }
    }
    Some((threshold?, most / variance))
}

/// The squared differences between neighbours are at most this many times the variance: where nothing but noise differs from a
/// slope of light, they are 2 times that.
const MOST_NOISE: f64 = 1.7;

/// Whether neighbours differ nearly as much as any two pixels (J. von Neumann, 1941). The mean of all is 0.
fn is_noise(picture: &Grey) -> bool {
    let mean_square = |values: &mut dyn Iterator<Item = f32>| {
        let (mut sum, mut n) = (0.0, 0.0);
        values.for_each(|value| (sum, n) = (sum + f64::from(value).powi(2), n + 1.0));
        if n > 0.0 { sum / n } else { 0.0 }
    };
    let along = |picture: &Grey| {
        let rows = picture.values.chunks(picture.n_columns);
        mean_square(&mut rows.flat_map(|row| row.windows(2).map(|pair| pair[1] - pair[0])))
    };
    let variance = mean_square(&mut picture.values.iter().copied());
    along(picture) + along(&picture.transposed()) > 2.0 * MOST_NOISE * variance || variance < 1.0
}

/// Whether the background is the light level, by which of the two reaches all four sides in one piece. Ink that the picture is cut
/// to does, and parts the background into corners; or the background does, and there is a margin. `None` if neither can be seen.
fn by_sides(picture: &Grey, threshold: f32) -> Option<bool> {
    let sides = |light: bool| {
        let values = picture.values.iter().map(|value| f32::from((*value > threshold) == light)).collect();
        let level = Grey { values, ..picture.clone() };
        let pieces = level.pieces();
        (pieces.iter().any(|piece| n_sides(picture, piece) == 4), n_sides(picture, &pieces.concat()))
    };
    match (sides(true), sides(false)) {
        ((true, _), (false, 0)) | ((false, 3..), (true, _)) => Some(true),
        ((false, 0), (true, _)) | ((true, _), (false, 3..)) => Some(false),
        _ => None,
    }
}

/// How many sides of the picture these pixels touch.
fn n_sides(picture: &Grey, pixels: &[usize]) -> usize {
    let (rows, columns) = (picture.n_rows, picture.n_columns);
    let touches =
        |is_at: &dyn Fn(usize, usize) -> bool| pixels.iter().any(|i| is_at(i / columns, i % columns));
    let sides = [
        touches(&|row, _| row == 0),
        touches(&|_, column| column == 0),
        touches(&|row, _| row + 1 == rows),
        touches(&|_, column| column + 1 == columns),
    ];
    sides.into_iter().filter(|touched| *touched).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 30×20 pixels of paper, ink where `is_ink` says so, and little noise.
    fn picture(is_ink: impl Fn(usize, usize) -> bool) -> Grey {
        let value = |i: usize| if is_ink(i / 20, i % 20) { 40.0 } else { 198.0 + (i * i % 5) as f32 };
        Grey::new(30, 20, (0..600).map(value).collect())
    }

    #[test]
    fn ink_reaches_all_sides_or_the_background_has_most_pixels_and_corners() {
        let grounds = [
            // A thick slash, which has two corners and more than half of the pixels; with a margin.
            picture(|row, column| (20 * row).abs_diff(30 * column) < 240),
            picture(|row, column| (4..26).contains(&row) && (3..17).contains(&column)),
            // The bar of a five and its rest, which leave the background in one piece.
            picture(|row, column| {
                (row < 4 && column > 7) || (row > 8 && column < 4) || (row > 26 && column < 16)
            }),
        ];
        for ground in grounds {
            let (found, far) = two_levels(&ground).unwrap();
            assert!((197.0..=203.0).contains(&found.values[0]) && (70.0..90.0).contains(&far), "{far}");
        }
    }

    #[test]
    fn light_and_noise_are_no_levels() {
        assert_eq!(two_levels(&Grey::new(2, 2, vec![3.0; 4])), None);
        let noise = |i: usize| ((i * i * 37) % 101) as f32 / 4.0;
        let light = |i: usize| 3.0 * (i % 20) as f32 + 0.1 * ((i / 20) as f32).powi(2);
        for (of_noise, of_light) in [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            let value = |i: usize| of_noise * noise(i) + of_light * light(i);
            assert_eq!(two_levels(&Grey::new(30, 20, (0..600).map(value).collect())), None);
        }
    }
}
