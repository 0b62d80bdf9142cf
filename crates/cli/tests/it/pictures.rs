//! Pictures of digits as a camera might take them: real digits put on paper, and digits drawn with a pen.

/// Numbers that look random (Steele and others, SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` up to `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nearly normal, with standard deviation 1: a sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.between(-0.5, 0.5)).sum()
    }
}

/// How a picture is taken.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    /// Columns and rows of the picture.
    pub(crate) size: (usize, usize),
    /// The middle of the digit, and the length that is 28 pixels of MNIST.
    pub(crate) middle: (f64, f64),
    pub(crate) length: f64,
    /// The brightness of paper and ink.
    pub(crate) paper: f64,
    pub(crate) ink: f64,
    /// How much brighter the paper is at the right than at the left, and at the bottom than at the top.
    pub(crate) slope: (f64, f64),
    /// What a lens takes from the corners, 0…1.
    pub(crate) vignette: f64,
    /// The standard deviation of the noise.
    pub(crate) noise: f64,
}

impl Scene {
    /// A picture with `ink` 0…1 at every place, in MNIST's pixels.
    pub(crate) fn take(&self, ink: impl Fn(f64, f64) -> f64, random: &mut Random) -> Vec<u8> {
        let (width, height) = self.size;
        let scale = 28.0 / self.length;
        let mut pixels = Vec::with_capacity(width * height);
        for row in 0..height {
            for column in 0..width {
                let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
                // From −1 to 1.
                let (u, v) = (2.0 * x / width as f64 - 1.0, 2.0 * y / height as f64 - 1.0);
                let ink = ink((x - self.middle.0) * scale + 14.0, (y - self.middle.1) * scale + 14.0);
                let mut value = self.paper * (1.0 - ink) + self.ink * ink;
                value += self.slope.0 * u / 2.0 + self.slope.1 * v / 2.0;
                value *= 1.0 - self.vignette * (u * u + v * v) / 2.0;
                value += self.noise * random.normal();
                pixels.push(value.round().clamp(0.0, 255.0) as u8);
            }
        }
        pixels
    }
}

/// The ink of a digit of 28×28 pixels, between pixels by bilinear interpolation.
pub(crate) fn of_pixels(digit: &[u8]) -> impl Fn(f64, f64) -> f64 {
    move |x, y| {
        let (x, y) = (x - 0.5, y - 0.5);
        let at = |column: f64, row: f64| match (0.0..28.0).contains(&column) && (0.0..28.0).contains(&row) {
            true => f64::from(digit[row as usize * 28 + column as usize]) / 255.0,
            false => 0.0,
        };
        let (left, top) = (x.floor(), y.floor());
        let (right_part, bottom_part) = (x - left, y - top);
        let of_row = |row| at(left, row) * (1.0 - right_part) + at(left + 1.0, row) * right_part;
        of_row(top) * (1.0 - bottom_part) + of_row(top + 1.0) * bottom_part
    }
}

/// The ink of a digit that a pen of some width draws along a line of points, in MNIST's pixels.
pub(crate) fn drawn(digit: usize, width: f64) -> impl Fn(f64, f64) -> f64 {
    let line = PATHS[digit];
    move |x, y| {
        let distance =
            line.iter().flat_map(|part| part.windows(2)).map(|ends| to_segment(x, y, ends[0], ends[1]));
        let distance = distance.fold(f64::INFINITY, f64::min);
        (0.5 + 2.0 * (width / 2.0 - distance)).clamp(0.0, 1.0)
    }
}

fn to_segment(x: f64, y: f64, from: (f64, f64), to: (f64, f64)) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let along = ((x - from.0) * dx + (y - from.1) * dy) / (dx * dx + dy * dy);
    let along = along.clamp(0.0, 1.0);
    (x - from.0 - along * dx).hypot(y - from.1 - along * dy)
}

/// Ten digits as a hand might write them: lines through points, one or two for each.
const PATHS: [&[&[(f64, f64)]]; 10] = [
    &[&[
        (15.0, 4.5),
        (11.0, 6.0),
        (8.5, 10.0),
        (8.0, 15.0),
        (9.5, 20.5),
        (13.0, 23.5),
        (16.5, 22.5),
        (19.0, 18.5),
        (20.0, 13.0),
        (19.0, 8.0),
        (16.5, 5.0),
        (15.0, 4.5),
    ]],
    &[&[(15.5, 4.5), (14.5, 10.0), (13.5, 17.0), (12.5, 23.5)]],
    &[&[
        (8.5, 9.0),
        (10.0, 6.0),
        (13.5, 4.5),
        (17.0, 5.5),
        (18.5, 9.0),
        (17.0, 13.0),
        (13.0, 17.5),
        (8.5, 22.5),
        (13.0, 22.0),
        (20.0, 22.5),
    ]],
    &[&[
        (8.5, 6.0),
        (12.5, 4.5),
        (17.0, 5.5),
        (18.0, 9.0),
        (15.5, 12.0),
        (12.0, 13.0),
        (16.5, 14.0),
        (19.0, 17.5),
        (17.5, 21.5),
        (13.5, 23.5),
        (8.5, 22.0),
    ]],
    &[
        &[(10.0, 5.0), (8.5, 10.0), (8.5, 14.0), (13.0, 14.5), (19.5, 13.0)],
        &[(18.5, 5.5), (18.0, 13.0), (17.0, 23.5)],
    ],
    &[
        &[
            (11.0, 5.0),
            (10.0, 9.0),
            (9.5, 13.0),
            (13.5, 11.5),
            (17.5, 13.5),
            (18.5, 17.5),
            (16.5, 21.5),
            (12.5, 23.5),
            (8.5, 22.0),
        ],
        &[(11.0, 5.0), (15.0, 5.0), (19.5, 4.5)],
    ],
    &[&[
        (16.5, 4.5),
        (12.5, 8.5),
        (9.5, 14.0),
        (9.0, 19.0),
        (11.5, 22.5),
        (15.5, 23.0),
        (18.5, 20.0),
        (17.5, 16.0),
        (14.0, 14.5),
        (10.5, 16.5),
    ]],
    &[&[(8.0, 6.0), (13.0, 6.0), (19.5, 5.5), (17.0, 11.0), (14.5, 17.0), (13.0, 23.5)]],
    &[&[
        (18.0, 7.0),
        (14.5, 4.5),
        (10.5, 6.0),
        (10.0, 9.5),
        (13.5, 13.0),
        (17.5, 16.5),
        (18.0, 20.5),
        (14.5, 23.5),
        (10.5, 22.0),
        (10.0, 18.0),
        (13.5, 13.5),
        (17.5, 10.0),
        (18.0, 7.0),
    ]],
    &[&[
        (18.5, 9.0),
        (16.0, 5.0),
        (12.0, 5.0),
        (9.5, 8.5),
        (10.5, 12.5),
        (14.0, 13.5),
        (17.5, 11.5),
        (18.5, 9.0),
        (18.0, 15.0),
        (16.5, 23.5),
    ]],
];
