//! Which bytes of a block are not 0.

/// A bit for every byte that is not 0, the first byte in the lowest.
#[inline]
pub(crate) fn nonzero_bytes(block: &[u8; 64]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::*;
        let (quarters, _) = block.as_chunks::<16>();
        quarters.iter().rev().fold(0, |bits, quarter| {
            // SAFETY: these instructions are part of every x86-64, and 16 bytes are read of 16.
            let zeros = unsafe {
                let bytes = _mm_loadu_si128(quarter.as_ptr().cast());
                _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128()))
            };
            bits << 16 | u64::from(!zeros as u16)
        })
    }
    #[cfg(not(target_arch = "x86_64"))]
    plain(block)
}

/// The same as a plain loop.
#[cfg(any(test, not(target_arch = "x86_64")))]
pub(super) fn plain(block: &[u8; 64]) -> u64 {
    block.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(byte != 0))
}
