//! Which requests meet a fault when faults are over everything.

use std::str::FromStr;

use super::{Fault, FaultOrigin};
use crate::script::{Chaos, FaultKind, FaultSpec};

/// The faults that are drawn from where none are said: what vendors and networks really do.
const USUAL: [&str; 7] = ["429", "500", "503", "529", "reset_before_headers", "cut", "stall"];
/// How long a stall lasts that nobody asked for.
const USUAL_STALL_MS: u64 = 5_000;

/// The fault that this attempt of a request meets, if any: the same for the same seed, namespace,
/// content and attempt, on every machine and whatever happens beside it.
pub fn draw(chaos: &Chaos, namespace: &str, content: u64, attempt: u32) -> Option<Fault> {
    let drawn = hash(chaos.seed, namespace, content, attempt);
    // 53 bits are what a fraction between 0 and 1 can hold.
    let fraction = (drawn >> 11) as f64 / (1_u64 << 53) as f64;
    if fraction >= chaos.rate {
        return None;
    }
    let which = mix(drawn);
    let spec = match chaos.faults.as_slice() {
        [] => usual(which),
        faults => faults[place(which, faults.len())].clone(),
    };
    Some(Fault { spec, origin: FaultOrigin::Chaos { seed: chaos.seed, attempt } })
}

fn usual(which: u64) -> FaultSpec {
    let mut spec = spec_of(USUAL[place(which, USUAL.len())]).unwrap_or_default();
    if spec.kind == Some(FaultKind::Stall) {
        spec.stall_ms = Some(USUAL_STALL_MS);
    }
    spec
}

fn place(which: u64, length: usize) -> usize {
    usize::try_from(which % length as u64).unwrap_or_default()
}

fn hash(seed: u64, namespace: &str, content: u64, attempt: u32) -> u64 {
    let name = namespace.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    [name, content, u64::from(attempt)].into_iter().fold(mix(seed), |hash, part| mix(hash ^ part))
}

/// The finalizer of SplitMix64: every bit of the input moves every bit of the output.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Settings of chaos that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChaosError {
    /// A part is none of those there are.
    #[error("'{0}' is no setting of chaos; write rate=0.1,seed=42,faults=429+cut")]
    Unknown(String),
    /// The rate is none.
    #[error("'{0}' is no rate; use a number from 0 to 1, such as rate=0.1")]
    Rate(String),
    /// The seed is none.
    #[error("'{0}' is no seed; use a whole number, zero or more")]
    Seed(String),
    /// A fault is none.
    #[error("'{0}' is no fault; use a status from 400 to 599, or one of {1}")]
    Fault(String, String),
    /// There is no rate.
    #[error("chaos needs a rate, such as rate=0.1")]
    NoRate,
}

impl FromStr for Chaos {
    type Err = ChaosError;

    /// Reads `rate=0.1,seed=42,faults=429+cut`.
    fn from_str(text: &str) -> Result<Self, ChaosError> {
        let mut chaos = Self::default();
        let mut has_rate = false;
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("rate", rate)) => {
                    chaos.rate = read_rate(rate)?;
                    has_rate = true;
                }
                Some(("seed", seed)) => {
                    chaos.seed = seed.parse().map_err(|_| ChaosError::Seed(seed.to_owned()))?;
                }
                Some(("faults", faults)) => {
                    chaos.faults = faults.split('+').map(read_fault).collect::<Result<_, _>>()?;
                }
                _ => return Err(ChaosError::Unknown(part.to_owned())),
            }
        }
        if has_rate { Ok(chaos) } else { Err(ChaosError::NoRate) }
    }
}

fn read_rate(text: &str) -> Result<f64, ChaosError> {
    let rate = text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
    rate.ok_or_else(|| ChaosError::Rate(text.to_owned()))
}

fn read_fault(text: &str) -> Result<FaultSpec, ChaosError> {
    spec_of(text.trim()).ok_or_else(|| {
        let kinds = FaultKind::ALL.iter().filter(|kind| **kind != FaultKind::Status);
        let kinds: Vec<&str> = kinds.map(|kind| kind.as_str()).collect();
        ChaosError::Fault(text.to_owned(), kinds.join(", "))
    })
}

fn spec_of(text: &str) -> Option<FaultSpec> {
    if let Ok(status) = text.parse::<u16>() {
        return (400..=599).contains(&status).then(|| FaultSpec { status: Some(status), ..FaultSpec::default() });
    }
    let kind = FaultKind::from_name(text).filter(|kind| *kind != FaultKind::Status)?;
    Some(FaultSpec { kind: Some(kind), ..FaultSpec::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_drawn_again_and_something_else_for_something_else() {
        let chaos = Chaos { rate: 0.5, seed: 42, faults: Vec::new() };
        let drawn = |namespace: &str, attempt| (0..64).map(|content| draw(&chaos, namespace, content, attempt)).collect::<Vec<_>>();
        assert_eq!(drawn("one", 1), drawn("one", 1));
        assert_ne!(drawn("one", 1), drawn("two", 1));
        assert_ne!(drawn("one", 1), drawn("one", 2));
    }

    #[test]
    fn as_many_meet_a_fault_as_the_rate_says() {
        for rate in [0.0, 0.1, 0.5, 1.0] {
            let chaos = Chaos { rate, seed: 7, faults: Vec::new() };
            let met = (0..10_000).filter(|content| draw(&chaos, "n", *content, 1).is_some()).count();
            assert!((met as f64 / 10_000.0 - rate).abs() < 0.02, "{met} of 10000 at {rate}");
        }
    }

    /// What a seed draws is a promise: tests name it.
    #[test]
    fn a_seed_draws_the_same_in_every_version() {
        let chaos = Chaos { rate: 0.3, seed: 42, faults: Vec::new() };
        let met: Vec<u64> = (0..12).filter(|content| draw(&chaos, "default", *content, 1).is_some()).collect();
        insta::assert_debug_snapshot!(met);
    }

    #[test]
    fn settings_are_read() {
        let chaos: Chaos = "rate=0.25,seed=9,faults=429+cut".parse().unwrap();
        assert_eq!((chaos.rate, chaos.seed, chaos.faults.len()), (0.25, 9, 2));
        for wrong in ["", "seed=1", "rate=2", "rate=0.1,seed=-1", "rate=0.1,faults=200", "rate=0.1,color=red"] {
            assert!(wrong.parse::<Chaos>().is_err(), "{wrong}");
        }
    }
}
