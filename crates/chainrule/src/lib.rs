// The example in the README trains a network on MNIST.
#![cfg_attr(all(feature = "mnist", feature = "trainer"), doc = include_str!("../README.md"))]
#![cfg_attr(
    all(feature = "mnist", feature = "trainer"),
    doc = "\nThe [guide] derives every formula and runs the tutorials' numbers; [한국어 안내서](guide::ko)도 있습니다."
)]
#![cfg_attr(
    not(all(feature = "mnist", feature = "trainer")),
    doc = "The parts of chainrule that were asked for, each a module."
)]
#![forbid(unsafe_code)]

pub mod prelude;

// Its code trains networks on MNIST.
#[cfg(all(feature = "mnist", feature = "trainer"))]
pub mod guide;

// The parts of a network, and what it learns from.
#[doc(inline)]
pub use chainrule_data as data;
#[doc(inline)]
pub use chainrule_layers as layers;
#[doc(inline)]
pub use chainrule_losses as losses;
#[doc(inline)]
pub use chainrule_optimizers as optimizers;
#[doc(inline)]
pub use chainrule_tensor as tensor;

// What checks it, where data come from, and what trains it.
#[cfg(feature = "csv")]
#[doc(inline)]
pub use chainrule_csv as csv;
#[cfg(feature = "formats")]
#[doc(inline)]
pub use chainrule_formats as formats;
#[cfg(feature = "gradcheck")]
#[doc(inline)]
pub use chainrule_gradcheck as gradcheck;
#[cfg(feature = "logs")]
#[doc(inline)]
pub use chainrule_logs as logs;
#[cfg(feature = "mnist")]
#[doc(inline)]
pub use chainrule_mnist as mnist;
#[cfg(feature = "report")]
#[doc(inline)]
pub use chainrule_report as report;
#[cfg(feature = "trainer")]
#[doc(inline)]
pub use chainrule_trainer as trainer;

/// The project's README, whose code has to compile.
#[cfg(all(doctest, feature = "checkpoint", feature = "mnist"))]
#[doc = include_str!("../../../README.md")]
mod readme {}

/// The same in Korean.
#[cfg(all(doctest, feature = "checkpoint", feature = "mnist"))]
#[doc = include_str!("../../../README.ko.md")]
mod readme_ko {}
