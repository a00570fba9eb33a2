//! Appending: one write to the newest segment, under a short lock, from whatever thread calls.
//!
//! Beside the disk a record is kept in memory for the courier, so that the ordinary way from the call to the
//! database reads and decodes nothing. That memory is bounded; what it has no room for is read from the disk.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use playhouse_llm::CallRecord;

use super::reader::ended_at_us;
use super::recovery::Recovered;
use super::segment::{self, Position};

/// How many records memory keeps room for while it holds none.
const KEPT_CAPACITY: usize = 4_096;

/// What bounds the ledger.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// All segments together.
    pub(super) max_bytes: u64,
    /// A segment that is longer takes no more.
    pub(super) segment_bytes: u64,
    /// Segments that are kept though their records are in the database.
    pub(super) keep_bytes: u64,
    /// Records in memory: as many beside the disk, and as many that the disk has no room for.
    pub(super) queue: usize,
}

/// The end of the ledger, where records are added, and what is in memory of them.
#[derive(Debug)]
pub(super) struct Appender {
    folder: PathBuf,
    bounds: Bounds,
    file: Arc<File>,
    at: Position,
    /// Something is behind the last whole frame that could not be cut off.
    is_spoilt: bool,
    /// Written before, with their sizes; the newest is not among them.
    segments: BTreeMap<u64, u64>,
    bytes: u64,
    next_number: u64,
    spare: Option<(u64, Arc<File>)>,
    /// Full segments that the disk may not have yet.
    unsynced: Vec<Arc<File>>,
    /// Counts appends, for those who wait for the disk.
    pub(super) sequence: u64,
    /// Copies of the newest records on disk, for the courier.
    copies: VecDeque<Recent>,
    /// Records that are in memory only.
    overflow: VecDeque<CallRecord>,
    overflow_in_hand: usize,
    pub(super) counts: Counts,
}

#[derive(Debug)]
struct Recent {
    from: Position,
    to: Position,
    record: CallRecord,
}

/// What has become of records, and what is wrong.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) appended: u64,
    pub(super) written: u64,
    pub(super) dropped: u64,
    pub(super) refused: u64,
    pub(super) damaged: u64,
    /// On disk and not in the database.
    pub(super) waiting: u64,
    /// All that were ever taken into memory alone.
    pub(super) overflowed: u64,
    /// Those of them that have left it.
    pub(super) overflow_settled: u64,
    pub(super) oldest_us: Option<i64>,
    /// Why the last record was not appended.
    pub(super) trouble: Option<Arc<str>>,
}

/// Where the courier finds what comes next.
#[derive(Debug)]
pub(super) enum Source {
    /// In memory; it ends there in the ledger.
    Memory(Vec<CallRecord>, Position),
    /// On disk, from there up to this offset.
    Disk(Position, u64),
    /// Everything has been taken; the ledger ends there.
    Nothing(Position),
}

impl Appender {
    /// Goes on behind what a former process has left, in a segment of its own.
    pub(super) fn begin(folder: PathBuf, bounds: Bounds, recovered: &Recovered) -> io::Result<Self> {
        let number = recovered.next_number;
        let file = Arc::new(segment::create(&folder, number)?);
        let counts =
            Counts { waiting: recovered.waiting, oldest_us: recovered.oldest_us, ..Counts::default() };
        Ok(Self {
            folder,
            bounds,
            file,
            at: segment::first(number),
            is_spoilt: false,
            bytes: recovered.segments.values().sum::<u64>() + segment::HEAD,
            segments: recovered.segments.clone(),
            next_number: number + 1,
            spare: None,
            unsynced: Vec::new(),
            sequence: 0,
            copies: VecDeque::new(),
            overflow: VecDeque::new(),
            overflow_in_hand: 0,
            counts,
        })
    }

    /// Takes a record: to the disk, else into memory, else it is counted as dropped. Says whether it went to
    /// the disk.
    pub(super) fn append(&mut self, frame: &[u8], record: CallRecord) -> bool {
        match self.write(frame) {
            Ok(from) => {
                self.note_appended(from, record);
                true
            }
            Err(reason) => {
                self.counts.trouble = Some(reason);
                self.keep_in_memory(record);
                false
            }
        }
    }

