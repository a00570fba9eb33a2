//! Chance for choices between deployments: cheap, shared, and repeatable from a seed.

use std::sync::atomic::{AtomicU64, Ordering};

/// The step of SplitMix64, which visits every number once.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A source of evenly spread numbers; who throws it waits for nobody.
#[derive(Debug)]
pub struct Dice(AtomicU64);

impl Dice {
    /// Dice that fall the same way for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A number below the bound; 0 for a bound of 0.
    pub(super) fn below(&self, bound: u64) -> u64 {
        let thrown = mixed(self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP));
        let scaled = (u128::from(thrown) * u128::from(bound)) >> 64;
        u64::try_from(scaled).unwrap_or_default()
    }
}

fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
