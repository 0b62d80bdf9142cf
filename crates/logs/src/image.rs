//! Images of the weights of a first layer.

use chainrule_trainer::tensor::MatrixView;

/// A picture in shades of gray, row by row from the top, 0 black to 255 white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Image {
    /// The most units that [`of_units`](Image::of_units) shows.
    pub const MOST_UNITS: usize = 100;

    /// The weights of every unit of a first layer, each as a tile of `n_rows`×`n_columns` pixels, the tiles in order
    /// from the left and from the top, in a grid as square as can be with black lines of one pixel between them.
    ///
    /// ```text
    /// gray = 128 + 127·w/max|w|, rounded      0 is gray, the largest weight of all tiles white or black
    /// ```
    /// Only the first hundred units are shown.
    ///
    /// # Shapes
    /// `w`: units × pixels, a row of the image after the other.
    ///
    /// # Panics
    /// Unless `w` has a unit and `n_rows · n_columns` columns, at least one.
    ///
    /// # Examples
    /// ```
    /// use chainrule_logs::Image;
    /// use chainrule_trainer::tensor::Matrix;
    /// let w = Matrix::from_row_slice(2, 2, &[0.0, 1.0, -2.0, 2.0]); // two units of 1×2 pixels
    /// let image = Image::of_units((&w).into(), 1, 2);
    /// assert_eq!((image.width(), image.height()), (5, 1)); // a line between them
    /// assert_eq!(image.pixels(), [128, 192, 0, 1, 255]);
    /// ```
    #[track_caller]
    pub fn of_units(w: MatrixView<'_, f32>, n_rows: usize, n_columns: usize) -> Image {
        let (n_units, n_inputs) = w.shape();
        assert!(n_units > 0 && n_inputs > 0, "found weights of {n_units}×{n_inputs}, expected at least one");
        assert_eq!(n_inputs, n_rows * n_columns, "weights of a unit, and {n_rows}×{n_columns} pixels");
        let n_units = n_units.min(Image::MOST_UNITS);
        let across = (1..).find(|n| n * n >= n_units).unwrap_or(1);
        let down = n_units.div_ceil(across);
        let (width, height) = (across * (n_columns + 1) - 1, down * (n_rows + 1) - 1);
        let mut pixels = vec![0; width * height];
        let shown = || w.column_iter().flat_map(|of_input| of_input[..n_units].iter());
        let largest = shown().filter(|w| w.is_finite()).fold(0.0_f32, |most, w| most.max(w.abs()));
        // Weights that are all 0 are gray.
        let largest = if largest > 0.0 { largest } else { 1.0 };
        for (i, of_input) in w.column_iter().enumerate() {
            let (row, column) = (i / n_columns, i % n_columns);
            for (unit, w) in of_input[..n_units].iter().enumerate() {
                let (y, x) = (unit / across * (n_rows + 1) + row, unit % across * (n_columns + 1) + column);
                pixels[y * width + x] = (128.0 + 127.0 * (w / largest)).round() as u8;
            }
        }
        Image { width, height, pixels }
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixels, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes of a PNG file.
    pub fn to_png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("writing into memory");
        writer.write_image_data(&self.pixels).expect("as many pixels as width and height say");
        writer.finish().expect("writing into memory");
        bytes
    }
}
