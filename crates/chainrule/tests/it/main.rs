//! The integration tests of this crate in one program.

mod guide;
#[cfg(all(feature = "mnist", feature = "trainer"))]
mod whole;
