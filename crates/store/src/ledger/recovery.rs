//! What a former process has left in the ledger's folder.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use super::reader::{self, Frames, Item};
use super::segment::{self, Head, Position};
use super::watermark;
use crate::StoreError;

/// What has been found.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    /// The segments' sizes by their numbers.
    pub(super) segments: BTreeMap<u64, u64>,
    /// Where what is not known to be in the database begins.
    pub(super) at: Position,
    /// How many records lie behind it.
    pub(super) waiting: u64,
    /// When the oldest of them was made.
    pub(super) oldest_us: Option<i64>,
    /// The number of the next segment.
    pub(super) next_number: u64,
}

/// Looks through a folder: empty segments go, a torn end is cut off, what waits is counted.
pub(super) fn recover(folder: &Path) -> Result<Recovered, StoreError> {
    let found = segment::list(folder).map_err(|error| unusable(folder, &error))?;
    let watermark = watermark::load(folder).unwrap_or_default();
    let last = found.last().map_or(0, |(number, _)| *number);
    let mut recovered = Recovered {
        at: watermark,
        // Above the watermark too: should its segments be lost, it must not hide new ones.
        next_number: last.max(watermark.segment) + 1,
        ..Recovered::default()
    };
    for (number, size) in found {
        recovered.take(folder, number, size).map_err(|failure| match failure {
            Failure::Io(error) => unusable(folder, &error),
            Failure::Newer(version) => newer(folder, number, version),
        })?;
    }
    Ok(recovered)
}

enum Failure {
    Io(io::Error),
    Newer(u32),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Recovered {
    fn take(&mut self, folder: &Path, number: u64, mut size: u64) -> Result<(), Failure> {
        if size <= segment::HEAD {
            return Ok(segment::remove(folder, number)?);
        }
        if number >= self.at.segment {
            size = self.look_through(folder, number)?;
        }
        self.segments.insert(number, size);
        Ok(())
    }

    /// Counts what waits in a segment, cuts a torn end off, and says how long it is then.
    fn look_through(&mut self, folder: &Path, number: u64) -> Result<u64, Failure> {
        let bytes = segment::read(folder, Position { segment: number, offset: 0 }, None)?;
        if let Head::Newer(version) = segment::check_head(&bytes, number) {
            return Err(Failure::Newer(version));
        }
        let begin = if number == self.at.segment { self.at.offset } else { segment::HEAD };
        let mut frames = Frames::new(&bytes, usize::try_from(begin).unwrap_or(usize::MAX));
        loop {
            let at = frames.at();
            match frames.next() {
                None => return Ok(bytes.len() as u64),
                Some(Item::Record(payload)) => self.count(payload),
                Some(Item::Damage) => {}
                Some(Item::TornTail) => {
                    cut_off(folder, number, at as u64)?;
                    return Ok(at as u64);
                }
            }
        }
    }

    fn count(&mut self, payload: &[u8]) {
        self.waiting += 1;
        if self.oldest_us.is_none() {
            self.oldest_us = reader::decode(payload).ok().map(|record| reader::ended_at_us(&record));
        }
    }
}

fn cut_off(folder: &Path, number: u64, at: u64) -> io::Result<()> {
    OpenOptions::new().write(true).open(segment::path(folder, number))?.set_len(at)
}

/// The ledger cannot be used because of a file or its folder.
pub(super) fn unusable(folder: &Path, error: &io::Error) -> StoreError {
    StoreError::unavailable(format!(
        "the call ledger in '{}' cannot be used: {error}; check that the folder's disk has room and that this user may write there",
        folder.display()
    ))
}

fn newer(folder: &Path, number: u64, version: u32) -> StoreError {
    let path = segment::path(folder, number);
    StoreError::invalid(format!(
        "the call ledger's segment '{}' has version {version}, which this program does not know: upgrade the program, or let the one that wrote it deliver its records first",
        path.display()
    ))
}
