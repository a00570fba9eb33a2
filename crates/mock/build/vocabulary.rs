//! The tables of one vocabulary.

use std::path::Path;
use std::{fs, io};

use bpe_openai::byte_pair_encoding::BytePairEncoding;

use crate::hash::{Place, SLOTS_PER_TOKEN};

/// Writes three tables: the bytes of all tokens, where each token starts in them, and a hash table
/// of the tokens (open addressing, the next slot where one is taken).
pub(crate) fn write(folder: &Path, name: &str, vocabulary: &BytePairEncoding) -> io::Result<()> {
    let tokens: Vec<&[u8]> =
        (0..).take(vocabulary.num_tokens()).map(|id| vocabulary.token_bytes(id)).collect();
    let starts = tokens.iter().scan(0, |end, token| {
        let start = *end;
        *end += token.len();
        Some(start)
    });
    let bytes = tokens.concat();
    let starts: Vec<u32> =
        starts.chain([bytes.len()]).filter_map(|start| u32::try_from(start).ok()).collect();
    fs::write(folder.join(format!("{name}.bytes")), bytes)?;
    fs::write(folder.join(format!("{name}.starts")), little_endian(&starts))?;
    fs::write(folder.join(format!("{name}.slots")), little_endian(&slots(&tokens)))
}

fn slots(tokens: &[&[u8]]) -> Vec<u32> {
    let mut slots = vec![0; (tokens.len() * SLOTS_PER_TOKEN).next_power_of_two()];
    for (id, token) in (0..).zip(tokens) {
        let place = Place::of(token);
        let free = place.slots(slots.len()).find(|at| slots[*at] == 0);
        free.into_iter().for_each(|at| slots[at] = place.filled_with(id));
    }
    slots
}

fn little_endian(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
