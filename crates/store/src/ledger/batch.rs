//! Some records of a segment, read from the disk for the courier.

use std::io;
use std::path::Path;

use playhouse_llm::CallRecord;
use serde_json::Value;

use super::reader::{Frames, Item, decode};
use super::refused::Refused;
use super::segment::{self, Position};

/// Records that go to the database together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<CallRecord>,
    /// Frames that hold no record of ours.
    pub(super) undecodable: Vec<Refused>,
    /// How many places were no frames.
    pub(super) damaged: u64,
    /// The end of the batch in the ledger.
    pub(super) to: Position,
}

/// The part of a segment that has been read last. A segment is bounded, and so is this.
#[derive(Debug)]
pub(super) struct Loaded {
    from: Position,
    /// Up to where it was read, or would have been, were the file as long as what was written to it.
    to: u64,
    bytes: Vec<u8>,
}

impl Loaded {
    /// Reads a part of a segment, up to an offset. A segment that somebody has taken away is empty.
    pub(super) fn read(folder: &Path, from: Position, to: u64) -> io::Result<Self> {
        match segment::read(folder, from, Some(to)) {
            Ok(bytes) => Ok(Self { from, to, bytes }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self { from, to, bytes: Vec::new() }),
            Err(error) => Err(error),
        }
    }

    /// Whether what lies behind this position has been read.
    pub(super) fn holds(&self, at: Position) -> bool {
        at.segment == self.from.segment && at.offset >= self.from.offset && at.offset < self.to
    }

    /// The next records behind this position.
    pub(super) fn batch(&self, at: Position, most: usize) -> Batch {
        let mut batch = Batch::default();
        let begin = usize::try_from(at.offset - self.from.offset).unwrap_or(usize::MAX);
        let mut frames = Frames::new(&self.bytes, begin);
        while batch.len() < most
            && let Some(item) = frames.next()
        {
            batch.take(item);
        }
        let mut end = self.from.offset + frames.at() as u64;
        if frames.at() == self.bytes.len() && end < self.to {
            batch.damaged += 1;
            end = self.to;
        }
        batch.to = Position { offset: end, ..at };
        batch
    }
}

impl Batch {
    /// How many frames it holds.
    pub(super) fn len(&self) -> usize {
        self.records.len() + self.undecodable.len()
    }

    fn take(&mut self, item: Item<'_>) {
        match item {
            Item::Record(payload) => match decode(payload) {
                Ok(record) => self.records.push(record),
                Err(error) => self.undecodable.push(Refused {
                    reason: format!("it cannot be read: {error}"),
                    record: as_value(payload),
                }),
            },
            Item::Damage | Item::TornTail => self.damaged += 1,
        }
    }
}

fn as_value(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|_| String::from_utf8_lossy(payload).into())
}
