//! The fifth tutorial: the affine layer, forward and backward, in whole numbers that are exact in floating point.
//!
//! The tutorial has one sample per row and writes x·W + b; chainrule has one sample per column and writes W·x + b:
//!
//! | | tutorial | chainrule |
//! | --- | --- | --- |
//! | x, dx | samples × inputs | inputs × samples |
//! | W, dW | inputs × outputs | outputs × inputs |
//! | y, dy | samples × outputs | outputs × samples |
//!
//! Each is the transpose of the other, and both have the same bytes in memory: rows one after the other there, columns
//! here. So the numbers below stand as they do in the tutorial.

use std::fmt;

use chainrule::layers::{Affine, Sequential};
use chainrule::tensor::Matrix;

/// The tutorial's rows become our columns.
fn from_rows<const N: usize>(rows: &[[f32; N]]) -> Matrix {
    Matrix::from_column_slice(N, rows.len(), rows.as_flattened())
}

/// Our columns become the tutorial's rows.
fn to_rows(matrix: &Matrix) -> Vec<Vec<f32>> {
    matrix.column_iter().map(|column| column.as_slice().to_vec()).collect()
}

/// The tutorial's W, for two inputs and three outputs.
const W: [[f32; 3]; 2] = [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]];

/// One layer: its bias, the sample that goes forward, the two that go backward, and what comes to those from behind.
const B: [f32; 3] = [1.0, 1.0, 1.0];
const X: [[f32; 2]; 1] = [[1.0, 2.0]];
const X_BACKWARD: [[f32; 2]; 2] = [[1.0, 2.0], [3.0, 4.0]];
const DY: [[f32; 3]; 2] = [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]];

/// Two layers: W and then this, and a bias for each.
const W2: [[f32; 2]; 3] = [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]];
const B1: [f32; 3] = [1.0, 2.0, 3.0];
const B2: [f32; 2] = [1.0, 2.0];

/// The gradients of one layer, in the tutorial's rows.
struct Backward {
    dx: Vec<Vec<f32>>,
    dw: Vec<Vec<f32>>,
    db: Vec<f32>,
}

/// Runs `layer` forward on `x` and backward from `dy`.
fn backward(layer: &Sequential, x: &Matrix, dy: &Matrix) -> Backward {
    let (_, cache) = layer.forward(x);
    let gradients = layer.backward(&cache, dy);
    Backward {
        dx: to_rows(&gradients.dx),
        dw: to_rows(gradients.of("W")),
        db: gradients.of("b").as_slice().to_vec(),
    }
}

/// One layer: its output for one sample, and its gradients for two.
fn one_layer() -> (Vec<Vec<f32>>, Backward) {
    let affine = Affine::new(from_rows(&W), B.to_vec());
    let (y, _) = affine.forward(&from_rows(&X));
    (to_rows(&y), backward(&affine, &from_rows(&X_BACKWARD), &from_rows(&DY)))
}

/// Two layers: both outputs, and the gradients of the second layer and of the first. As in the tutorial the backward
/// pass starts from the output itself.
fn two_layers() -> ([Vec<Vec<f32>>; 2], [Backward; 2]) {
    let affine1 = Affine::new(from_rows(&W), B1.to_vec());
    let affine2 = Affine::new(from_rows(&W2), B2.to_vec());
    let x = from_rows(&X);
    let (y1, _) = affine1.forward(&x);
    let (y2, _) = affine2.forward(&y1);

    let of_second = backward(&affine2, &y1, &y2);
    // What the second layer says about its input is what the first hears about its output.
    let dy1 = Matrix::from_column_slice(3, 1, &of_second.dx[0]);
    let of_first = backward(&affine1, &x, &dy1);
    ([to_rows(&y1), to_rows(&y2)], [of_second, of_first])
}

/// The numbers as the tutorial prints them: all are whole.
impl fmt::Display for Backward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Backward { dx, dw, db } = self;
        write!(f, "dx = {dx:.0?}, dW = {dw:.0?}, db = {db:.0?}")
    }
}

fn report() -> String {
    let (y, gradients) = one_layer();
    let ([y1, y2], [of_second, of_first]) = two_layers();
    format!(
        "the tutorial's W has a row for every input, {W:.0?}, ours for every output:{ours}\
         one layer, x = {X:.0?}, W = {W:.0?}, b = {B:.0?}: y = {y:.0?}\n\
         backward, x = {X_BACKWARD:.0?}, dy = {DY:.0?}: {gradients}\n\n\
         two layers, x = {X:.0?}, w1 = {W:.0?}, w2 = {W2:.0?}, b1 = {B1:.0?}, b2 = {B2:.0?}:\n\
         y1 = {y1:.0?}, y2 = {y2:.0?}\n\
         backward from dy = y2, second: {of_second}\n\
         first: {of_first}\n",
        ours = from_rows(&W)
    )
}

fn main() {
    print!("{}", report());
}

#[cfg(test)]
#[path = "tutorials/numbers.rs"]
mod numbers;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_tutorial_is_printed() {
        numbers::assert_printed(&report(), "t5_affine");
    }

    #[test]
    fn one_layer_is_the_tutorials() {
        let (y, Backward { dx, dw, db }) = one_layer();
        assert_eq!(y, [[6.0, 12.0, 18.0]]);
        assert_eq!(dx, [[9.0, 12.0], [18.0, 24.0]]);
        assert_eq!(dw, [[7.0, 7.0, 7.0], [10.0, 10.0, 10.0]]);
        assert_eq!(db, [3.0, 3.0, 3.0]);
    }

    #[test]
    fn two_layers_are_the_tutorials() {
        let ([y1, y2], [second, first]) = two_layers();
        assert_eq!(y1, [[6.0, 13.0, 20.0]]);
        assert_eq!(y2, [[93.0, 211.0]]);
        assert_eq!(second.dx, [[937.0, 1241.0, 1545.0]]);
        assert_eq!(second.dw, [[558.0, 1266.0], [1209.0, 2743.0], [1860.0, 4220.0]]);
        assert_eq!(second.db, [93.0, 211.0]);
        assert_eq!(first.dx, [[12385.0, 16108.0]]);
        assert_eq!(first.dw, [[937.0, 1241.0, 1545.0], [1874.0, 2482.0, 3090.0]]);
        assert_eq!(first.db, [937.0, 1241.0, 1545.0]);
    }

    #[test]
    fn ours_is_the_transpose() {
        let by_hand = Matrix::from_row_slice(3, 2, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(from_rows(&W), by_hand);
    }
}
