//! Estimates the background of a picture: a constant level, or a quadratic surface fitted robustly.

use super::grey::Grey;

/// 1, x, y, x², xy, y².
const N_TERMS: usize = 6;

/// How often the surface is fitted again, with what is far from it counting less.
const ROUNDS: usize = 8;

/// The background: one level, where the edge of the picture has one. Otherwise the surface of second degree that fits most
/// of the picture, so that a slope of light, and a lens that is darker towards its corners, are followed, and ink is not.
///
/// Least squares with Tukey's weights (1 − (r/6m)²)², where m is the median of all |r|: values far from the surface
/// count for nothing.
pub(super) fn background(picture: &Grey) -> Grey {
    match even(picture) {
        Some(level) => Grey { values: vec![level; picture.values.len()], ..picture.clone() },
        None => surface(picture, vec![1.0; picture.values.len()]),
    }
}

/// The surface of second degree that fits what is near to the median: paper, where something large and dark lies beside it.
pub(super) fn of_paper(picture: &Grey) -> Grey {
    let level = quantile(&picture.values, 0.5);
    let distances: Vec<f32> = picture.values.iter().map(|value| (value - level).abs()).collect();
    surface(picture, weights_of(&distances))
}

/// Tukey's weights. The reach is at least six levels of grey, so that a picture without noise does not divide by 0.
fn weights_of(distances: &[f32]) -> Vec<f64> {
    let reach = 6.0 * quantile(distances, 0.5).max(1.0);
    let weight = |distance: &f32| (1.0 - f64::from(distance / reach).powi(2)).max(0.0).powi(2);
    distances.iter().map(weight).collect()
}

/// The surface of second degree that fits most of the picture, from first weights on.
fn surface(picture: &Grey, mut weights: Vec<f64>) -> Grey {
    let terms = terms_of(picture);
    let mut surface = picture.clone();
    for _ in 0..ROUNDS {
        surface.values = fitted(&terms, &picture.values, &weights);
        let distances: Vec<f32> =
            picture.values.iter().zip(&surface.values).map(|(v, s)| (v - s).abs()).collect();
        weights = weights_of(&distances);
    }
    surface
}

/// The surface of second degree that fits all of the picture, ink and background alike.
pub(super) fn of_all(picture: &Grey) -> Grey {
    let values = fitted(&terms_of(picture), &picture.values, &vec![1.0; picture.values.len()]);
    Grey { values, ..picture.clone() }
}

/// The level of the background, if it is the same along most of the picture's edge. This finds it in pictures that
/// are cut so close that much of them is ink.
fn even(picture: &Grey) -> Option<f32> {
    let (rows, columns) = (picture.n_rows, picture.n_columns);
    let on_edge = |i: usize| {
        let (row, column) = (i / columns, i % columns);
        row == 0 || column == 0 || row + 1 == rows || column + 1 == columns
    };
    let edge: Vec<f32> =
        (0..picture.values.len()).filter(|&i| on_edge(i)).map(|i| picture.values[i]).collect();
    let level = quantile(&edge, 0.5);
    let distances = |values: &[f32]| values.iter().map(|value| (value - level).abs()).collect::<Vec<f32>>();
    let most = quantile(&distances(&picture.values), 0.99);
    (quantile(&distances(&edge), 0.7) < 0.1 * most).then_some(level)
}

fn terms_of(picture: &Grey) -> Vec<[f64; N_TERMS]> {
    let at = |i: usize, n: usize| (2.0 * i as f64 + 1.0) / n as f64 - 1.0;
    let terms = |i: usize| {
        let (x, y) =
            (at(i % picture.n_columns, picture.n_columns), at(i / picture.n_columns, picture.n_rows));
        [1.0, x, y, x * x, x * y, y * y]
    };
    (0..picture.values.len()).map(terms).collect()
}

/// The values of the sum of terms that is nearest to `values`.
fn fitted(terms: &[[f64; N_TERMS]], values: &[f32], weights: &[f64]) -> Vec<f32> {
    let factors = least_squares(terms, values, weights);
    terms.iter().map(|terms| terms.iter().zip(&factors).map(|(t, f)| t * f).sum::<f64>() as f32).collect()
}

/// The factors of the terms that minimise the weighted sum of squared distances to `values`.
fn least_squares(terms: &[[f64; N_TERMS]], values: &[f32], weights: &[f64]) -> [f64; N_TERMS] {
    let mut system = [[0.0; N_TERMS + 1]; N_TERMS];
    for ((terms, &value), &weight) in terms.iter().zip(values).zip(weights) {
        for (row, term) in system.iter_mut().zip(terms) {
            for (sum, other) in row.iter_mut().zip(terms.iter().chain(&[f64::from(value)])) {
                *sum += weight * term * other;
            }
        }
    }
    // Pictures of few rows or columns leave factors open: these are then 0.
    let little = 1e-9 * (system[0][0] + 1.0);
    for (i, row) in system.iter_mut().enumerate() {
        row[i] += little;
    }
    solve(system)
}

/// Gaussian elimination; the system is positive definite, so no rows have to be swapped.
fn solve(mut system: [[f64; N_TERMS + 1]; N_TERMS]) -> [f64; N_TERMS] {
    for i in 0..N_TERMS {
        let pivot = system[i].map(|value| value / system[i][i]);
        system[i] = pivot;
        for (_, row) in system.iter_mut().enumerate().filter(|(j, _)| *j != i) {
            let factor = row[i];
            row.iter_mut().zip(&pivot).for_each(|(value, p)| *value -= factor * p);
        }
    }
    system.map(|row| row[N_TERMS])
}

/// The quantile `q`: the value that this fraction of all values does not exceed.
pub(super) fn quantile(values: &[f32], q: f64) -> f32 {
    let mut values = values.to_vec();
    let i = ((values.len() - 1) as f64 * q).round() as usize;
    *values.select_nth_unstable_by(i, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 40×30 pixels of a curved slope.
    fn slope(i: usize) -> f32 {
        let (x, y) = ((i % 40) as f32, (i / 40) as f32);
        90.0 + 2.0 * x - y + 0.03 * x * x - 0.02 * x * y
    }

    #[test]
    fn a_curved_slope_is_found_behind_ink() {
        let is_ink =
            |i: usize| (12..26).contains(&(i % 40)) && (8..24).contains(&(i / 40)) && !i.is_multiple_of(3);
        let values = (0..1200).map(|i| if is_ink(i) { slope(i) - 80.0 } else { slope(i) }).collect();
        let found = background(&Grey::new(30, 40, values));
        for (i, value) in found.values.iter().enumerate() {
            assert!((value - slope(i)).abs() <= 0.05, "{value} at {i}, expected {}", slope(i));
        }
    }

    #[test]
    fn an_even_edge_tells_the_background_even_if_most_is_ink() {
        let inside = |i: usize| (1..9).contains(&(i % 10)) && (1..9).contains(&(i / 10));
        let picture = Grey::new(10, 10, (0..100).map(|i| if inside(i) { 20.0 } else { 200.0 }).collect());
        assert!(background(&picture).values.iter().all(|value| *value == 200.0));
    }

    #[test]
    fn pictures_of_a_single_row_have_a_background() {
        let found = background(&Grey::new(1, 50, (0..50).map(|i| i as f32).collect()));
        assert!(found.values.iter().enumerate().all(|(i, value)| (value - i as f32).abs() <= 0.01));
        assert_eq!(background(&Grey::new(1, 1, vec![7.0])).values, [7.0]);
    }
}
