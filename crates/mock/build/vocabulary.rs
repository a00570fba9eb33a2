//! The tables of one vocabulary.

use std::path::Path;
use std::{fs, io};

use tiktoken_rs::CoreBPE;

use crate::hash::{Place, SLOTS_PER_TOKEN};

/// Writes three tables: the bytes of all tokens, where each token starts in them, and a hash table
/// of the tokens (open addressing, the next slot where one is taken).
pub(crate) fn write(folder: &Path, name: &str, vocabulary: &CoreBPE) -> io::Result<()> {
    let tokens = tokens(vocabulary);
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

/// All tokens that text is made of, in the order of their ids: there is a gap before those with a meaning of their own.
fn tokens(vocabulary: &CoreBPE) -> Vec<Vec<u8>> {
    (0..).map_while(|id| vocabulary.decode_bytes(&[id]).ok()).collect()
}

fn slots(tokens: &[Vec<u8>]) -> Vec<u32> {
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
