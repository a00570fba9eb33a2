//! The records of some bytes of a segment, whatever has happened to them.

use playhouse_llm::CallRecord;

use super::frame::{self, Found, HEAD};

/// What comes next in a segment. Places are offsets into the bytes that are read.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// A record, as the bytes between its frame's head and its end.
    Record(&'a [u8]),
    /// Bytes that are no frame, with whole frames or nothing behind them.
    Damage,
    /// The beginning of a frame, with nothing behind it.
    TornTail,
}

/// Goes through the frames of some bytes. It ends, whatever the bytes are: every step takes some.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Frames<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at: at.min(bytes.len()) }
    }

    /// Behind what has been read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn skip_damage(&mut self, is_torn: bool) -> Item<'a> {
        match frame::next_whole(self.bytes, self.at) {
            Some(place) => self.at = place,
            None if is_torn => {
                self.at = self.bytes.len();
                return Item::TornTail;
            }
            None => self.at = self.bytes.len(),
        }
        Item::Damage
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return None;
        }
        Some(match frame::parse(rest) {
            Found::Whole(payload) => {
                self.at += HEAD + payload.len();
                Item::Record(payload)
            }
            Found::Torn => self.skip_damage(true),
            Found::Damaged => self.skip_damage(false),
        })
    }
}

/// A record out of a frame. Fields of later versions are passed over, fields that are missing are empty.
pub(super) fn decode(payload: &[u8]) -> Result<CallRecord, serde_json::Error> {
    serde_json::from_slice(payload)
}

/// When a call ended, in Unix microseconds: about when its record was made.
pub(super) fn ended_at_us(record: &CallRecord) -> i64 {
    record.started_at_us.saturating_add((record.duration_ms * 1_000.0) as i64)
}