    /// Takes a record that is no frame.
    pub(super) fn keep_in_memory(&mut self, record: CallRecord) {
        if self.overflow.len() + self.overflow_in_hand >= self.bounds.queue {
            self.counts.dropped += 1;
        } else {
            self.overflow.push_back(record);
            self.counts.overflowed += 1;
        }
    }

    fn note_appended(&mut self, from: Position, record: CallRecord) {
        self.sequence += 1;
        self.counts.appended += 1;
        if self.counts.waiting == 0 {
            self.counts.oldest_us = Some(ended_at_us(&record));
        }
        self.counts.waiting += 1;
        self.counts.trouble = None;
        if self.copies.len() < self.bounds.queue {
            self.copies.push_back(Recent { from, to: self.at, record });
        }
    }

    /// Writes a frame, and says where it begins.
    fn write(&mut self, frame: &[u8]) -> Result<Position, Arc<str>> {
        let length = frame.len() as u64;
        if self.bytes + length > self.bounds.max_bytes {
            let bound = self.bounds.max_bytes;
            return Err(format!("it has reached its bound of {bound} bytes (store.ledger_max_bytes)").into());
        }
        if self.is_spoilt || self.at.offset >= self.bounds.segment_bytes {
            self.rotate().map_err(|error| Arc::from(error.to_string()))?;
        }
        let from = self.at;
        if let Err(error) = (&*self.file).write_all(frame) {
            // A part may have been written; readers would take it for a torn end.
            self.is_spoilt = self.file.set_len(from.offset).is_err();
            return Err(error.to_string().into());
        }
        self.at.offset += length;
        self.bytes += length;
        Ok(from)
    }

    /// Goes on in a new segment.
    fn rotate(&mut self) -> io::Result<()> {
        let (number, file) = match self.spare.take() {
            Some(spare) => spare,
            None => {
                let number = self.take_number();
                (number, Arc::new(segment::create(&self.folder, number)?))
            }
        };
        self.segments.insert(self.at.segment, self.at.offset);
        self.unsynced.push(std::mem::replace(&mut self.file, file));
        self.at = segment::first(number);
        self.bytes += segment::HEAD;
        self.is_spoilt = false;
        Ok(())
    }

