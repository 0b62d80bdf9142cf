//! The parts of the page, one module each.

pub(crate) mod activations;
pub(crate) mod calibration;
pub(crate) mod classes;
pub(crate) mod comparison;
pub(crate) mod curves;
pub(crate) mod layers;
pub(crate) mod mistakes;
pub(crate) mod settings;
pub(crate) mod summary;
pub(crate) mod weights;
