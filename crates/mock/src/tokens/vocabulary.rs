//! The tokens that a family of models knows, read where they lie in the program.

use super::hash::Place;

/// The longest token of any vocabulary, in bytes.
const MAX_TOKEN_BYTES: usize = 128;

/// A table of little-endian words.
type Words = &'static [[u8; 4]];

/// The tokens of a family; a token's id is its rank in merging.
#[derive(Debug)]
pub(super) struct Vocabulary {
    slots: Words,
    starts: Words,
    bytes: &'static [u8],
}

macro_rules! vocabulary {
    ($name:literal) => {
        Vocabulary {
            slots: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".slots")).as_chunks().0,
            starts: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".starts")).as_chunks().0,
            bytes: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".bytes")),
        }
    };
}

pub(super) static O200K: Vocabulary = vocabulary!("o200k");
pub(super) static CL100K: Vocabulary = vocabulary!("cl100k");

impl Vocabulary {
    /// The rank of the token with these bytes, if it is one.
    pub(super) fn rank(&self, bytes: &[u8]) -> Option<u32> {
        if bytes.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let place = Place::of(bytes);
        let slots = place.slots(self.slots.len()).map(|at| u32::from_le_bytes(self.slots[at]));
        let mut ids = slots.take_while(|slot| *slot != 0).filter_map(|slot| place.id_in(slot));
        ids.find(|id| self.token(*id) == bytes)
    }

    fn token(&self, id: u32) -> &'static [u8] {
        let start = |id: usize| u32::from_le_bytes(self.starts[id]) as usize;
        &self.bytes[start(id as usize)..start(id as usize + 1)]
    }
}
