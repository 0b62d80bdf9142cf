//! Leaves out what stands out from the paper and is no ink: a frame, the edge of a scanner, a table beside the paper, ruled
//! lines. What is even and straight is cut off at once, before it is known what is paper ([`without_edges`]); what is left, later,
//! where it is known ([`remove_others`]).

use super::{background::quantile, grey::Grey};

/// What lies along a side, or a line from side to side, has at least this fraction of its length: the bar of a 7 has less.
const MOST_OF: f64 = 0.97;

/// A line may be this fraction of the picture wide. In pictures of fewer pixels there is room for ink alone.
const LINE: usize = 12;

/// An edge and what is beside it are further apart than this, in levels of grey (of 255).
const LEAST_STEP: f32 = 16.0;

/// The picture without what lies along a side, straight and even: a frame, the edge of a scanner. Ink may be right beside it.
pub(super) fn without_edges(picture: &Grey) -> Grey {
    let mut inner = picture.clone();
    // Twice, since an edge may end in pixels that it half covers.
    for _ in 0..2 {
        let edges = [(); 4].map(|()| {
            inner = inner.turned();
            edge(&inner)
        });
        let are_several = edges.iter().filter(|(n_rows, _)| *n_rows > 0).count() > 1;
        let n_rows = edges.map(|(n_rows, is_alone)| if are_several || is_alone { n_rows } else { 0 });
        for n_rows in n_rows {
            inner = inner.turned();
            inner.values.drain(..inner.n_columns * n_rows);
            inner.n_rows -= n_rows;
        }
    }
    inner
}

/// How many rows at the top are an edge: up to a quarter, all of one level, which the rest of the picture has not. And whether
/// that may be if there is no other edge: a picture that is cut to a 7 has its bar at the top, but ink at the bottom, too.
fn edge(picture: &Grey) -> (usize, bool) {
    let row = |i: usize| &picture.values[i * picture.n_columns..][..picture.n_columns];
    let levels: Vec<f32> = (0..picture.n_rows).map(|i| quantile(row(i), 0.5)).collect();
    let Some(n) = levels.iter().position(|level| (level - levels[0]).abs() > LEAST_STEP) else {
        return (0, false);
    };
    let half = (levels[n] - levels[0]).abs() / 2.0;
    let share = |values: &[f32], level: f32| {
        values.iter().filter(|value| (**value - level).abs() < half).count() as f64 / values.len() as f64
    };
    let is_even = |i: usize| share(row(i), levels[i]) >= MOST_OF;
    // Below paper, beside the bar of a 7, most rows are paper again.
    let ends = share(&levels[n..], levels[0]) < 0.75;
    let is_edge = n <= levels.len() / 4 && ends && (0..n).all(is_even);
    (if is_edge { n } else { 0 }, is_even(levels.len() - 1))
}

/// Sets to 0 whatever is further than `far` from the background along a whole side of the picture, and lines from the left
/// to the right and from top to bottom. Whether there was anything.
pub(super) fn remove_others(ink: &mut Grey, far: f32) -> bool {
    if ink.n_rows.min(ink.n_columns) < LINE {
        return false;
    }
    let mut found = false;
    // Found in what was there before: where sides meet, the one would be cut off by the other.
    let mut before = ink.clone();
    for _ in 0..2 {
        found |= remove_side(ink, &before, far, false);
        found |= remove_side(ink, &before, far, true);
        found |= remove_lines(ink, &before, far);
        (*ink, before) = (ink.transposed(), before.transposed());
    }
    found
}

/// Removes what lies along the left side, or the right one: as wide as the straight line that fits its other edge.
fn remove_side(ink: &mut Grey, before: &Grey, far: f32, at_right: bool) -> bool {
    let n = ink.n_columns;
    let column = |i: usize| if at_right { n - 1 - i } else { i };
    let width = |row: &[f32]| (0..n).take_while(|&i| row[column(i)].abs() > far).count();
    let widths: Vec<f32> = before.values.chunks(n).map(|row| width(row) as f32).collect();
    let n_covered = widths.iter().filter(|width| **width > 0.0).count();
    if (n_covered as f64) < MOST_OF * widths.len() as f64 {
        return false;
    }
    // A line through the medians of both halves, each a quarter from its end.
    let (first, second) = widths.split_at(widths.len() / 2);
    let (first, second) = if first.is_empty() { (second, second) } else { (first, second) };
    let (first, second) = (quantile(first, 0.5), quantile(second, 0.5));
    let step = (second - first) / (widths.len() as f32 / 2.0);
    for (i, row) in ink.values.chunks_mut(n).enumerate() {
        // A pixel and a half more, for what is half covered.
        let width = first + step * (i as f32 - widths.len() as f32 / 4.0) + 1.5;
        (0..n).take_while(|&i| (i as f32) < width).for_each(|i| row[column(i)] = 0.0);
    }
    true
}

