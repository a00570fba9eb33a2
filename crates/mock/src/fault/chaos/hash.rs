//! A hash that is the same on every machine and in every version.

/// FNV-1a (<https://datatracker.ietf.org/doc/html/rfc9923>), with the last step of SplitMix64 to
/// mix it: alone, the last bytes would hardly change its upper bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    /// The hash of what was there and these bytes behind it.
    pub(super) fn and(self, bytes: &[u8]) -> Self {
        let one_more = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(self.0, one_more))
    }

    /// A number that every bit of this one changes.
    pub(super) fn mixed(self) -> Self {
        let mixed = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(mixed ^ (mixed >> 31))
    }

    /// A number from 0 up to, but not including, 1.
    pub(super) fn fraction(self) -> f64 {
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number below this one; 0 where there is none.
    pub(super) fn below(self, bound: usize) -> usize {
        // The upper half of the product is less than the bound.
        ((u128::from(self.0) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_published_algorithms() {
        assert_eq!(Hash::default().and(b"foobar").0, 0x8594_4171_f739_67e8);
        assert_eq!(Hash(1_234_567).mixed().0, 6_457_827_717_110_365_317);
    }
}
