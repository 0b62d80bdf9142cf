//! TensorBoard's events: protobuf messages in TFRecord frames.
//!
//! ```text
//! a file     records, one behind the other; the first says file_version = "brain.Event:2"
//! a record   length: u64, masked CRC-32C of the length: u32, the event, masked CRC-32C of the event: u32
//! ```
//! Numbers little-endian. Source: TensorFlow's `tensorflow/core/lib/io/record_writer.cc`, TensorBoard's
//! `tensorboard/compat/proto/event.proto` and `summary.proto`, from which the numbers of the fields are.

use chainrule_protobuf::Message;
use chainrule_trainer::diagnostics::Histogram;

use crate::{Record, crc32c::masked_crc32c};

/// The record with which a file begins.
pub(crate) fn file_version(wall_time: f64) -> Vec<u8> {
    framed(event(wall_time, 0).text(3, "brain.Event:2"))
}

/// The record of a resumed run: readers discard what earlier files say of this step and of later ones.
pub(crate) fn start(wall_time: f64, step: u64) -> Vec<u8> {
    const START: u64 = 1;
    framed(event(wall_time, step).message(7, Message::default().number(1, START)))
}

/// All scalars, images and histograms of a step, as one event.
pub(crate) fn summary(record: &Record) -> Vec<u8> {
    let value = |tag: &str| Message::default().text(1, tag);
    let mut summary = Message::default();
    for (tag, scalar) in &record.scalars {
        summary = summary.message(1, value(tag).float(2, *scalar));
    }
    for (tag, image) in &record.images {
        const GRAY: u64 = 1;
        let message = Message::default()
            .number(1, image.height() as u64)
            .number(2, image.width() as u64)
            .number(3, GRAY)
            .bytes(4, &image.to_png());
        summary = summary.message(1, value(tag).message(4, message));
    }
    for (tag, histogram) in &record.histograms {
        summary = summary.message(1, value(tag).message(5, histogram_message(histogram)));
    }
    framed(event(record.wall_time, record.step).message(5, summary))
}

fn event(wall_time: f64, step: u64) -> Message {
    Message::default().double(1, wall_time).number(2, step)
}

/// `min`, `max`, `num`, `sum`, `sum_squares`, the upper bounds of the bins, their counts. Empty bins at both ends are left
/// out: TensorBoard takes `min` and `max` for the outer bounds.
fn histogram_message(histogram: &Histogram) -> Message {
    let counts = &histogram.counts;
    let is_filled = |&count: &u64| count > 0;
    let first = counts.iter().position(is_filled).unwrap_or(0);
    let end = counts.iter().rposition(is_filled).map_or(0, |last| last + 1);
    let upper: Vec<f64> = histogram.edges().skip(1).collect();
    Message::default()
        .double(1, histogram.smallest)
        .double(2, histogram.largest)
        .double(3, histogram.n_values() as f64)
        .double(4, histogram.sum)
        .double(5, histogram.sum_of_squares)
        .doubles(6, upper[first..end].iter().copied())
        .doubles(7, counts[first..end].iter().map(|&count| count as f64))
}

fn framed(event: Message) -> Vec<u8> {
    let event = event.into_bytes();
    let length = (event.len() as u64).to_le_bytes();
    let checksums = [&length[..], &event].map(|bytes| masked_crc32c(bytes).to_le_bytes());
    [&length[..], &checksums[0], &event, &checksums[1]].concat()
}
