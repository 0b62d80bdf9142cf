// Every page is a file, in English and in Korean; a test compares their code. A page ends with where its links lead on a
// code host. The first definition of a link counts, so that `links_en.md` before it leads them to the documentation here.
#![doc = include_str!("links_en.md")]
#![doc = include_str!("en/index.md")]

// In reading order, which the first page shows; the documentation lists them by name.
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/affine.md")]
pub mod affine {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/activations.md")]
pub mod activations {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/losses.md")]
pub mod losses {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/by_hand.md")]
pub mod by_hand {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/descent.md")]
pub mod descent {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/gradient_checks.md")]
pub mod gradient_checks {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/two_layer_net.md")]
pub mod two_layer_net {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/any_depth.md")]
pub mod any_depth {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/batch_norm_and_dropout.md")]
pub mod batch_norm_and_dropout {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/own_data.md")]
pub mod own_data {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/going_wrong.md")]
pub mod going_wrong {}
#[doc = include_str!("links_en.md")]
#[doc = include_str!("en/names.md")]
pub mod names {}

pub mod ko;
