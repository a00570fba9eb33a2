//! What a mock was asked, and what it answered: the calls of one namespace.
//!
//! [`Journal::record`] keeps a call the moment it is decided on; the [`Recording`] it returns notes
//! what goes out and how it ended. Recording formats nothing and decodes nothing: an [`Entry`]
//! becomes text only when somebody looks at it. A journal has limits of its own, and a [`JournalBudget`] with
//! the other journals of its double.
//!
//! In reading order: `entry` → `recording` → `headers` → `redact` → `kept` → `budget` → `view` → `line` → `explain`.

mod budget;
pub(crate) mod conversation;
mod entry;
pub(crate) mod explain;
pub(crate) mod fault;
mod headers;
mod kept;
mod line;
mod recording;
mod redact;
pub(crate) mod shorten;
mod view;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use playhouse_llm::{Message, Request};
use tokio::sync::Notify;

use self::kept::{Gone, Kept};
use crate::call::Asked;

pub use budget::JournalBudget;
pub use entry::{Ended, Entry, Received, exact_size};
pub use explain::explain;
pub(crate) use explain::troubles;
pub(crate) use fault::again;
pub use headers::HeaderLines;
pub use kept::{After, JournalLimits, Page};
pub use line::describe;
pub(crate) use line::{rule, timeless};
pub use recording::{Answer, Recording, Sent};
pub use view::{EntrySummary, EntryView};

/// The calls of one namespace, oldest first.
#[derive(Debug, Default)]
pub struct Journal {
    limits: JournalLimits,
    kept: Mutex<Kept>,
    changed: Notify,
    budget: Arc<JournalBudget>,
}

/// The calls that a journal holds at one moment.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// Oldest first.
    pub entries: Vec<Arc<Entry>>,
    /// How many older ones were dropped for want of room.
    pub dropped: u64,
    /// Counts the changes of the journal until then.
    pub revision: u64,
}

impl Journal {
    /// A journal that keeps this much.
    pub fn new(limits: JournalLimits) -> Self {
        Self { limits, kept: Mutex::default(), changed: Notify::new(), budget: Arc::default() }
    }

    /// A journal that shares its room with others.
    pub fn within(limits: JournalLimits, budget: &Arc<JournalBudget>) -> Arc<Self> {
        let mut journal = Self::new(limits);
        journal.budget = budget.clone();
        let journal = Arc::new(journal);
        budget.join(&journal);
        journal
    }

    /// Keeps a call, numbers it, and returns what notes its answer.
    pub fn record(self: &Arc<Self>, received: Received<'_>) -> Recording {
        let mut entry = Arc::new(Entry::new(received));
        self.change(|kept| kept.push(&mut entry, self.limits));
        Recording::new(self.clone(), entry)
    }

    /// Says that a call is at its end.
    pub(super) fn close(&self, entry: &Entry) {
        self.change(|kept| kept.change(entry, self.limits));
    }

    /// About how many bytes it holds.
    pub fn held_bytes(&self) -> usize {
        self.lock().bytes()
    }

    /// Lets its oldest calls go until it holds no more than this, or only so many are left.
    pub(super) fn give_away(&self, max_bytes: usize, spared: usize) {
        let limits = JournalLimits { max_bytes, ..self.limits };
        self.hold(|kept| kept.shrink_to(limits, spared));
        self.changed.notify_waiters();
    }

    /// How many calls came since the journal was made or cleared.
    pub fn len(&self) -> usize {
        let kept = self.lock();
        kept.entries.len() + usize::try_from(kept.dropped).unwrap_or(usize::MAX)
    }

    /// Whether none came.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many calls were dropped for want of room.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// How many calls matched no rule.
    pub fn missed(&self) -> u64 {
        self.lock().missed
    }

    /// The calls that are kept, oldest first.
    pub fn calls(&self) -> Vec<Arc<Entry>> {
        self.snapshot().entries
    }

    /// The calls that are kept, with how many are not.
    pub fn snapshot(&self) -> Calls {
        let kept = self.lock();
        let entries = kept.entries.iter().cloned().collect();
        Calls { entries, dropped: kept.dropped, revision: kept.revision }
    }

    /// The call of this number, while it is kept.
    pub fn call(&self, number: u64) -> Option<Arc<Entry>> {
        self.lock().get(number).cloned()
    }

    /// The newest call.
    pub fn last(&self) -> Option<Arc<Entry>> {
        self.lock().entries.back().cloned()
    }

    /// The number of the newest call that came; 0 before the first.
    pub fn last_number(&self) -> u64 {
        self.lock().last_number
    }

    /// Up to `limit` calls that came, or changed, after a place in the journal.
    pub fn page(&self, after: After, limit: usize) -> Page {
        self.lock().page(after, limit)
    }

    /// Counts the changes so far: calls that came, calls that ended, and clearing.
    pub fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// The requests for chats, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        let entries = self.calls();
        let requests = entries.iter().filter_map(|entry| match &entry.facts.as_ref()?.asked {
            Asked::Chat(request) => Some(request.clone()),
            _ => None,
        });
        requests.collect()
    }

    /// The messages of the last call; empty where none came or it cannot be decoded.
    pub fn last_messages(&self) -> Vec<Message> {
        self.last().map(|entry| entry.messages().to_vec()).unwrap_or_default()
    }

    /// Forgets all calls; numbers go on counting, so that whoever waits for the next one gets it.
    pub fn clear(&self) {
        self.change(Kept::clear);
    }

    /// Waits until something holds of the journal, looking again after every change. Says whether
    /// it came to hold in time.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use std::time::Duration;
    /// use playhouse_mock::MockProvider;
    ///
    /// let mock = MockProvider::echo();
    /// let nothing = Duration::ZERO;
    /// assert!(!mock.journal().wait_until(|journal| journal.len() > 0, nothing).await);
    /// # });
    /// ```
    pub async fn wait_until(&self, mut holds: impl FnMut(&Self) -> bool, timeout: Duration) -> bool {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                // Listens before it looks, so that no change falls between the two.
                changed.as_mut().enable();
                if holds(self) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(timeout, waiting).await.is_ok()
    }

    /// Changes what is kept, tells those who wait, and sees to it that there is room left.
    fn change(&self, change: impl FnOnce(&mut Kept) -> Gone) {
        self.hold(change);
        self.changed.notify_waiters();
        if self.budget.is_exceeded() {
            self.budget.make_room(self);
        }
    }

    fn hold(&self, change: impl FnOnce(&mut Kept) -> Gone) {
        let mut kept = self.lock();
        let before = kept.bytes();
        let gone = change(&mut kept);
        self.budget.moved(before, kept.bytes());
        drop(kept);
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A test that panicked while it held the journal must not hide what is in it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.budget.moved(self.held_bytes(), 0);
    }
}
