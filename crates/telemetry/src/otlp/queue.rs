//! Spans that wait to be sent.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use super::protobuf::Message;

/// What became of spans so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanCounts {
    /// Spans a receiver took.
    pub exported: u64,
    /// Spans lost: the queue was full, or no receiver took them in time.
    pub dropped: u64,
}

/// A bounded queue. Each thread has a part of it of its own, as a rule: there is hardly ever anybody to
/// wait for.
#[derive(Debug, Default)]
pub(super) struct SpanQueue {
    parts: [Part; PARTS],
    /// Buffers of spans that have been sent: memory that is at hand need not be asked for.
    spare: Mutex<Vec<Vec<u8>>>,
    spans: AtomicUsize,
    bytes: AtomicUsize,
    exported: AtomicU64,
    dropped: AtomicU64,
    /// Told when a batch is together.
    pub(super) batch_ready: Notify,
}

/// A part, kept apart from its neighbours in the processors' caches.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Part(Mutex<Waiting>);

/// Spans, as the fields of the message they are sent in.
#[derive(Debug, Default)]
struct Waiting {
    spans: usize,
    /// Their own bytes, without what frames them.
    bytes: usize,
    fields: Message,
}

/// Spans to be sent.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) spans: usize,
    /// The fields of the message they are sent in.
    pub(super) pieces: Vec<Bytes>,
}

const PARTS: usize = 8;

/// The field of `ScopeSpans` that holds a span.
const SPANS_FIELD: u32 = 2;

impl SpanQueue {
    /// How many spans may wait.
    pub(super) const MAX_SPANS: usize = 8192;
    /// And how large they may be together: prompts may be in them.
    pub(super) const MAX_BYTES: usize = 8 << 20;
    /// How many spans make a batch that does not wait for its time.
    pub(super) const BATCH: usize = 1024;

    /// Takes a span, which is written where it waits, or counts it as dropped where there is no room.
    #[inline]
    pub(super) fn push(&self, write: impl FnOnce(&mut Message)) {
        let waiting = self.spans.fetch_add(1, Ordering::Relaxed);
        if waiting >= Self::MAX_SPANS || !self.add(write) {
            self.spans.fetch_sub(1, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        } else if (waiting + 1).is_multiple_of(Self::BATCH) {
            self.batch_ready.notify_one();
        }
    }

    /// Says whether there was room: how long a span is, is known when it has been written.
    #[inline]
    fn add(&self, write: impl FnOnce(&mut Message)) -> bool {
        /// The lengths of most spans are written in so many bytes.
        const LENGTH_BYTES: usize = 2;
        let mut part = lock(&self.parts[part_of_thread()].0);
        let before = part.fields.length();
        let bytes = part.fields.message_in::<LENGTH_BYTES>(SPANS_FIELD, write);
        if self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > Self::MAX_BYTES {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            part.fields.cut_back(before);
            return false;
        }
        part.spans += 1;
        part.bytes += bytes;
        true
    }

    /// Everything that waits.
    pub(super) fn take(&self) -> Batch {
        let mut batch = Batch::default();
        for part in &self.parts {
            let mut part = lock(&part.0);
            if part.spans == 0 {
                continue;
            }
            let fields = Message::from(lock(&self.spare).pop().unwrap_or_default());
            let Waiting { spans, bytes, fields } =
                std::mem::replace(&mut *part, Waiting { fields, ..Waiting::default() });
            drop(part);
            self.spans.fetch_sub(spans, Ordering::Relaxed);
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            batch.spans += spans;
            batch.pieces.push(fields.into_bytes().into());
        }
        batch
    }

    /// Takes the buffers of a batch back, those that nobody else has hold of.
    pub(super) fn reuse(&self, batch: Batch) {
        /// A larger buffer is let go, so that a burst does not hold its memory for good.
        const KEPT_BYTES: usize = 1 << 20;
        let buffers =
            batch.pieces.into_iter().filter_map(|piece| piece.try_into_mut().ok()).map(|mut buffer| {
                buffer.clear();
                Vec::from(buffer)
            });
        let mut spare = lock(&self.spare);
        spare.extend(buffers.filter(|buffer| buffer.capacity() <= KEPT_BYTES));
        spare.truncate(PARTS);
    }

    pub(super) fn count_exported(&self, spans: usize) {
        self.exported.fetch_add(spans as u64, Ordering::Relaxed);
    }

    pub(super) fn count_dropped(&self, spans: usize) {
        self.dropped.fetch_add(spans as u64, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> SpanCounts {
        SpanCounts {
            exported: self.exported.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it writes.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The part that this thread writes to.
fn part_of_thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static PART: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed) % PARTS);
    }
    // A thread that is ending writes where anybody may.
    PART.try_with(Cell::get).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &SpanQueue, span: &[u8]) {
        queue.push(|message| message.go_on(span));
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let queue = SpanQueue::default();
        (0..SpanQueue::MAX_SPANS + 7).for_each(|_| push(&queue, &[1, 2, 3]));
        assert_eq!(queue.counts(), SpanCounts { exported: 0, dropped: 7 });
        assert_eq!(queue.take().spans, SpanQueue::MAX_SPANS);
        push(&queue, &[1]);
        assert_eq!((queue.take().spans, queue.counts().dropped), (1, 7));
    }

    #[test]
    fn large_spans_are_bounded_by_their_bytes() {
        let queue = SpanQueue::default();
        let span = vec![0; 1 << 20];
        (0..20).for_each(|_| push(&queue, &span));
        let room = SpanQueue::MAX_BYTES / span.len();
        assert_eq!((queue.take().spans, queue.counts().dropped), (room, 20 - room as u64));
        push(&queue, &span);
        assert_eq!(queue.take().spans, 1);
    }

    #[test]
    fn buffers_are_used_again() {
        let queue = SpanQueue::default();
        (0..100).for_each(|_| push(&queue, b"span"));
        let batch = queue.take();
        let shared = batch.pieces[0].clone();
        queue.reuse(batch);
        assert!(lock(&queue.spare).is_empty(), "somebody has hold of it");
        assert_eq!(&shared[..6], b"\x12\x04span");
        (0..100).for_each(|_| push(&queue, b"span"));
        queue.reuse(queue.take());
        let spare: Vec<usize> = lock(&queue.spare).iter().map(Vec::capacity).collect();
        assert!(spare.len() == 1 && spare[0] >= 600, "{spare:?}");
        push(&queue, b"more");
        assert_eq!(queue.take().pieces[0], &b"\x12\x04more"[..]);
        assert!(lock(&queue.spare).is_empty());
    }

    #[test]
    fn threads_lose_nothing_between_them() {
        let queue = SpanQueue::default();
        let taken = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| push(&queue, b"span")));
            }
            scope.spawn(|| {
                while taken.load(Ordering::Relaxed) + (queue.counts().dropped as usize) < 4000 {
                    taken.fetch_add(queue.take().spans, Ordering::Relaxed);
                    std::thread::yield_now();
                }
            });
        });
        assert_eq!(taken.load(Ordering::Relaxed), 4000);
    }
}
