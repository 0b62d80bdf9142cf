//! The whole in one file: from bytes to a network that reads digits, with nothing but Rust's standard library.
//!
//! ```text
//! x (784 pixels) → affine → sigmoid (50 units) → affine → logits (10 digits) → softmax
//! ```
//!
//! Network, settings and letters are those of the second tutorial and of the guide's page `two_layer_net`. What makes
//! chainrule fast is left out; what it computes is here, and it ends with the same parameters, **to the bit**, since every
//! sum has the plain order. An output is one chain of fused multiply-adds (a·b + c, rounded once) that starts at the bias and
//! takes the inputs as they come; a gradient is one chain over the samples of the mini-batch, and divided at its end.

use std::{array, env, f32::consts::LOG2_E, f64::consts::TAU, fmt::Display, fs, iter, process};

const N_PIXELS: usize = 28 * 28;
const N_HIDDEN: usize = 50;
const N_DIGITS: usize = 10;
const BATCH_SIZE: usize = 100;
const LEARNING_RATE: f32 = 0.1;

/// An image as numbers 0…1, row after row, and the digit that it shows: what goes in, and what should come out.
struct Sample {
    x: Vec<f32>,
    t: usize,
}

/// Reads the training set (`which` is `train`) or the test set (`t10k`).
fn read_samples(folder: &str, which: &str) -> Vec<Sample> {
    let pixels = read_idx(&format!("{folder}/{which}-images-idx3-ubyte"), 3);
    let digits = read_idx(&format!("{folder}/{which}-labels-idx1-ubyte"), 1);
    if pixels.len() != N_PIXELS * digits.len() || digits.iter().any(|&digit| digit > 9) {
        fail(format!("{folder}: expected {which} images of 28 × 28 pixels, and a digit 0 to 9 for each"));
    }
    let scaled = |&byte: &u8| f32::from(byte) / 255.0;
    let images = pixels.chunks(N_PIXELS).map(|image| image.iter().map(scaled).collect());
    images.zip(digits).map(|(x, digit)| Sample { x, t: digit.into() }).collect()
}

/// The bytes of an IDX file. Before them are two zeros, 8 for bytes, the number of dimensions, and the size of each, which
/// takes four bytes, the highest first. Source: LeCun, Cortes and Burges, *The MNIST database of handwritten digits*.
fn read_idx(path: &str, n_dimensions: u8) -> Vec<u8> {
    let file = fs::read(path).unwrap_or_else(|error| fail(format!("{path}: {error}")));
    match file.split_at_checked(4 + 4 * usize::from(n_dimensions)) {
        Some((header, bytes)) if header.starts_with(&[0, 0, 8, n_dimensions]) => bytes.to_vec(),
        _ => fail(format!("{path}: expected an unpacked IDX file of {n_dimensions} dimensions")),
    }
}

/// What the network learns: W1, b1, W2, b2; or the gradient of its loss by them: dW1, db1, dW2, db2. A matrix W is
/// outputs × inputs and lies column after column: first the weights of input 0.
type Parameters = [Vec<f32>; 4];

/// Weights from 0.01·N(0, 1), biases of 0.
fn initial_parameters(seed: u64) -> Parameters {
    let weights = |n: usize, layer: u64| {
        let mut random = Random { key: [seed, INITIAL_WEIGHTS, layer], n_drawn: 0 };
        let normal = iter::repeat_with(|| random.normal_pair()).flatten().take(n);
        normal.map(|value| (0.01 * value) as f32).collect()
    };
    let (w1, w2) = (weights(N_HIDDEN * N_PIXELS, 0), weights(N_DIGITS * N_HIDDEN, 1));
    [w1, vec![0.0; N_HIDDEN], w2, vec![0.0; N_DIGITS]]
}

/// The affine layer, y = W·x + b: from the biases, input after input.
/// Source: the fifth tutorial; *Deep Learning from Scratch*, section 5.6.
fn affine(w: &[f32], b: &[f32], x: &[f32]) -> Vec<f32> {
    let mut y = b.to_vec();
    for (column, &x) in w.chunks(y.len()).zip(x) {
        add_scaled(&mut y, x, column);
    }
    y
}

/// The layer's gradient by its parameters, one sample more: dW ← dW + dy·xᵀ, db ← db + dy.
fn add_affine_gradient(dw: &mut [f32], db: &mut [f32], x: &[f32], dy: &[f32]) {
    for (column, &x) in dw.chunks_mut(dy.len()).zip(x) {
        add_scaled(column, x, dy);
    }
    add_scaled(db, 1.0, dy);
}

/// The layer's gradient by its inputs, dx = Wᵀ·dy: for each a sum over the outputs.
fn affine_backward(w: &[f32], dy: &[f32]) -> Vec<f32> {
    let dx = |column: &[f32]| column.iter().zip(dy).fold(0.0, |sum, (w, &dy)| w.mul_add(dy, sum));
    w.chunks(dy.len()).map(dx).collect()
}

