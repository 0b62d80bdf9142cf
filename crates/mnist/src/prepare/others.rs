//! Leaves out what stands out from the paper and is no ink: a frame, the edge of a scanner, a table beside the paper, ruled
//! lines.

use super::{background::quantile, grey::Grey};

/// What lies along a side, or a line from side to side, has at least this fraction of its length: the bar of a 7 has less.
const MOST_OF: f64 = 0.97;

/// A line may be this fraction of the picture wide. In pictures of fewer pixels there is room for ink alone.
const LINE: usize = 12;

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

/// Removes rows that stand out over the whole width, but for what goes on above and below.
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
        for column in 0..n {
            let at = |row: Option<usize>| row.map_or(0.0, |row| ink.values[row * n + column]);
            let (above, below) = (at(above), at(below));
            let kept = if above.abs() < below.abs() { above } else { below };
            for row in from.saturating_sub(1)..(to + 1).min(lines.len()) {
                ink.values[row * n + column] = kept;
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
    fn what_does_not_go_from_side_to_side_stays() {
        let bar_of_a_seven = |row, column| if row < 3 && column < 37 { -100.0 } else { 0.0 };
        for mut ink in [picture(|_, _| 0.0), picture(bar_of_a_seven)] {
            let before = ink.clone();
            assert!(!remove_others(&mut ink, 10.0));
            assert_eq!(ink, before);
        }
    }
}
