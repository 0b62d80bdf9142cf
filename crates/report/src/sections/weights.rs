//! The weights of the first layer as pictures, one for every unit.

use maud::{Markup, html};

use crate::{Report, Run, numbers::significant, picture};

const MOST_UNITS: usize = 100;

/// More would make a page that cannot be mailed.
const MOST_PIXELS: usize = 400_000;

pub(crate) fn section(report: &Report, run: &Run) -> Markup {
    let Some((n_rows, n_columns)) = report.images else {
        return html! { p { "The samples are no images, so weights have no picture." } };
    };
    let Some(units) = units(run, n_rows * n_columns) else {
        return html! { p { "The first layer does not take the pixels themselves, so its weights have no picture." } };
    };
    let n_shown = units.len().min(MOST_UNITS).min((MOST_PIXELS / (n_rows * n_columns)).max(1));
    let mut by_norm: Vec<usize> = (0..units.len()).collect();
    by_norm.sort_by(|a, b| norm(&units[*b]).total_cmp(&norm(&units[*a])));
    by_norm.truncate(n_shown);
    by_norm.sort_unstable();
    let most = limit(&units);
    html! {
        p {
            "The weight of every pixel in "
            @if n_shown < units.len() { "the " (n_shown) " of " (units.len()) " units with the largest weights" }
            @else { "each of the " (units.len()) " units" }
            " of the first layer, in the place of the pixel: brown pixels (orange in the dark) excite the unit, blue ones inhibit it. All units "
            "share one scale, without a unit."
        }
        (key(most))
        ul.gallery {
            @for unit in by_norm {
                @let (low, high) = range(&units[unit]);
                li {
                    img.diverging src=(picture::diverging(&units[unit], n_columns, most)) width="84" height="84"
                        alt={ "Weights of unit " (unit + 1) ", from " (significant(low, 2)) " to " (significant(high, 2)) };
                    p { "unit " (unit + 1) }
                }
            }
        }
    }
}

/// The weights of every unit of the first layer, if they belong to the pixels.
fn units(run: &Run, n_pixels: usize) -> Option<Vec<Vec<f32>>> {
    let first = run.net.layers().tensors_of(0).first();
    let w = first.filter(|tensor| tensor.short_name() == "W" && tensor.n_columns == n_pixels)?;
    let w = w.view(run.net.sequential().values());
    // Column p of W is what pixel p sends to every unit.
    Some((0..w.n_rows()).map(|unit| w.column_iter().map(|column| column[unit]).collect()).collect())
}

fn norm(weights: &[f32]) -> f64 {
    weights.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt()
}

fn range(weights: &[f32]) -> (f64, f64) {
    let ends = weights.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), &w| (l.min(w), h.max(w)));
    (ends.0.into(), ends.1.into())
}

/// The end of the colour scale: the size that 1 weight in 200 exceeds, so that a few large ones don't leave all others pale.
fn limit(units: &[Vec<f32>]) -> f64 {
    let mut sizes: Vec<f32> = units.iter().flatten().map(|w| w.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    sizes
        .get((sizes.len() * 199 / 200).min(sizes.len().saturating_sub(1)))
        .map_or(0.0, |size| f64::from(*size))
}

/// The colour scale with its values.
fn key(most: f64) -> Markup {
    let steps: Vec<f32> = (-31..=31).map(|i| i as f32 / 31.0).collect();
    html! {
        p.key {
            span { "−" (significant(most, 2)) }
            img.diverging src=(picture::diverging(&steps, 63, 1.0)) width="160" height="14" alt="from blue to brown, with 0 in between";
            span { "+" (significant(most, 2)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_trainer::{Mlp, MlpConfig};

    #[test]
    fn a_unit_has_a_weight_for_every_pixel() {
        let mut net = Mlp::new(MlpConfig::new([3, 2])).unwrap();
        let w = &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        net.tensor_mut("W1").unwrap().as_mut_slice().copy_from_slice(w);
        let run = Run::new("a", net);
        assert_eq!(units(&run, 3), Some(vec![vec![1.0, 3.0, 5.0], vec![2.0, 4.0, 6.0]]));
        assert_eq!(units(&run, 4), None);
    }

    #[test]
    fn the_scale_leaves_out_the_few_largest() {
        let units =
            [(1..=200).map(|i| i as f32).collect::<Vec<_>>(), (201..=400).map(|i| -(i as f32)).collect()];
        assert_eq!(limit(&units), 399.0);
        assert_eq!(limit(&[vec![0.0]]), 0.0);
    }
}
