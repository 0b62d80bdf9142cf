//! Negative controls: the backward passes of the shipped layers, copied, each with one seeded mistake that the gradient
//! check has to refuse.
//!
//! The copies without a mistake must agree with the shipped layers and pass, so that a refusal is due to the mistake.

use chainrule_gradcheck::{Check, Report};
use chainrule_layers::{
    Affine, BatchNorm, Context, Dropout, Elu, Gelu, Layer, LeakyRelu, Relu, Sequential, Sigmoid, Silu,
    Softmax, Softplus, Tanh,
};
use chainrule_tensor::{
    Init, Matrix,
    random::{Purpose, generator, standard_normal_pair},
};

/// As many inputs as outputs, so that a transposed `W` fits.
const N: usize = 4;
const N_SAMPLES: usize = 5;

/// A shipped layer's forward pass, and the gradient of its output.
struct Pass {
    net: Sequential<f64>,
    x: Matrix<f64>,
    y: Matrix<f64>,
    kept: Vec<f64>,
    dy: Matrix<f64>,
}

/// The whole mini-batch in one pass of a training.
const CONTEXT: Context = Context::training(1, 3).of_samples(N_SAMPLES);

/// Standard normal numbers, none nearer to a kink at 0 than 0.1.
fn random(seed: u64) -> Matrix<f64> {
    let mut rng = generator(seed, Purpose::Initialise, 0, 0);
    Matrix::from_fn(N, N_SAMPLES, |_, _| {
        let x = standard_normal_pair(&mut rng)[0];
        x + 0.1_f64.copysign(x)
    })
}

fn pass(layer: impl Layer<f64> + 'static) -> Pass {
    pass_of(Sequential::of(layer, N))
}

fn pass_of(net: Sequential<f64>) -> Pass {
    let (x, dy) = (random(5), random(99));
    let (y, cache) = net.forward_with(&x, &CONTEXT);
    Pass { net, x, y, kept: cache.kept().to_vec(), dy }
}

/// A copied backward pass: the gradient with respect to the input, or to a parameter.
type Backward = fn(&Pass) -> Matrix<f64>;

/// The shipped gradient, and the check of `copy`, of the input or of the parameter `of`.
fn check(pass: &mut Pass, of: &str, copy: Backward) -> (Matrix<f64>, Report) {
    let copied = copy(pass);
    let Pass { net, x, y, dy, .. } = pass;
    let (_, cache) = net.forward_with(x, &CONTEXT);
    let gradients = net.backward(&cache, dy);
    // The sum of what changes, so that what does not change has no rounding.
    let objective = |net: &Sequential<f64>, x: &Matrix<f64>| (net.forward_with(x, &CONTEXT).0 - &*y).dot(dy);
    if of == "x" {
        let f = |v: &[f64]| objective(net, &Matrix::from_column_slice(x.nrows(), x.ncols(), v));
        return (gradients.dx, Check::new().run(f, x.as_slice(), copied.as_slice()));
    }
    let mut changed = net.clone();
    let f = |v: &[f64]| {
        set(&mut changed, of, v);
        objective(&changed, x)
    };
    let report = Check::new().run(f, net.matrix(of).as_slice(), copied.as_slice());
    (gradients.of(of).clone(), report)
}

/// Sets a parameter of the one layer.
fn set(net: &mut Sequential<f64>, name: &str, values: &[f64]) {
    net.tensor_mut(&format!("{name}1")).unwrap().as_mut_slice().copy_from_slice(values);
}

/// dx of a layer that treats every value by itself: `f(dy, x, y, kept)`.
fn each(p: &Pass, f: impl Fn(f64, f64, f64, f64) -> f64) -> Matrix<f64> {
    let kept = |i| p.kept.get(i).copied().unwrap_or(f64::NAN);
    let values = (0..p.x.len()).map(|i| f(p.dy[i], p.x[i], p.y[i], kept(i)));
    Matrix::from_iterator(p.x.nrows(), p.x.ncols(), values)
}

fn affine() -> Pass {
    let mut net = Sequential::of(Affine::outputs(N).with_init(Init::Normal { std: 0.7 }), N);
    set(&mut net, "b", &[0.3, -0.2, 0.5, 0.1]);
    pass_of(net)
}

fn w(p: &Pass) -> Matrix<f64> {
    p.net.matrix("W")
}

/// dxᵢ = yᵢ·(dyᵢ − dot of the sample).
fn softmax_with(p: &Pass, dot: impl Fn(usize) -> f64) -> Matrix<f64> {
    Matrix::from_fn(N, N_SAMPLES, |i, j| p.y[(i, j)] * (p.dy[(i, j)] - dot(j)))
}

/// γ = 1 and ε = 0.5, which is far from nothing beside the variance.
fn batch_norm() -> Pass {
    pass(BatchNorm::default().with_eps(0.5))
}

