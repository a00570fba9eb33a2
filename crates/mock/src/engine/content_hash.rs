//! A hash of what a request asks, the same on every machine and in every version.

use crate::call::{Asked, Facts};

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// The hash of a request's content (FNV-1a).
pub(super) fn of(facts: &Facts) -> u64 {
    facts.content_hash(hash)
}

fn hash(facts: &Facts) -> u64 {
    if !facts.body.is_empty() {
        return fnv(OFFSET, &facts.body);
    }
    let hash = fnv(OFFSET, facts.model.as_bytes());
    match &facts.asked {
        Asked::Chat(_) | Asked::Tokens(_) => {
            facts.messages().iter().fold(hash, |hash, message| fnv(hash, message.text().as_bytes()))
        }
        _ => fnv(hash, facts.user.as_bytes()),
    }
}

/// One number of three; small changes of any of them change all of it.
pub(super) fn mix(seed: u64, content: u64, nth: u64) -> u64 {
    let bytes = [seed.to_le_bytes(), content.to_le_bytes(), nth.to_le_bytes()];
    bytes.iter().fold(OFFSET, |hash, bytes| fnv(hash, bytes))
}

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}
