//! How every bench is measured.

use std::time::Duration;

use criterion::Criterion;

/// The settings of every bench: with them all of `cargo bench` takes a few minutes.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1500))
        .sample_size(30)
        .nresamples(20_000)
        .without_plots()
}
