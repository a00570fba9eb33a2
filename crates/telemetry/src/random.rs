//! Names nobody else has.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// The next number of this thread's row of random ones: xoroshiro128++, begun where the operating system says. Good
/// for names, not for secrets: whoever knows some can tell the next.
///
/// Source: <https://prng.di.unimi.it/xoroshiro128plusplus.c>.
pub(crate) fn random_word() -> u64 {
    thread_local! {
        static STATE: Cell<[u64; 2]> = Cell::new(seed());
    }
    let [a, b] = STATE.get();
    let mixed = a ^ b;
    STATE.set([a.rotate_left(49) ^ mixed ^ (mixed << 21), mixed.rotate_left(28)]);
    a.wrapping_add(b).rotate_left(17).wrapping_add(a)
}

/// Where a thread begins, drawn by the operating system; all noughts would stay so for ever.
fn seed() -> [u64; 2] {
    let key = RandomState::new();
    [key.hash_one(0_u8), key.hash_one(1_u8) | 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_is_as_often_set_as_not() {
        let mut set = [0_u32; 64];
        for _ in 0..10_000 {
            let word = random_word();
            (0..64).for_each(|bit| set[bit] += u32::from(word >> bit & 1 == 1));
        }
        assert!(set.iter().all(|times| (4_600..5_400).contains(times)), "{set:?}");
    }
}
