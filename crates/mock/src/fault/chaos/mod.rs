//! Faults over everything, at random but repeatable.
//!
//! Whether a request meets a fault, and which, is decided by a [hash](draw) and nothing else: the
//! same test sees the same faults on every machine, whatever runs beside it.

mod form;
mod hash;

use std::sync::LazyLock;

use super::{Fault, FaultOrigin};
use crate::script::{Chaos, FaultKind, FaultSpec};
use hash::Hash;

pub use form::ChaosFormError;

/// A stall that nobody asked for in particular must not hold a test up for a minute.
const USUAL_STALL_MS: u64 = 5_000;

/// What is drawn from where no faults are named: one of each kind that production sees.
static USUAL: LazyLock<[FaultSpec; 8]> = LazyLock::new(|| {
    [
        status(429),
        status(500),
        status(503),
        kind(FaultKind::ResetBeforeHeaders),
        kind(FaultKind::Cut),
        FaultSpec { stall_ms: Some(USUAL_STALL_MS), ..kind(FaultKind::Stall) },
        kind(FaultKind::ErrorEvent),
        kind(FaultKind::MalformedChunk),
    ]
});

/// The fault that a request meets, if it meets one.
///
/// `content` is a hash of what the request asks, `attempt` says which request of this content it
/// is in its namespace, from 1. A 64-bit hash (FNV-1a, mixed as SplitMix64 does) is taken of, one
/// after the other: the seed (8 bytes, little end first), the namespace's name, a zero byte, the
/// content's hash (8 bytes) and the attempt (4 bytes). Its upper 53 bits are a fraction from 0 to 1;
/// the request meets a fault if that is below the rate. The hash mixed once more says which.
///
/// ```
/// use playhouse_mock::fault::chaos::draw;
/// use playhouse_mock::script::Chaos;
///
/// let chaos: Chaos = "rate=0.5,seed=42,faults=429+cut".parse().unwrap();
/// let first = draw(&chaos, "my-test", 7, 1);
/// assert_eq!(first, draw(&chaos, "my-test", 7, 1));
/// ```
pub fn draw(chaos: &Chaos, namespace: &str, content: u64, attempt: u32) -> Option<Fault> {
    let hash = Hash::default()
        .and(&chaos.seed.to_le_bytes())
        .and(namespace.as_bytes())
        .and(&[0])
        .and(&content.to_le_bytes())
        .and(&attempt.to_le_bytes())
        .mixed();
    let is_met = hash.fraction() < chaos.rate;
    if !is_met {
        return None;
    }
    let faults = if chaos.faults.is_empty() { &USUAL[..] } else { &chaos.faults };
    let spec = faults.get(hash.mixed().below(faults.len()))?.clone();
    Some(Fault { spec, origin: FaultOrigin::Chaos { settings: chaos.to_string(), attempt } })
}

fn status(status: u16) -> FaultSpec {
    FaultSpec { status: Some(status), ..FaultSpec::default() }
}

fn kind(kind: FaultKind) -> FaultSpec {
    FaultSpec { kind: Some(kind), ..FaultSpec::default() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn chaos(rate: f64, faults: &[u16]) -> Chaos {
        Chaos { rate, seed: 42, faults: faults.iter().map(|code| status(*code)).collect() }
    }

    /// Which of many requests meet a fault.
    fn met(chaos: &Chaos, namespace: &str, attempt: u32) -> Vec<bool> {
        (0..10_000).map(|content| draw(chaos, namespace, content, attempt).is_some()).collect()
    }

    fn share(met: &[bool]) -> f64 {
        met.iter().filter(|met| **met).count() as f64 / met.len() as f64
    }

    /// How often two draws agree; independent ones at a rate of a half do half of the time.
    fn agreement(one: &[bool], other: &[bool]) -> f64 {
        share(&one.iter().zip(other).map(|(one, other)| one == other).collect::<Vec<_>>())
    }

    #[test]
    fn the_same_is_drawn_in_every_version() {
        let drawn: Vec<String> = (1..=12)
            .map(|attempt| draw(&chaos(0.5, &[]), "a-test", 0x1234_5678, attempt))
            .map(|fault| fault.map_or("-".to_owned(), |fault| fault.spec.to_string()))
            .collect();
        // As a program in another language computed them from the description above.
        assert_eq!(drawn.join(" "), "error_event - - 500 - 503 - malformed_chunk - 429 - -");
    }

    #[test]
    fn the_rate_is_the_share_that_meets_one() {
        for rate in [0.01, 0.1, 0.5, 0.9] {
            let met = share(&met(&chaos(rate, &[500]), "a-test", 1));
            assert!((met - rate).abs() < 0.015, "{met} met at a rate of {rate}");
        }
        assert_eq!(share(&met(&chaos(0.0, &[500]), "a-test", 1)), 0.0);
        assert_eq!(share(&met(&chaos(1.0, &[500]), "a-test", 1)), 1.0);
        assert_eq!(share(&met(&chaos(f64::NAN, &[500]), "a-test", 1)), 0.0);
    }

    #[test]
    fn every_fault_is_as_likely_as_the_others() {
        let chaos = chaos(1.0, &[500, 502, 503]);
        let mut counts: HashMap<String, u32> = HashMap::new();
        for content in 0..9_000 {
            let fault = draw(&chaos, "a-test", content, 1).unwrap();
            *counts.entry(fault.spec.to_string()).or_default() += 1;
        }
        assert!(counts.values().all(|count| (2_800..3_200).contains(count)), "{counts:?}");
    }

    #[test]
    fn namespaces_attempts_and_seeds_are_independent() {
        let half = chaos(0.5, &[500]);
        let base = met(&half, "a-test", 1);
        let others = [
            met(&half, "a-tesu", 1),
            met(&half, "a-test", 2),
            met(&Chaos { seed: 43, ..half.clone() }, "a-test", 1),
        ];
        for other in others {
            let agreement = agreement(&base, &other);
            assert!((0.48..0.52).contains(&agreement), "{agreement}");
        }
    }
}
