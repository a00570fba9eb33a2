//! Sets of small numbers.

/// A set of numbers under a bound, which come out of it in order whatever order they came in.
#[derive(Clone, Debug, Default)]
pub(in crate::matching) struct Bits(Vec<u64>);

impl Bits {
    /// An empty set of numbers under a bound.
    pub(super) fn under(bound: usize) -> Self {
        Self(vec![0; bound.div_ceil(64)])
    }

    /// The set of these numbers.
    pub(in crate::matching) fn of(bound: usize, numbers: impl Iterator<Item = usize>) -> Self {
        let mut bits = Self::under(bound);
        for number in numbers {
            bits.insert(number);
        }
        bits
    }

    /// Adds numbers.
    pub(super) fn add_all(&mut self, numbers: &[u32]) {
        for number in numbers {
            self.insert(*number as usize);
        }
    }

    /// The numbers that are in the other set too.
    pub(in crate::matching) fn both(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
        self
    }

    /// Adds a number; says whether it was not there.
    pub(super) fn insert(&mut self, number: usize) -> bool {
        let (word, bit) = (number / 64, 1 << (number % 64));
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    /// Whether a number is in it.
    pub(in crate::matching) fn contains(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// The numbers, the smallest first.
    pub(in crate::matching) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| Ones(*word).map(move |bit| at * 64 + bit))
    }
}

/// The places of a word's ones.
struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let lowest = self.0.trailing_zeros() as usize;
        // Takes the lowest one away; of none there is none.
        self.0 &= self.0.checked_sub(1)?;
        Some(lowest)
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn numbers_come_in_order() {
        let mut bits = Bits::of(200, [199, 0, 64, 63, 64].into_iter());
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 199]);
        assert!(!bits.insert(63) && bits.insert(1));
        assert!(bits.contains(1) && !bits.contains(2) && !bits.contains(1_000));
        let both = bits.both(&Bits::of(200, [1, 2, 199].into_iter()));
        assert_eq!(both.iter().collect::<Vec<_>>(), [1, 199]);
    }
}
