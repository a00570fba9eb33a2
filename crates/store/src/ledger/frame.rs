//! One record as it lies in a segment: a mark, its length, a checksum, and its JSON.
//!
//! The mark is no UTF-8, so that it is in no record's text: after damage the next whole frame is found by it.

use crc32fast::Hasher;
use playhouse_llm::CallRecord;

use super::json;

/// Begins every frame.
const MARK: [u8; 4] = [0xF5, 0xC1, b'c', b'r'];
/// Mark, length and checksum, four bytes each.
pub(super) const HEAD: usize = 12;
/// A record is some hundred bytes; one whose names are longer than this is not for the ledger.
pub(super) const MAX_PAYLOAD: usize = 256 << 10;

/// What lies at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A whole frame.
    Whole(&'a [u8]),
    /// The beginning of a frame: what follows may not be written yet, or never was.
    Torn,
    /// No frame, or one that has been changed.
    Damaged,
}

/// Writes a record as a frame into an emptied buffer; `false` when it is too long for one.
pub(super) fn encode(record: &CallRecord, buffer: &mut Vec<u8>) -> bool {
    buffer.clear();
    buffer.extend_from_slice(&MARK);
    buffer.extend_from_slice(&[0; HEAD - MARK.len()]);
    let written = json::write(record, buffer);
    let payload = buffer.len() - HEAD;
    if written.is_err() || payload > MAX_PAYLOAD {
        return false;
    }
    let length = (payload as u32).to_le_bytes();
    let checksum = checksum(length, &buffer[HEAD..]);
    buffer[4..8].copy_from_slice(&length);
    buffer[8..HEAD].copy_from_slice(&checksum);
    true
}

/// The frame at the beginning of these bytes.
pub(super) fn parse(bytes: &[u8]) -> Found<'_> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else {
        return if MARK.starts_with(&bytes[..bytes.len().min(MARK.len())]) {
            Found::Torn
        } else {
            Found::Damaged
        };
    };
    let (length, sum) = ([head[4], head[5], head[6], head[7]], [head[8], head[9], head[10], head[11]]);
    let payload = u32::from_le_bytes(length) as usize;
    if head[..4] != MARK || payload > MAX_PAYLOAD {
        return Found::Damaged;
    }
    match rest.get(..payload) {
        None => Found::Torn,
        Some(payload) if checksum(length, payload) == sum => Found::Whole(payload),
        Some(_) => Found::Damaged,
    }
}

/// Where the next whole frame after this place begins.
pub(super) fn next_whole(bytes: &[u8], after: usize) -> Option<usize> {
    let rest = bytes.get(after + 1..)?;
    let marks = rest.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    let mut places = marks.map(|(place, _)| after + 1 + place);
    places.find(|place| matches!(parse(&bytes[*place..]), Found::Whole(_)))
}

fn checksum(length: [u8; 4], payload: &[u8]) -> [u8; 4] {
    let mut hasher = Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize().to_le_bytes()
}
