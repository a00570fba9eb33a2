//! Drawing numbers from a seed: the same seed always gives the same numbers, and nothing else does.

/// A source of numbers (SplitMix64, <https://doi.org/10.1145/2714064.2660195>).
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    /// The source that a seed makes.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one; 0 where there is none.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product is even enough, and costs no division.
        ((u128::from(self.number()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from 0 up to, but not including, 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number from the normal distribution around 0 with a standard deviation of 1 (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let distance = (-2.0 * (1.0 - self.fraction()).ln()).sqrt();
        distance * (std::f64::consts::TAU * self.fraction()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_published_algorithm() {
        let mut draw = Draw::new(1_234_567);
        let numbers = [draw.number(), draw.number(), draw.number()];
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn numbers_stay_in_their_bounds() {
        let mut draw = Draw::new(1);
        assert!((0..1000).all(|_| draw.below(7) < 7 && (0.0..1.0).contains(&draw.fraction())));
        assert_eq!((draw.below(0), draw.below(1)), (0, 0));
    }

    #[test]
    fn normal_numbers_have_their_mean_and_deviation() {
        let mut draw = Draw::new(7);
        let numbers: Vec<f64> = (0..20_000).map(|_| draw.normal()).collect();
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count;
        assert!(mean.abs() < 0.02 && (variance.sqrt() - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
