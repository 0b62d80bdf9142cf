//! The integration tests of this crate in one program; `allocations.rs` has a program of its own and says why.

mod borders;
#[cfg(feature = "checkpoint")]
mod checkpoint;
mod common;
mod custom_layer;
mod diverging;
mod doors;
mod fast_routes;
mod gradient;
#[cfg(feature = "checkpoint")]
mod hostile;
mod looking_inside;
#[cfg(feature = "checkpoint")]
mod memory;
mod metrics;
mod not_finite;
mod own_data;
mod regularised;
#[cfg(feature = "checkpoint")]
mod resume;
mod split;
mod training;
mod trajectories;
#[cfg(feature = "checkpoint")]
mod versions;
