//! PNG, by the crate `png`: any depth, palettes and interlacing.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Limits, Transformations};

use super::{
    grey::{Picture, brightness, greatest},
    orientation::upright,
};

/// What the decoder may take besides the pixels: for colour profiles, texts and the like.
const MOST_EXTRA: usize = 16_000_000;

pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    let not_whole = |cause: png::DecodingError| format!("not a whole PNG: {cause}");
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MOST_EXTRA });
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(not_whole)?;
    let (n_rows, n_columns) = (reader.info().height as usize, reader.info().width as usize);
    let n_bytes = reader.output_buffer_size().ok_or("a picture larger than memory")?;
    // Memory that is 0 from the start is not touched before pixels arrive.
    let mut values = vec![0; n_bytes];
    let frame = reader.next_frame(&mut values).map_err(not_whole)?;
    // What is damaged behind the pixels is damaged all the same.
    reader.finish().map_err(not_whole)?;
    values.truncate(frame.buffer_size());
    if frame.bit_depth == BitDepth::Sixteen {
        narrow(&mut values, frame.color_type.samples());
    }
    let pixels = match frame.color_type {
        ColorType::Grayscale => values,
        ColorType::GrayscaleAlpha => opaque(values.as_chunks::<2>().0.iter().map(|&[v, alpha]| (v, alpha))),
        ColorType::Rgb => {
            values.as_chunks::<3>().0.iter().map(|&[red, green, blue]| brightness(red, green, blue)).collect()
        }
        ColorType::Rgba => {
            let pixels = values.as_chunks::<4>().0.iter();
            opaque(pixels.map(|&[red, green, blue, alpha]| (brightness(red, green, blue), alpha)))
        }
        ColorType::Indexed => return Err("its palette could not be applied".into()),
    };
    let exif = reader.info().exif_metadata.as_deref();
    Ok(upright(Picture { n_rows, n_columns, pixels }, exif))
}

/// Values of 16 bits as values of 8, in place: colours by the range that they have, and opacity by its own.
fn narrow(values: &mut Vec<u8>, n_channels: usize) {
    let n_colours = if n_channels.is_multiple_of(2) { n_channels - 1 } else { n_channels };
    let is_colour = |i: usize| i % n_channels < n_colours;
    let mut largest = [0; 2];
    for (i, pair) in values.as_chunks::<2>().0.iter().enumerate() {
        let of_this = &mut largest[usize::from(is_colour(i))];
        *of_this = u64::from(u16::from_be_bytes(*pair)).max(*of_this);
    }
    let most = largest.map(greatest);
    for i in 0..values.len() / 2 {
        let value = u64::from(u16::from_be_bytes([values[2 * i], values[2 * i + 1]]));
        let most = most[usize::from(is_colour(i))];
        values[i] = ((255 * value + most / 2) / most) as u8;
    }
    values.truncate(values.len() / 2);
}

/// The width and the height that the header announces, which is the first of a PNG's chunks; before anything is read
/// by them.
pub(super) fn size(bytes: &[u8]) -> Option<(u64, u64)> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?).into());
    (bytes.get(12..16)? == b"IHDR").then(|| Some((number(16)?, number(20)?)))?
}

/// Pixels before a background that differs from what is drawn: white, or black where what is drawn is light.
fn opaque(pixels: impl Iterator<Item = (u8, u8)> + Clone) -> Vec<u8> {
    let (mut sum, mut weight) = (0, 0);
    for (value, alpha) in pixels.clone() {
        sum += u64::from(value) * u64::from(alpha);
        weight += u64::from(alpha);
    }
    let ground = if sum > 127 * weight { 0 } else { 255 };
    let mix = |(value, alpha): (u8, u8)| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + ground * (255 - alpha) + 127) / 255) as u8
    };
    pixels.map(mix).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(width: u32, height: u32, colour: ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if colour == ColorType::Indexed {
            encoder.set_palette([0, 0, 0, 255, 0, 0, 255, 255, 255].as_slice());
        }
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        bytes
    }

    #[test]
    fn every_kind_of_pixel_becomes_its_brightness() {
        use png::BitDepth::{Eight, One, Sixteen, Two};
        let pixels = |colour, depth, data: &[u8]| decode(&encoded(3, 1, colour, depth, data)).unwrap().pixels;
        assert_eq!(pixels(ColorType::Grayscale, Eight, &[0, 9, 255]), [0, 9, 255]);
        assert_eq!(pixels(ColorType::Grayscale, One, &[0b0100_0000]), [0, 255, 0]);
        assert_eq!(pixels(ColorType::Grayscale, Sixteen, &[0, 0, 128, 1, 255, 255]), [0, 128, 255]);
        // The range of 8 bits in 16, and that of 12; opacity has its own.
        assert_eq!(pixels(ColorType::Grayscale, Sixteen, &[0, 0, 0, 128, 0, 255]), [0, 128, 255]);
        assert_eq!(pixels(ColorType::Grayscale, Sixteen, &[0, 0, 8, 0, 15, 255]), [0, 128, 255]);
        let grey_alpha = [0, 0, 255, 255, 0, 128, 255, 255, 0, 255, 255, 255];
        assert_eq!(pixels(ColorType::GrayscaleAlpha, Sixteen, &grey_alpha), [0, 128, 255]);
        let rgb = [0, 0, 0, 0, 0, 0, 0, 255, 0, 255, 0, 255, 0, 255, 0, 0, 0, 0];
        assert_eq!(pixels(ColorType::Rgb, Sixteen, &rgb), [0, 255, 76]);
        assert_eq!(pixels(ColorType::Indexed, Two, &[0b0001_1000]), [0, 76, 255]);
        assert_eq!(pixels(ColorType::Rgb, Eight, &[255, 0, 0, 0, 255, 0, 0, 0, 255]), [76, 150, 29]);
        // Black on nothing is black on white, white on nothing is white on black.
        assert_eq!(pixels(ColorType::GrayscaleAlpha, Eight, &[0, 255, 0, 0, 0, 51]), [0, 255, 204]);
        assert_eq!(pixels(ColorType::GrayscaleAlpha, Eight, &[255, 255, 0, 0, 255, 51]), [255, 0, 51]);
        let rgba = [0, 0, 0, 255, 9, 9, 9, 0, 0, 0, 0, 255];
        assert_eq!(pixels(ColorType::Rgba, Eight, &rgba), [0, 255, 0]);
    }

    #[test]
    fn what_was_up_is_up() {
        for (turn, expected, n_rows) in
            [(1, [0, 9, 255], 1), (3, [255, 9, 0], 1), (6, [0, 9, 255], 3), (8, [255, 9, 0], 3)]
        {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, 3, 1);
            encoder.set_color(ColorType::Grayscale);
            let mut writer = encoder.write_header().unwrap();
            // A directory of one entry: orientation, a short, one of them.
            let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
            exif.extend([turn, 0, 0, 0, 0, 0, 0]);
            writer.write_chunk(png::chunk::ChunkType(*b"eXIf"), &exif).unwrap();
            writer.write_image_data(&[0, 9, 255]).unwrap();
            drop(writer);
            let found = decode(&bytes).unwrap();
            assert_eq!((&found.pixels[..], found.n_rows), (&expected[..], n_rows), "{turn}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error() {
        let whole = encoded(3, 1, ColorType::Grayscale, png::BitDepth::Eight, &[0, 9, 255]);
        for n in 4..whole.len() {
            let error = decode(&whole[..n]).expect_err(&format!("{n} of {} bytes", whole.len()));
            assert!(error.starts_with("not a whole PNG: "), "{error}");
        }
    }
}
