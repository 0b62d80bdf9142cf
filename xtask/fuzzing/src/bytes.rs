//! Bytes that are nearly right, always the same from the same seed.

/// A generator of 64-bit numbers, splitmix64.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.number() % n as u64) as usize
    }
}

/// One of the files with a few changes.
pub fn mutated(files: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = files[random.below(files.len())].clone();
    for _ in 0..1 + random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let (at, to) = (random.below(bytes.len()), random.below(bytes.len()));
        match random.below(7) {
            0 => bytes[at] = random.number() as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at),
            3 => bytes.insert(at, random.number() as u8),
            // A part of a file over a part of this one, or between two of its bytes.
            4 | 5 => {
                let other = &files[random.below(files.len())];
                let from = random.below(other.len() + 1);
                let part = other[from..other.len().min(from + random.below(40))].to_vec();
                let end = if random.below(2) == 0 { to } else { bytes.len().min(to + part.len()) };
                bytes.splice(to..end, part);
            }
            // A number that is as large as it can be.
            _ => bytes[at..].iter_mut().take(4).for_each(|byte| *byte = 0xff),
        }
    }
    bytes
}
