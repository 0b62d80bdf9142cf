//! Networks to be written and read.

use chainrule_formats::trainer::{Error, Network, NetworkConfig};

/// A network of this configuration, in which no two values are alike; variances are not negative.
pub(crate) fn net<C: TryInto<NetworkConfig>>(config: C) -> Network
where
    Error: From<C::Error>,
{
    filled(Network::new(config).unwrap())
}

/// The same values in a network that is there.
pub(crate) fn filled(mut net: Network) -> Network {
    let mut state = 1_u32;
    let mut values = net.sequential().pack();
    for value in &mut values {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = (state >> 8) as f32 / 16_777_216.0;
    }
    net.sequential_mut().unpack(&values);
    net
}
