//! Sealing what is thought: Anthropic signs it, and wants it back as it was.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use playhouse_llm::{Chunk, PartDelta};
use playhouse_wire::anthropic::messages::seal_thinking;

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;
/// How many numbers a signature is made of.
const NUMBERS: u64 = 12;

/// Whether something is thought that nobody has sealed.
pub(super) fn is_wanted(chunks: &[Chunk]) -> bool {
    let thought = parts(chunks).any(|part| matches!(part, PartDelta::Reasoning { .. }));
    thought && !parts(chunks).any(|part| matches!(part, PartDelta::Seal { .. }))
}

/// The same pieces, what is thought sealed by a signature that depends on it alone.
pub(super) fn sealed(chunks: &[Chunk]) -> Vec<Chunk> {
    let thought: String = parts(chunks)
        .filter_map(|part| match part {
            PartDelta::Reasoning { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    seal_thinking(chunks, &signature(&thought))
}

fn parts(chunks: &[Chunk]) -> impl Iterator<Item = &PartDelta> {
    chunks.iter().flat_map(|chunk| &chunk.choices).flat_map(|choice| &choice.parts)
}

fn signature(thought: &str) -> String {
    let hash = |seed: u64| {
        thought.bytes().fold(OFFSET ^ seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
    };
    let bytes: Vec<u8> = (1..=NUMBERS).flat_map(|nth| hash(nth.wrapping_mul(PRIME)).to_be_bytes()).collect();
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thought_has_the_same_signature() {
        assert_eq!(signature("So."), signature("So."));
        assert_ne!(signature("So."), signature("So?"));
        assert!(signature("").len() > 100);
    }
}
