//! CRC-32C (Castagnoli's polynomial): the checksum of TFRecord.
//!
//! Source: RFC 3720, section 12.1 and appendix B.4.

use crc::{CRC_32_ISCSI, Crc};

static CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// The checksum as TFRecord stores it: masked, since CRCs of data that hold CRCs are weak.
pub(crate) fn masked_crc32c(bytes: &[u8]) -> u32 {
    CRC32C.checksum(bytes).rotate_right(15).wrapping_add(0xA282_EAD8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crc32c(bytes: &[u8]) -> u32 {
        CRC32C.checksum(bytes)
    }

    #[test]
    fn the_examples_of_the_rfc() {
        let ascending: Vec<u8> = (0..32).collect();
        let descending: Vec<u8> = (0..32).rev().collect();
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
        assert_eq!(crc32c(&ascending), 0x46DD_794E);
        assert_eq!(crc32c(&descending), 0x113F_DB5C);
        assert_eq!(crc32c(b""), 0);
    }

    #[test]
    fn the_mask_is_a_turn_and_a_sum() {
        // 0 turned is 0; 0x00010001 turned by 15 is 0x00020002.
        assert_eq!(masked_crc32c(b""), 0xA282_EAD8);
        assert_eq!(0x0001_0001_u32.rotate_right(15), 0x0002_0002);
    }
}