    fn take_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number - 1
    }

    /// A number for a segment to be made ahead of its time, if there is none.
    pub(super) fn wants_spare(&mut self) -> Option<u64> {
        self.spare.is_none().then(|| self.take_number())
    }

    /// Takes a segment made ahead; gives it back if later ones are in use already.
    pub(super) fn offer_spare(&mut self, number: u64, file: File) -> Result<(), u64> {
        if number < self.at.segment || self.spare.is_some() {
            return Err(number);
        }
        self.spare = Some((number, Arc::new(file)));
        Ok(())
    }

    /// The files that have been written to, and up to which append.
    pub(super) fn take_unsynced(&mut self) -> (Vec<Arc<File>>, u64) {
        let mut files = std::mem::take(&mut self.unsynced);
        files.push(Arc::clone(&self.file));
        (files, self.sequence)
    }

    /// Where the records behind this position are.
    pub(super) fn source(&mut self, mut at: Position, most: usize) -> Source {
        at = self.normal(at);
        while self.copies.front().is_some_and(|copy| copy.from < at) {
            self.copies.pop_front();
        }
        let front = self.copies.front().map(|copy| copy.from);
        if front == Some(at) {
            return self.take_copies(at, most);
        }
        let end = if at.segment == self.at.segment { self.at.offset } else { self.size(at.segment) };
        let to = front.filter(|front| front.segment == at.segment).map_or(end, |front| front.offset);
        if at.offset < to {
            return Source::Disk(at, to);
        }
        self.settle(0, None, at);
        Source::Nothing(at)
    }

    fn take_copies(&mut self, mut at: Position, most: usize) -> Source {
        let is_next = |copy: &mut Recent, at: &Position| copy.from == *at;
        let mut records = Vec::with_capacity(most.min(self.copies.len()));
        while records.len() < most
            && let Some(copy) = self.copies.pop_front_if(|copy| is_next(copy, &at))
        {
            at = copy.to;
            records.push(copy.record);
        }
        if self.copies.is_empty() {
            self.copies.shrink_to(KEPT_CAPACITY);
        }
        Source::Memory(records, at)
    }

    /// The same place, but at the beginning of the next segment rather than at the end of one.
    fn normal(&self, at: Position) -> Position {
        if at.segment >= self.at.segment {
            return at;
        }
        if at.offset < self.size(at.segment) {
            return Position { offset: at.offset.max(segment::HEAD), ..at };
        }
        let mut later = self.segments.range(at.segment + 1..).map(|(number, _)| *number);
        segment::first(later.next().unwrap_or(self.at.segment))
    }

    fn size(&self, number: u64) -> u64 {
        self.segments.get(&number).copied().unwrap_or_default()
    }

    /// The end of the ledger.
    pub(super) fn end(&self) -> Position {
        self.at
    }

    /// Some records of those in memory only.
    pub(super) fn take_overflow(&mut self, most: usize) -> Vec<CallRecord> {
        let count = self.overflow.len().min(most);
        self.overflow_in_hand += count;
        let taken = self.overflow.drain(..count).collect();
        if self.overflow.is_empty() {
            self.overflow.shrink_to(KEPT_CAPACITY);
        }
        taken
    }

    /// Records that were taken out of memory are in the database, or refused by it.
    pub(super) fn settle_overflow(&mut self, count: usize) {
        self.overflow_in_hand -= count.min(self.overflow_in_hand);
        self.counts.overflow_settled += count as u64;
        self.clear_trouble();
    }

    /// Nothing is wrong any more once nothing waits in memory only.
    fn clear_trouble(&mut self) {
        if self.in_memory() == 0 {
            self.counts.trouble = None;
        }
    }

    /// Tries to append what is in memory only; it stops at the first that has no room.
    pub(super) fn spill(&mut self, encode: impl Fn(&CallRecord, &mut Vec<u8>) -> bool) {
        let mut frame = Vec::new();
        while let Some(record) = self.overflow.pop_front() {
            let written = if encode(&record, &mut frame) { self.write(&frame) } else { Err("".into()) };
            let Ok(from) = written else {
                self.overflow.push_front(record);
                return;
            };
            self.note_appended(from, record);
            self.counts.overflow_settled += 1;
        }
    }

    /// Records up to this position are settled, the last of which was made then.
    pub(super) fn settle(&mut self, count: u64, last_us: Option<i64>, at: Position) {
        let is_all = self.normal(at) == self.at;
        // Records that have been damaged since they were counted are not among those that come out.
        self.counts.waiting = if is_all { 0 } else { self.counts.waiting.saturating_sub(count).max(1) };
        self.counts.oldest_us = if is_all { None } else { last_us.or(self.counts.oldest_us) };
    }

    /// Segments that are in the database as a whole and need not be kept, oldest first.
    pub(super) fn expired(&self, at: Position, most_files: usize) -> Vec<u64> {
        let keep = if self.counts.trouble.is_some() { 0 } else { self.bounds.keep_bytes };
        let (mut kept_bytes, mut kept) = (0, 0);
        let mut expired: Vec<u64> = Vec::new();
        for (number, size) in self.segments.range(..at.segment).rev() {
            kept_bytes += size;
            kept += 1;
            if kept_bytes > keep || kept > most_files {
                expired.push(*number);
            }
        }
        expired.reverse();
        expired
    }

    /// A segment's file is gone.
    pub(super) fn forget(&mut self, number: u64) {
        self.bytes -= self.segments.remove(&number).unwrap_or_default();
    }

    /// The size of all segments together.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many records are in memory only.
    pub(super) fn in_memory(&self) -> u64 {
        (self.overflow.len() + self.overflow_in_hand) as u64
    }
}
