//! Randomness as a pure function of a seed and a purpose, and the context of a pass, which it may depend on.
//!
//! Every use has a generator of its own, ChaCha8 keyed by (seed, purpose, major, minor): four little-endian 64-bit
//! words are its 256-bit key. Nothing is drawn from a shared stream, so nothing depends on the order in which
//! threads, layers or steps ask, and a run can be continued from the numbers of its epoch and step alone.
//!
//! The generator is a named, portable one, and the three ways in which its words are used here are ours; both are
//! pinned by values that an independent program made (`tests/reference/random.py`).

use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};

use crate::math::{ln, sincos};

/// The context of a pass: training or inference, seed, epoch, step, and place in the mini-batch and the network. Layers and
/// sources of samples may depend on nothing else but their inputs; their randomness is a pure function of these numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// True in training; false in inference, where dropout does nothing and batch normalisation knows its statistics.
    pub training: bool,
    /// The seed of the run.
    pub seed: u64,
    /// Epochs before this one.
    pub epoch: u64,
    /// Steps taken before this one.
    pub step: u64,
    /// How many samples the whole mini-batch has, in training.
    pub n_samples: usize,
    /// The position in the mini-batch of the first sample of this pass.
    pub first_sample: usize,
    /// The position of the layer in its network.
    pub layer: usize,
}

impl Context {
    /// The context of inference.
    pub const fn inference() -> Self {
        Context { training: false, seed: 0, epoch: 0, step: 0, n_samples: 0, first_sample: 0, layer: 0 }
    }

    /// The context of one training step, at its first sample, in the first epoch. Whoever runs the mini-batch says how
    /// many it has.
    pub const fn training(seed: u64, step: u64) -> Self {
        Context { training: true, seed, step, ..Context::inference() }
    }

    /// The same context in the epoch `epoch`, counting from 0.
    pub const fn in_epoch(self, epoch: u64) -> Self {
        Context { epoch, ..self }
    }

    /// The same context for a mini-batch of `n_samples`.
    pub const fn of_samples(self, n_samples: usize) -> Self {
        Context { n_samples, ..self }
    }

    /// The same context for samples that start at `first_sample` of the mini-batch.
    pub const fn at_sample(self, first_sample: usize) -> Self {
        Context { first_sample, ..self }
    }

    /// The same context for the layer at position `layer`.
    pub const fn at_layer(self, layer: usize) -> Self {
        Context { layer, ..self }
    }
}

/// What random numbers are used for. The discriminants are part of the reproducibility promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u64)]
pub enum Purpose {
    /// Initial parameters: major is the layer.
    Initialise = 1,
    /// The order of the samples of an epoch: major is the epoch.
    Shuffle = 2,
    /// A mini-batch drawn with replacement: major is the step.
    Draw = 3,
    /// Which values dropout leaves out: major is the step, minor is the layer · 2³² + the sample's position.
    Dropout = 4,
    /// Which samples are held out for validation: major is the class.
    Split = 5,
}

/// The generator of one purpose at one place (`major`, `minor`), as [`Purpose`] says.
///
/// # Examples
/// ```
/// use chainrule_tensor::random::{Purpose, generator};
/// use chainrule_tensor::rand::Rng;
/// let mut a = generator(1, Purpose::Shuffle, 3, 0);
/// let mut b = generator(1, Purpose::Shuffle, 3, 0);
/// let mut next_epoch = generator(1, Purpose::Shuffle, 4, 0);
/// assert_eq!(a.next_u64(), b.next_u64());
/// assert_ne!(a.next_u64(), next_epoch.next_u64());
/// ```
pub fn generator(seed: u64, purpose: Purpose, major: u64, minor: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, major, minor]) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// A number uniform in [0, 1): the upper 53 bits of the next 64, times 2⁻⁵³.
pub fn uniform(rng: &mut impl Rng) -> f64 {
    const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
    (rng.next_u64() >> 11) as f64 * UNIT
}

/// An index uniform in 0…n−1, without bias.
///
/// The upper half of the 128-bit product of n and the next 64 bits; the few products that would make some indices
/// likelier are drawn again (Lemire, *Fast random integer generation in an interval*, 2019).
///
/// # Panics
/// If `n` is 0.
pub fn index(rng: &mut impl Rng, n: usize) -> usize {
    assert!(n > 0, "an index below 0 does not exist");
    let n = n as u64;
    let surplus = n.wrapping_neg() % n; // 2⁶⁴ mod n
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(n);
        if product as u64 >= surplus {
            return (product >> 64) as usize;
        }
    }
}

/// Shuffles in place, every order equally likely (Fisher and Yates, from the end).
///
/// # Examples
/// ```
/// use chainrule_tensor::random::{Purpose, generator, shuffle};
/// let mut order: Vec<usize> = (0..5).collect();
/// shuffle(&mut generator(1, Purpose::Shuffle, 0, 0), &mut order);
/// let mut sorted = order.clone();
/// sorted.sort();
/// assert_eq!(sorted, [0, 1, 2, 3, 4]);
/// ```
pub fn shuffle<T>(rng: &mut impl Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, index(rng, last + 1));
    }
}

/// Two independent standard normal numbers (Box and Muller, *A note on the generation of random normal deviates*,
/// 1958): r·cos φ and r·sin φ with r = √(−2 ln(1 − u)), φ = 2πv, u drawn before v.
pub fn standard_normal_pair(rng: &mut impl Rng) -> [f64; 2] {
    // 1 − u is never 0, so the logarithm is finite.
    let radius = (-2.0 * ln(1.0 - uniform(rng))).sqrt();
    let (sin, cos) = sincos(std::f64::consts::TAU * uniform(rng));
    [radius * cos, radius * sin]
}
