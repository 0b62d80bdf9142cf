//! What holds whatever the bytes: shared with the fuzzer.

use chainrule_fuzzing::within;

use super::run_file::{MEMORY_FACTOR, RunConfig};

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
