//! Images in the page: PNG as data URIs.

use base64::{Engine, engine::general_purpose::STANDARD};
use png::{BitDepth, ColorType, Compression, Encoder};

/// The steps of the colour scale on each side of 0.
const HALF: i32 = 31;

/// The ends and the middle of the colour scale: blue for −1, white for 0, brown for 1, which no colour-blindness confuses.
const SCALE: [[f64; 3]; 3] = [[5.0, 48.0, 150.0], [250.0, 250.0, 250.0], [127.0, 59.0, 8.0]];

/// Grey pixels, row after row, as a data URI.
pub(crate) fn grey(pixels: &[u8], n_columns: usize) -> String {
    uri(pixels, n_columns, None)
}

/// Values from −`most` to `most` in the colours of the scale, row after row, as a data URI.
pub(crate) fn diverging(values: &[f32], n_columns: usize, most: f64) -> String {
    let step = |value: f32| {
        let share = if most > 0.0 { (f64::from(value) / most).clamp(-1.0, 1.0) } else { 0.0 };
        (HALF + (share * f64::from(HALF)).round() as i32) as u8
    };
    let indices: Vec<u8> = values.iter().map(|value| step(*value)).collect();
    let palette: Vec<u8> =
        (-HALF..=HALF).flat_map(|i| colour(f64::from(i) / f64::from(HALF)).map(|part| part as u8)).collect();
    uri(&indices, n_columns, Some(palette))
}

/// The colour of a value from −1 to 1.
pub(crate) fn colour(value: f64) -> [f64; 3] {
    let end = if value < 0.0 { SCALE[0] } else { SCALE[2] };
    std::array::from_fn(|i| (SCALE[1][i] + value.abs() * (end[i] - SCALE[1][i])).round())
}

/// A byte per pixel: a shade of grey, or the index of a colour in the palette.
fn uri(pixels: &[u8], n_columns: usize, palette: Option<Vec<u8>>) -> String {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, n_columns as u32, (pixels.len() / n_columns) as u32);
    encoder.set_color(if palette.is_some() { ColorType::Indexed } else { ColorType::Grayscale });
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    if let Some(palette) = palette {
        encoder.set_palette(palette);
    }
    let mut writer = encoder.write_header().expect("a picture has rows and columns");
    writer.write_image_data(pixels).expect("there is a pixel for every place");
    writer.finish().expect("memory takes all that is written");
    format!("data:image/png;base64,{}", STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(uri: &str) -> (u32, u32, Vec<u8>) {
        let bytes = STANDARD.decode(uri.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn pixels_come_back() {
        assert_eq!(decoded(&grey(&[0, 1, 2, 253, 254, 255], 3)), (3, 2, vec![0, 1, 2, 253, 254, 255]));
    }

    #[test]
    fn signs_are_colours() {
        let (width, height, pixels) = decoded(&diverging(&[-2.0, 0.0, 1.0, f32::NAN], 4, 1.0));
        assert_eq!((width, height), (4, 1));
        // What lies outside of the scale has the colour of its end.
        assert_eq!(pixels[..9], [5, 48, 150, 250, 250, 250, 127, 59, 8]);
        assert_eq!(decoded(&diverging(&[0.0], 1, 0.0)).2, [250, 250, 250]);
    }
}