/// Removes rows that stand out over the whole width, but for what goes on above and below, and what stands out more than the line.
fn remove_lines(ink: &mut Grey, before: &Grey, far: f32) -> bool {
    let n = ink.n_columns;
    let is_line = |row: &[f32]| row.iter().filter(|v| v.abs() > far).count() as f64 >= MOST_OF * n as f64;
    let lines: Vec<bool> = before.values.chunks(n).map(is_line).collect();
    let mut row = 0;
    let mut found = false;
    while let Some(from) = (row..lines.len()).find(|row| lines[*row]) {
        let to = (from..lines.len()).find(|row| !lines[*row]).unwrap_or(lines.len());
        row = to;
        if to - from > lines.len() / LINE {
            continue;
        }
        found = true;
        // The rows next to it are half covered, and the next but one not.
        let (above, below) = (from.checked_sub(2), Some(to + 1).filter(|row| *row < lines.len()));
        let at = |row: Option<usize>, column| row.map_or(0.0, |row| ink.values[row * n + column]);
        let nearer = |a: f32, b: f32| if a.abs() < b.abs() { a } else { b };
        let through: Vec<f32> = (0..n).map(|i| nearer(at(above, i), at(below, i))).collect();
        for row in from.saturating_sub(1)..(to + 1).min(lines.len()) {
            let distances: Vec<f32> = before.values[row * n..][..n].iter().map(|v| v.abs()).collect();
            let of_line = quantile(&distances, 0.25);
            for (value, through) in ink.values[row * n..].iter_mut().zip(&through) {
                let more = value.signum() * (value.abs() - of_line).max(0.0);
                *value = if more.abs() < through.abs() { *through } else { more };
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 40×30 pixels with a bar of ink, and `other` where it is not 0.
    fn picture(other: impl Fn(usize, usize) -> f32) -> Grey {
        let bar =
            |row, column| if (8..24).contains(&row) && (18..22).contains(&column) { -100.0 } else { 0.0 };
        let value = |i: usize| match (i / 40, i % 40) {
            (row, column) if other(row, column) != 0.0 => other(row, column),
            (row, column) => bar(row, column),
        };
        Grey::new(30, 40, (0..1200).map(value).collect())
    }

    #[test]
    fn frames_edges_tables_and_lines_go_and_ink_stays() {
        type Other = fn(usize, usize) -> f32;
        let others: [(&str, Other); 5] = [
            (
                "frame",
                |row, column| if row.is_multiple_of(29) || column.is_multiple_of(39) { -100.0 } else { 0.0 },
            ),
            ("edge", |row, column| if row < 4 || column > 35 { -200.0 } else { 0.0 }),
            ("table", |row, column| if column < 4 + row / 6 { -150.0 } else { 0.0 }),
            ("bright table", |row, _| if row > 25 { 60.0 } else { 0.0 }),
            ("line", |row, _| if row == 14 { -30.0 } else { 0.0 }),
        ];
        let alone = picture(|_, _| 0.0);
        for (name, other) in others {
            let mut ink = picture(other);
            assert!(remove_others(&mut ink, 10.0), "{name}");
            assert_eq!(ink, alone, "{name}");
        }
    }

    #[test]
    fn ink_right_beside_an_edge_stays_as_it_is() {
        // A bar a pixel from the rim, and round it edges of three pixels, one or four, or of other widths.
        let bar = |row: usize, column: usize| {
            if (1..13).contains(&row) && (1..5).contains(&column) { 20.0 } else { 200.0 }
        };
        let inner = Grey::new(18, 20, (0..360).map(|i| bar(i / 20, i % 20)).collect());
        for [top, left, bottom, right] in [[3, 0, 0, 0], [3; 4], [1, 2, 3, 0], [2, 3, 0, 1]] {
            let (rows, columns) = (top + 18 + bottom, left + 20 + right);
            let is_inner =
                |row, column| (top..top + 18).contains(&row) && (left..left + 20).contains(&column);
            let value = |i: usize| match (i / columns, i % columns) {
                (row, column) if is_inner(row, column) => bar(row - top, column - left),
                _ => 20.0,
            };
            let picture = Grey::new(rows, columns, (0..rows * columns).map(value).collect());
            assert_eq!(without_edges(&picture), inner, "{top} {left} {bottom} {right}");
        }
    }

    #[test]
    fn ink_on_a_line_stays_where_it_is_darker() {
        // A stroke that moves on by its width from row to row, so that there is nothing above and below to go on from.
        let stroke = |row: usize, column: usize| {
            if (column / 2, column < 40) == (row, true) { -100.0 } else { 0.0 }
        };
        let line = |row: usize, column: usize| {
            let on_line = if row == 14 || row == 15 { -30.0 } else { 0.0_f32 };
            on_line.min(stroke(row, column))
        };
        let grey = |value: &dyn Fn(usize, usize) -> f32| {
            Grey::new(30, 40, (0..1200).map(|i| value(i / 40, i % 40)).collect())
        };
        let mut ink = grey(&line);
        assert!(remove_others(&mut ink, 10.0));
        let expected = grey(&|row, column| match stroke(row, column) {
            0.0 => 0.0,
            _ if row == 14 || row == 15 => -70.0,
            full => full,
        });
        assert_eq!(ink, expected);
    }

    #[test]
    fn what_does_not_go_from_side_to_side_stays() {
        let bar_of_a_seven = |row, column| if row < 3 && column < 37 { -100.0 } else { 0.0 };
        for mut ink in [picture(|_, _| 0.0), picture(bar_of_a_seven)] {
            let before = ink.clone();
            assert!(!remove_others(&mut ink, 10.0));
            assert_eq!(ink, before);
        }
    }
}
