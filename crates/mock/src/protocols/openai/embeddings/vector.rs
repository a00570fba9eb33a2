//! Features as a vector of length one.
//!
//! Every feature has a direction that is drawn from its number; in so many dimensions two of them
//! are nearly at right angles. A text points where its features point together, so two texts are as
//! near as the features they share weigh. Sums are of whole numbers and each division is rounded
//! once, so every machine gives the same bits.

use super::features::Features;

/// The vector of these features.
///
/// A shorter vector is the beginning of a longer one, brought back to length one, which is what
/// OpenAI's `dimensions` does: <https://platform.openai.com/docs/guides/embeddings#reducing-embedding-dimensions>.
pub(super) fn unit_vector(features: &Features, dimensions: usize) -> Vec<f32> {
    let mut sum = vec![0; dimensions];
    for (feature, weight) in features.iter() {
        add_direction(&mut sum, feature, weight.cast_signed());
    }
    normalized(&sum)
}

/// Adds `weight` times the direction of a feature: odd numbers from -255 to 255, whose mean is 0.
fn add_direction(sum: &mut [i32], feature: u64, weight: i32) {
    for (place, eight) in (0..).zip(sum.chunks_mut(8)) {
        let drawn = draw(feature, place).to_le_bytes();
        for (number, byte) in eight.iter_mut().zip(drawn) {
            let step = 2 * i32::from(byte.cast_signed()) + 1;
            *number += weight * step;
        }
    }
}

/// The number at a place of the sequence that a seed begins (SplitMix64).
fn draw(seed: u64, place: u64) -> u64 {
    let mut mixed = seed.wrapping_add(place.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn normalized(sum: &[i32]) -> Vec<f32> {
    let square: f64 = sum.iter().map(|number| f64::from(*number) * f64::from(*number)).sum();
    let length = square.sqrt();
    if length == 0.0 {
        return first_axis(sum.len());
    }
    sum.iter().map(|number| (f64::from(*number) / length) as f32).collect()
}

/// In one dimension two features can take each other away; any direction will do then.
fn first_axis(dimensions: usize) -> Vec<f32> {
    (0..dimensions).map(|at| if at == 0 { 1.0 } else { 0.0 }).collect()
}
