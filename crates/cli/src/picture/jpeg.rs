//! JPEG, by the crate `zune-jpeg`.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, PoisonError},
};

use zune_jpeg::{
    JpegDecoder,
    errors::DecodeErrors,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{
    grey::{Picture, brightness},
    orientation::upright,
};

pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    let mut decoder = decoder(bytes);
    let values = without_panic(|| decoder.decode()).ok_or("not a whole JPEG")?.map_err(not_whole)?;
    let (n_columns, n_rows) = decoder.dimensions().ok_or("a JPEG without a size")?;
    let pixels: Vec<u8> =
        values.as_chunks::<3>().0.iter().map(|&[red, green, blue]| brightness(red, green, blue)).collect();
    let picture = Picture { n_rows, n_columns, pixels };
    Ok(upright(picture, decoder.exif().map(Vec::as_slice)))
}

/// What the decoder says: its own `Display` is its `Debug`, and some of its sentences end in an empty line.
fn not_whole(cause: DecodeErrors) -> String {
    let text = match cause {
        DecodeErrors::Format(text) => text,
        DecodeErrors::FormatStatic(text) => text.to_string(),
        DecodeErrors::IoErrors(_) => "it breaks off".to_string(),
        other => other.to_string(),
    };
    format!("not a whole JPEG: {}", text.trim_end())
}

/// What `decode` returns; none if it panics, as this decoder does on some broken files (zune-image's issues 362 and 409). Nobody
/// is told of the panic itself.
fn without_panic<T>(decode: impl FnOnce() -> T) -> Option<T> {
    // There is one hook for all threads.
    static HOOK: Mutex<()> = Mutex::new(());
    let _alone = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(decode));
    panic::set_hook(hook);
    result.ok()
}

/// The width and the height, as the decoder itself finds them in the headers; before anything is read by them.
pub(super) fn size(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut decoder = decoder(bytes);
    without_panic(|| decoder.decode_headers())?.ok()?;
    let (width, height) = decoder.dimensions()?;
    Some((width as u64, height as u64))
}

/// Any size is let through, which is looked at by [`super::decode`].
fn decoder(bytes: &[u8]) -> JpegDecoder<ZCursor<&[u8]>> {
    // Strict: otherwise what is missing of a file that breaks off would be grey.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    JpegDecoder::new_with_options(ZCursor::new(bytes), options)
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::{ColorType, Encoder};

    use super::*;

    /// 24×16 pixels: the left third is dark, and the upper half of the rest is middling.
    fn picture() -> Vec<u8> {
        let value = |i: usize| match (i / 24, i % 24) {
            (_, 0..8) => 10,
            (0..8, _) => 120,
            _ => 240,
        };
        (0..24 * 16).map(value).collect()
    }

    fn encoded(colour: ColorType, progressive: bool, orientation: Option<u8>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 100);
        encoder.set_progressive(progressive);
        if let Some(orientation) = orientation {
            // A TIFF header, and a directory of one entry: orientation, a short, one of them.
            let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
            exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
            encoder.add_app_segment(1, exif).unwrap();
        }
        let data = match colour {
            ColorType::Luma => picture(),
            _ => picture().iter().flat_map(|&value| [value; 3]).collect(),
        };
        encoder.encode(&data, 24, 16, colour).unwrap();
        bytes
    }

    fn assert_near(found: &[u8], expected: &[u8]) {
        assert_eq!(found.len(), expected.len());
        let worst = found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(3), "{worst:?}");
    }

    #[test]
    fn grey_and_colours_plain_and_progressive() {
        for colour in [ColorType::Luma, ColorType::Rgb] {
            for progressive in [false, true] {
                let found = decode(&encoded(colour, progressive, None)).unwrap();
                assert_eq!((found.n_rows, found.n_columns), (16, 24));
                assert_near(&found.pixels, &picture());
            }
        }
    }

    #[test]
    fn what_was_up_is_up() {
        // 6: the first row is the right side of what is seen, so the camera was turned to the left.
        let turned = decode(&encoded(ColorType::Luma, false, Some(6))).unwrap();
        assert_eq!((turned.n_rows, turned.n_columns), (24, 16));
        let expected: Vec<u8> =
            (0..24).flat_map(|row| (0..16).map(move |column| picture()[(15 - column) * 24 + row])).collect();
        assert_near(&turned.pixels, &expected);
        let upside_down = decode(&encoded(ColorType::Luma, false, Some(3))).unwrap();
        assert_near(&upside_down.pixels, &picture().into_iter().rev().collect::<Vec<_>>());
    }

    #[test]
    fn a_file_that_breaks_off_is_an_error() {
        for progressive in [false, true] {
            let whole = encoded(ColorType::Rgb, progressive, Some(6));
            // The last three bytes are the mark of the end, and bits that may be mere filling.
            for n in 3..whole.len() - 3 {
                let error = decode(&whole[..n]).err();
                assert!(
                    error.is_some_and(|e| e.starts_with("not a whole JPEG: ")),
                    "{n} of {} bytes",
                    whole.len()
                );
            }
        }
    }

    #[test]
    fn a_file_on_which_the_decoder_panics_is_an_error() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/two_frames.jpg");
        assert_eq!(decode(&std::fs::read(file).unwrap()).unwrap_err(), "not a whole JPEG");
        assert_eq!(without_panic(|| 1), Some(1));
    }

    #[test]
    fn headers_alone_are_enough_to_refuse_a_size() {
        let mut bytes = encoded(ColorType::Luma, false, None);
        let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        let data = bytes.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap() + 10;
        bytes[frame + 5..frame + 9].copy_from_slice(&[0x4e, 0x20, 0x4e, 0x20]);
        let decode = crate::picture::decode;
        let refused = "a picture of 20000×20000 pixels, expected at most";
        assert!(decode(&bytes[..data]).unwrap_err().contains(refused));
        // A byte that belongs to nothing before the frame, which the decoder passes over.
        let stray = [&bytes[..frame], &[7], &bytes[frame..]].concat();
        assert!(decode(&stray).unwrap_err().contains(refused), "{:?}", decode(&stray));
        bytes[frame + 5..frame + 9].fill(0);
        assert!(decode(&bytes).is_err());
    }
}
