//! Where a token stands in its vocabulary's hash table; shared with the build script that fills it.

#![allow(dead_code, reason = "the script fills the table and the program reads it")]

/// Slots of the table for each token, at least.
pub(crate) const SLOTS_PER_TOKEN: usize = 2;

/// Bits of a slot that hold a token's id and one; 0 is an empty slot.
const ID_BITS: u32 = 18;

/// Where a token is looked for.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    hash: u64,
}

impl Place {
    /// The place of a token with these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let seed = bytes.len() as u64;
        let hash = bytes.chunks(8).fold(seed, |hash, chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            (hash.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        });
        Self { hash: hash ^ (hash >> 32) }
    }

    /// The slots to look at, in order, in a table of this length, which is a power of two.
    pub(crate) fn slots(self, length: usize) -> impl Iterator<Item = usize> {
        (0..length).map(move |step| (self.hash as usize).wrapping_add(step) & (length - 1))
    }

    /// What a slot holds that this token is in: its id, and some of its hash.
    pub(crate) fn filled_with(self, id: u32) -> u32 {
        (self.tag() << ID_BITS) | (id + 1)
    }

    /// The id in a slot, if it may be that of a token with this hash.
    pub(crate) fn id_in(self, slot: u32) -> Option<u32> {
        let id = (slot & ((1 << ID_BITS) - 1)).checked_sub(1)?;
        (slot >> ID_BITS == self.tag()).then_some(id)
    }

    fn tag(self) -> u32 {
        (self.hash >> (32 + ID_BITS)) as u32
    }
}
