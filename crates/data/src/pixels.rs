//! From bytes 0…255 to floats 0…1.

use chainrule_tensor::Float;

/// Writes `pixels / 255` to `x`, each value the nearest to the true quotient.
///
/// This runs on every mini-batch, and a division costs more than the rest of the loop. One multiplication by
/// 1/255 is not exact. But 1/255 = 257/2¹⁶ + 1/(255·2¹⁶), where a byte times the first term needs 17 bits at
/// most and is exact, and what is lost of the second is 2⁻¹⁶ of a rounding error: too little to change the result
/// for any of the 256 bytes.
///
/// # Panics
/// Unless there are as many of both.
#[inline]
#[track_caller]
pub fn scale_to<F: Float>(x: &mut [F], pixels: &[u8]) {
    assert_eq!(x.len(), pixels.len(), "numbers and the bytes that become them");
    for (x, &pixel) in x.iter_mut().zip(pixels) {
        *x = scaled(pixel);
    }
}

/// One pixel as a float 0…1: `pixel / 255`, exactly rounded.
///
/// # Examples
/// ```
/// use chainrule_data::scaled;
/// assert_eq!([scaled::<f32>(0), scaled(51), scaled(255)], [0.0, 0.2, 1.0]);
/// ```
#[inline]
pub fn scaled<F: Float>(pixel: u8) -> F {
    let pixel = F::of(f64::from(pixel));
    pixel * F::of(257.0 / 65536.0) + pixel * F::of(1.0 / (255.0 * 65536.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_divided_exactly() {
        let bytes: Vec<u8> = (0..=255).collect();
        let (mut single, mut double) = ([f32::NAN; 256], [f64::NAN; 256]);
        scale_to(&mut single, &bytes);
        scale_to(&mut double, &bytes);
        for byte in 0..256 {
            let quotient = byte as f64 / 255.0;
            assert_eq!(double[byte].to_bits(), quotient.to_bits(), "{byte} in f64");
            assert_eq!(single[byte].to_bits(), (quotient as f32).to_bits(), "{byte} in f32");
        }
        assert_eq!((single[0], single[255]), (0.0, 1.0));
    }
}
