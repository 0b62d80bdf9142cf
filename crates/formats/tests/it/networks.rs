//! Networks to be written and read.

use chainrule_formats::trainer::{Mlp, MlpConfig};

/// A network of this configuration, in which no two values are alike; variances are not negative.
pub(crate) fn net(config: &MlpConfig) -> Mlp {
    let mut net = Mlp::new(config).unwrap();
    let mut state = 1_u32;
    let mut values = net.sequential().pack();
    for value in &mut values {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = (state >> 8) as f32 / 16_777_216.0;
    }
    net.sequential_mut().unpack(&values);
    net
}
