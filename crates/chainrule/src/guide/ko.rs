#![doc = include_str!("links_ko.md")]
#![doc = include_str!("ko/index.md")]

#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/affine.md")]
pub mod affine {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/activations.md")]
pub mod activations {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/losses.md")]
pub mod losses {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/by_hand.md")]
pub mod by_hand {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/descent.md")]
pub mod descent {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/gradient_checks.md")]
pub mod gradient_checks {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/two_layer_net.md")]
pub mod two_layer_net {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/any_depth.md")]
pub mod any_depth {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/batch_norm_and_dropout.md")]
pub mod batch_norm_and_dropout {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/own_data.md")]
pub mod own_data {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/going_wrong.md")]
pub mod going_wrong {}
#[doc = include_str!("links_ko.md")]
#[doc = include_str!("ko/names.md")]
pub mod names {}