/// sums ← a·x + sums. Where a is 0 there is nothing to add, and so it is with four fifths of all pixels.
fn add_scaled(sums: &mut [f32], a: f32, x: &[f32]) {
    if a != 0.0 {
        sums.iter_mut().zip(x).for_each(|(sum, &x)| *sum = a.mul_add(x, *sum));
    }
}

/// σ(z) = 1/(1 + e⁻ᶻ). Only the exponential of a number below 0 is taken, which cannot overflow: σ(−z) = e⁻ᶻ·σ(z).
fn sigmoid(z: f32) -> f32 {
    let e = exp(-z.abs());
    let larger = 1.0 / (1.0 + e);
    if z >= 0.0 { larger } else { e * larger }
}

/// The gradient of the cross-entropy L = −ln softmax(z)ₜ by the logits: dz = softmax(z) − (1 for digit t, else 0), where
/// softmax(z)ᵢ = exp(zᵢ − m)/Σⱼ exp(zⱼ − m) with the largest logit m. Source: *Deep Learning from Scratch*, 5.6.3.
fn softmax_cross_entropy_gradient(z: &[f32], t: usize) -> Vec<f32> {
    let m = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut dz: Vec<f32> = z.iter().map(|&z| exp(z - m)).collect();
    let sum: f64 = dz.iter().map(|&e| f64::from(e)).sum();
    dz.iter_mut().for_each(|dz| *dz *= (1.0 / sum) as f32);
    dz[t] -= 1.0;
    dz
}

/// A step of gradient descent on a mini-batch's mean loss. Source: the second tutorial; *Deep Learning from Scratch*, 6.1.2.
fn step(parameters: &mut Parameters, mini_batch: &[&Sample]) {
    let mut gradient = parameters.each_ref().map(|values| vec![0.0; values.len()]);
    let ([w1, b1, w2, b2], [dw1, db1, dw2, db2]) = (&*parameters, &mut gradient);
    for Sample { x, t } in mini_batch {
        // Forward: from the pixels to the logits.
        let z1 = affine(w1, b1, x);
        let h: Vec<f32> = z1.iter().map(|&z| sigmoid(z)).collect();
        let z2 = affine(w2, b2, &h);

        // Backward: by the chain rule from the loss to each parameter, with σ′(z) = σ(z)·(1 − σ(z)) = σ(z)·σ(−z).
        let dz2 = softmax_cross_entropy_gradient(&z2, *t);
        add_affine_gradient(dw2, db2, &h, &dz2);
        let dh = affine_backward(w2, &dz2);
        let dz1: Vec<f32> = dh.iter().zip(&z1).map(|(dh, &z)| dh * sigmoid(z) * sigmoid(-z)).collect();
        add_affine_gradient(dw1, db1, x, &dz1);
    }
    // w ← w − rate·dw, where dw is the mean over the samples.
    let share = 1.0 / mini_batch.len() as f32;
    for (w, dw) in parameters.iter_mut().flatten().zip(gradient.iter().flatten()) {
        *w -= LEARNING_RATE * (dw * share);
    }
}

/// The digit with the largest logit, and so with the largest probability.
fn predict([w1, b1, w2, b2]: &Parameters, x: &[f32]) -> usize {
    let h: Vec<f32> = affine(w1, b1, x).into_iter().map(sigmoid).collect();
    let z2 = affine(w2, b2, &h);
    (1..N_DIGITS).fold(0, |best, digit| if z2[digit] > z2[best] { digit } else { best })
}

/// `rustc -O --edition 2024 whole.rs && ./whole FOLDER [SEED] [EPOCHS]`; `-C target-cpu=native` makes it faster, same bits.
/// The folder has MNIST's four files, unpacked: `cp -r datasets/mnist FOLDER && gunzip FOLDER/*.gz`.
fn main() {
    let mut arguments = env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| fail("expected the folder of MNIST's unpacked files"));
    let mut number = |default| match arguments.next() {
        Some(text) => text.parse().unwrap_or_else(|_| fail(format!("found {text}, expected a whole number"))),
        None => default,
    };
    let (seed, n_epochs) = (number(1), number(16));
    let (train, test) = (read_samples(&folder, "train"), read_samples(&folder, "t10k"));
    let mut parameters = initial_parameters(seed);
    for epoch in 0..n_epochs {
        let mut order: Vec<&Sample> = train.iter().collect();
        Random { key: [seed, ORDER_OF_SAMPLES, epoch], n_drawn: 0 }.shuffle(&mut order);
        order.chunks(BATCH_SIZE).for_each(|mini_batch| step(&mut parameters, mini_batch));

        let n_right = test.iter().filter(|sample| predict(&parameters, &sample.x) == sample.t).count();
        let accuracy = 100.0 * n_right as f64 / test.len() as f64;
        let crc32 = crc32(parameters.iter().flatten().flat_map(|value| value.to_le_bytes()));
        println!("epoch {}: test accuracy {accuracy:.2} %, parameters_crc32 {crc32:08x}", epoch + 1);
    }
}

