//! What holds whatever the bytes: shared with the fuzzer.

use chainrule_fuzzing::within;

use super::{
    picture,
    run_file::{MEMORY_FACTOR, RunConfig},
};

/// Any bytes as a picture: all of its pixels, or one sentence.
pub(crate) fn picture(bytes: &[u8]) {
    let announced = picture::size(bytes).map_or(0, |(width, height)| width.saturating_mul(height));
    // Larger ones are refused or good, and take as long as they are large.
    if (1_000_000..=100_000_000).contains(&announced) {
        return;
    }
    // A sixteen-fold for what is there: a PGM has no more pixels than bytes.
    let n_pixels = bytes.len() + announced.min(1_000_000) as usize;
    let most = picture::MEMORY_PER_PIXEL * n_pixels + picture::MEMORY_MORE;
    match within(most, || picture::decode(bytes)) {
        Ok(found) => {
            assert!(!found.pixels.is_empty() && found.pixels.len() == found.n_rows * found.n_columns)
        }
        Err(problem) => assert!(!problem.is_empty() && !problem.contains('\n'), "{problem}"),
    }
}

/// Any bytes as the settings of a run: those that make sense come back when they are written.
pub(crate) fn run_config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let most = MEMORY_FACTOR * text.len() + (64 << 10);
    let config = match within(most, || RunConfig::from_toml(text)) {
        Ok(config) => config,
        Err((line, message)) => {
            assert!((1..=text.lines().count() + 1).contains(&line) && !message.contains('\n'));
            return;
        }
    };
    let of_net = config.network.for_images(784).check();
    if of_net.and_then(|()| config.training.check()).is_ok() {
        let written = config.to_toml().expect("settings that make sense can be written");
        assert_eq!(RunConfig::from_toml(&written).as_ref(), Ok(&config), "{written}");
    }
}