/// dx = (dy − `means`(feature, sample))/√(σ² + ε), σ² of the mini-batch.
fn batch_norm_with(p: &Pass, means: impl Fn(usize, usize) -> f64) -> Matrix<f64> {
    Matrix::from_fn(N, N_SAMPLES, |i, j| {
        let x = p.x.row(i);
        let std = (x.map(|value| (value - x.mean()).powi(2)).mean() + 0.5).sqrt();
        (p.dy[(i, j)] - means(i, j)) / std
    })
}

/// The mean of dy·x̂ of a feature over the mini-batch; y is x̂.
fn mean_of_dy_y(p: &Pass, i: usize) -> f64 {
    p.dy.row(i).dot(&p.y.row(i)) / N_SAMPLES as f64
}

/// The copies: layer, of what, right, and the mistakes.
type Case = (fn() -> Pass, &'static str, Backward, &'static [(&'static str, Backward)]);

const CASES: &[Case] = &[
    (
        affine,
        "x",
        |p| w(p).transpose() * &p.dy,
        &[("transposed: W for Wᵀ", |p| w(p) * &p.dy), ("sign", |p| -(w(p).transpose() * &p.dy))],
    ),
    (
        affine,
        "W",
        |p| &p.dy * p.x.transpose(),
        &[
            ("transposed: x·dyᵀ", |p| &p.x * p.dy.transpose()),
            ("factor: the mean over the samples for the sum", |p| &p.dy * p.x.transpose() / N_SAMPLES as f64),
            ("off by one index: the last sample left out", |p| {
                p.dy.columns(0, N_SAMPLES - 1) * p.x.columns(0, N_SAMPLES - 1).transpose()
            }),
            ("off by one index: every sample with its neighbour's gradient", |p| {
                let mut dy = p.dy.clone();
                dy.swap_columns(0, 1);
                dy * p.x.transpose()
            }),
            ("y for x", |p| &p.dy * p.y.transpose()),
        ],
    ),
    (
        affine,
        "b",
        |p| Matrix::from_fn(N, 1, |i, _| p.dy.row(i).sum()),
        &[
            ("the first sample alone for the sum", |p| p.dy.columns(0, 1).into_owned()),
            ("columns summed for rows", |p| Matrix::from_fn(N, 1, |i, _| p.dy.column(i).sum())),
        ],
    ),
    (
        || pass(Sigmoid),
        "x",
        |p| each(p, |dy, _, y, complement| dy * y * complement),
        &[
            ("sign", |p| each(p, |dy, _, y, complement| -dy * y * complement)),
            ("missing factor σ(−x)", |p| each(p, |dy, _, y, _| dy * y)),
            ("σ at x for σ at y", |p| each(p, |dy, x, _, _| dy * x * (1.0 - x))),
            ("stale cache: one sample late", |p| {
                let late = |i: usize| p.kept[(i + N) % p.kept.len()];
                Matrix::from_iterator(N, N_SAMPLES, (0..p.x.len()).map(|i| p.dy[i] * p.y[i] * late(i)))
            }),
        ],
    ),
    (
        || pass(Tanh),
        "x",
        |p| each(p, |dy, _, _, slope| dy * slope),
        &[
            ("missing square: 1 − y for 1 − y²", |p| each(p, |dy, _, y, _| dy * (1.0 - y))),
            ("dy forgotten", |p| each(p, |_, _, _, slope| slope)),
            ("stale cache: that of another batch", |p| {
                let other = random(6).map(|x| 1.0 - x.tanh().powi(2));
                p.dy.component_mul(&other)
            }),
        ],
    ),
    (
        || pass(Relu),
        "x",
        |p| each(p, |dy, _, y, _| if y <= 0.0 { 0.0 } else { dy }),
        &[
            ("mask turned round", |p| each(p, |dy, _, y, _| if y <= 0.0 { dy } else { 0.0 })),
            ("mask by dy for x", |p| each(p, |dy, _, _, _| if dy <= 0.0 { 0.0 } else { dy })),
        ],
    ),
    (
        || pass(LeakyRelu::new(0.3)),
        "x",
        |p| each(p, |dy, x, _, _| if x > 0.0 { dy } else { 0.3 * dy }),
        &[("slope of the default", |p| each(p, |dy, x, _, _| if x > 0.0 { dy } else { 0.01 * dy }))],
    ),
    (
        || pass(Elu::new(0.5)),
        "x",
        |p| each(p, |dy, _, _, slope| dy * slope),
        &[("missing term: y for y + α", |p| each(p, |dy, x, y, _| if x > 0.0 { dy } else { dy * y }))],
    ),
    (
        || pass(Silu),
        "x",
        |p| each(p, |dy, _, _, slope| dy * slope),
        &[("missing term x·σ(x)·σ(−x)", |p| each(p, |dy, x, y, _| dy * y / x))],
    ),
    (
        || pass(Softplus),
        "x",
        |p| each(p, |dy, _, _, slope| dy * slope),
        &[("sign of the argument: σ(−x)", |p| each(p, |dy, _, _, slope| dy * (1.0 - slope)))],
    ),
    (
        || pass(Gelu),
        "x",
        |p| each(p, |dy, _, _, slope| dy * slope),
        &[
            ("missing term x·φ(x)", |p| each(p, |dy, x, y, _| dy * y / x)),
            ("factor: √(2π) of φ forgotten", |p| {
                each(p, |dy, x, y, _| dy * (y / x + x * (-0.5 * x * x).exp()))
            }),
        ],
    ),
    (
        || pass(Dropout::new(0.4)),
        "x",
        |p| each(p, |dy, _, _, mask| dy * mask),
        &[
            ("mask forgotten", |p| p.dy.clone()),
            ("factor: 1/(1 − p) forgotten", |p| {
                each(p, |dy, _, _, mask| if mask > 0.0 { dy } else { 0.0 })
            }),
            ("stale cache: the mask of the sample before", |p| {
                let late = |i: usize| p.kept[(i + N) % p.kept.len()];
                Matrix::from_iterator(N, N_SAMPLES, (0..p.x.len()).map(|i| p.dy[i] * late(i)))
            }),
        ],
    ),
    (
        batch_norm,
        "x",
        |p| batch_norm_with(p, |i, j| p.dy.row(i).mean() + p.y[(i, j)] * mean_of_dy_y(p, i)),
        &[
            ("missing term: the mean depends on x too", |p| {
                batch_norm_with(p, |i, j| p.y[(i, j)] * mean_of_dy_y(p, i))
            }),
            ("missing term: the variance depends on x too", |p| {
                batch_norm_with(p, |i, _| p.dy.row(i).mean())
            }),
            ("the statistics as constants", |p| batch_norm_with(p, |_, _| 0.0)),
            ("the mean of one shard for that of the mini-batch", |p| {
                batch_norm_with(p, |i, j| p.dy.columns(0, 3).row(i).mean() + p.y[(i, j)] * mean_of_dy_y(p, i))
            }),
        ],
    ),
    (
        batch_norm,
        "gamma",
        |p| Matrix::from_fn(N, 1, |i, _| p.dy.row(i).dot(&p.y.row(i))),
        &[("x for x̂", |p| Matrix::from_fn(N, 1, |i, _| p.dy.row(i).dot(&p.x.row(i))))],
    ),
    (
        batch_norm,
        "beta",
        |p| Matrix::from_fn(N, 1, |i, _| p.dy.row(i).sum()),
        &[("the mean for the sum", |p| Matrix::from_fn(N, 1, |i, _| p.dy.row(i).mean()))],
    ),
    (
        || pass(Softmax),
        "x",
        |p| softmax_with(p, |j| p.dy.column(j).dot(&p.y.column(j))),
        &[
            ("missing term Σ dy·y", |p| softmax_with(p, |_| 0.0)),
            ("Σ dy·y of the batch for that of the sample", |p| softmax_with(p, |_| p.dy.dot(&p.y))),
            ("Σ dy for Σ dy·y", |p| softmax_with(p, |j| p.dy.column(j).sum())),
            ("off by one index: Σ dy·y of the neighbour", |p| {
                let next = |j| (j + 1) % N_SAMPLES;
                softmax_with(p, |j| p.dy.column(next(j)).dot(&p.y.column(next(j))))
            }),
        ],
    ),
];

fn name(pass: &Pass) -> &str {
    pass.net.layers().iter().next().expect("one layer").name()
}

#[test]
fn the_copies_are_the_shipped_backward_passes() {
    for &(make, of, right, _) in CASES {
        let mut pass = make();
        let (shipped, report) = check(&mut pass, of, right);
        let name = name(&pass);
        assert!(report.passed(), "{name}, {of}: {report}");
        let difference = (right(&pass) - shipped).amax();
        assert!(difference <= 1e-14, "{name}, {of}: the copy is off by {difference:e}");
    }
}

#[test]
fn every_mistake_is_refused() {
    let mut n_mistakes = 0;
    for &(make, of, _, mistakes) in CASES {
        for &(what, wrong) in mistakes {
            let mut pass = make();
            let (_, report) = check(&mut pass, of, wrong);
            // Not for a NaN or the like: every derivative was compared, and some disagree.
            assert_eq!(report.refusal(), None, "{}, {of}, {what}", name(&pass));
            assert!(!report.passed(), "{}, {of}, {what}: {report}", name(&pass));
            n_mistakes += 1;
        }
    }
    assert!(n_mistakes >= 10, "{n_mistakes} mistakes");
}

#[test]
fn a_mistake_in_the_seventh_digit_is_refused() {
    let mut pass = pass(Silu);
    let (_, report) = check(&mut pass, "x", |p| each(p, |dy, _, _, slope| dy * slope * (1.0 + 5e-7)));
    assert!(!report.passed() && report.relative_error() < 1e-6, "{report}");
}