fn fail(message: impl Display) -> ! {
    eprintln!("error: {message}");
    process::exit(1)
}

/// The checksum of gzip and PNG: bits as the coefficients of a polynomial, and what its division by another one leaves.
fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ ((crc & 1) * 0xedb8_8320))
    })
}

/// eˣ = 2ⁿ·eʳ with n = x/ln 2, rounded, and r = x − n·ln 2. Here ln 2 is 0.693359375 less a small number, so that n times the
/// first is exact. eʳ = 1 + r + r²·p(r) with a polynomial p. Source: `expf` of Moshier's library *Cephes*, 1984.
fn exp(x: f32) -> f32 {
    let x = x.clamp(-104.0, 89.0); // beyond, eˣ is 0 or infinite
    let n = (f64::from(x) * f64::from(LOG2_E)).round_ties_even() as f32;
    let r = n.mul_add(2.121_944_4e-4, n.mul_add(-0.693_359_4, x));
    let p = [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
    let p = p.into_iter().fold(0.0, |p: f32, coefficient| p.mul_add(r, coefficient));
    let exp_r = p.mul_add(r * r, r) + 1.0;
    (f64::from(exp_r) * 2_f64.powi(n as i32)) as f32
}

/// What random numbers are for.
const INITIAL_WEIGHTS: u64 = 1;
const ORDER_OF_SAMPLES: u64 = 2;

/// Random numbers that follow from a key: the seed, what they are for, and the layer or the epoch.
struct Random {
    key: [u64; 3],
    n_drawn: u64,
}

impl Random {
    /// 64 random bits.
    fn next(&mut self) -> u64 {
        let bits = chacha8(self.key, self.n_drawn / 8)[(self.n_drawn % 8) as usize];
        self.n_drawn += 1;
        bits
    }

    /// Two numbers of N(0, 1): r·cos φ and r·sin φ with r = √(−2 ln(1 − u)), φ = 2πv, where u and v are uniform in 0…1.
    /// Source: Box and Muller, *A note on the generation of random normal deviates*, 1958.
    fn normal_pair(&mut self) -> [f64; 2] {
        let mut uniform = || (self.next() >> 11) as f64 / (1_u64 << 53) as f64; // 53 bits: an `f64` has no more
        let r = (-2.0 * (1.0 - uniform()).ln()).sqrt();
        let (sin, cos) = (TAU * uniform()).sin_cos();
        [r * cos, r * sin]
    }

    /// Uniform in 0…n−1: n·u/2⁶⁴, rounded down, for 64 random bits u, which are drawn again if n·u mod 2⁶⁴ < 2⁶⁴ mod n, since
    /// else some results would be likelier. Source: Lemire, *Fast random integer generation in an interval*, 2019.
    fn below(&mut self, n: u64) -> usize {
        let product = u128::from(n) * u128::from(self.next());
        if (product as u64) < n.wrapping_neg() % n { self.below(n) } else { (product >> 64) as usize }
    }

    /// Puts the items in random order: from the end, each place takes one of those that are left (Fisher and Yates).
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1));
        }
    }
}

/// A block of random bits: a constant, the key and the block's number, stirred in eight rounds and added to what they were.
/// Source: Bernstein, *ChaCha, a variant of Salsa20*, 2008.
fn chacha8([seed, purpose, place]: [u64; 3], block: u64) -> [u64; 8] {
    let [constant, more] = [b"expand 3", b"2-byte k"].map(|text| u64::from_le_bytes(*text));
    let start = [constant, more, seed, purpose, place, 0, block, 0];
    let start: [u32; 16] = array::from_fn(|i| (start[i / 2] >> (32 * (i % 2))) as u32);
    let mut x = start;
    for (round, i) in (0..8).flat_map(|round| (0..4).map(move |i| (round, i))) {
        // A column of a square of 4 × 4, in every other round a diagonal.
        let [a, b, c, d] = array::from_fn(|row| 4 * row + (i + row * (round % 2)) % 4);
        for (a, b, d, n_bits) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
            x[a] = x[a].wrapping_add(x[b]);
            x[d] = (x[d] ^ x[a]).rotate_left(n_bits);
        }
    }
    let word = |i: usize| u64::from(x[i].wrapping_add(start[i]));
    array::from_fn(|i| word(2 * i) | word(2 * i + 1) << 32)
}
