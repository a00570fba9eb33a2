//! Responses: answers that are kept to be read again and to be gone on from.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{IdempotencyKey, Scope, StoreError};

/// The responses that are kept, each with what was asked in it.
///
/// A response may go on from another one, its *previous*; what is behind it is its chain. What is said in a
/// response is told and taken as JSON that the store does not look into.
#[async_trait]
pub trait Responses: Send + Sync {
    /// Keeps a response: one that has ended, or one that runs from now on.
    ///
    /// Ending what runs is the caller's duty ([`finish_response`](Self::finish_response)), also when the store
    /// was unavailable: it may have been kept all the same.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an id that is no UUIDv7 or was used before. [`StoreError::AlreadyBegun`] and
    /// [`StoreError::KeyTaken`] when its idempotency key has come before.
    async fn put_response(&self, response: NewResponse) -> Result<(), StoreError>;

    /// Ends a response that runs.
    ///
    /// # Errors
    /// [`StoreError::ResponseNotFound`], or [`StoreError::ResponseEnded`] when it has ended before, also because
    /// this process was taken for dead ([`Replicas`](crate::Replicas)).
    async fn finish_response(&self, finish: FinishResponse) -> Result<(), StoreError>;

    /// One response.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn response(&self, scope: &Scope, id: &str) -> Result<Option<StoredResponse>, StoreError>;

    /// A response with those it goes on from, as far back as they fit.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn response_chain(
        &self,
        scope: &Scope,
        id: &str,
        bounds: ChainBounds,
    ) -> Result<ResponseChain, StoreError>;

    /// The responses that made these items, by the items' ids: of several with one item the newest. At most
    /// [`MOST_ITEMS`] are looked for.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn responses_with_items(
        &self,
        scope: &Scope,
        items: Vec<Arc<str>>,
    ) -> Result<Vec<StoredResponse>, StoreError>;

    /// Removes a response that has ended; `false` when there is none. Those that go on from it stay.
    ///
    /// # Errors
    /// [`StoreError::ResponseRunning`].
    async fn delete_response(&self, scope: &Scope, id: &str) -> Result<bool, StoreError>;

    /// Removes up to `limit` of the oldest responses that began before `before_us` (Unix microseconds), have
    /// ended, and that none which is kept goes on from; says how many.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn prune_responses(&self, before_us: i64, limit: u32) -> Result<u64, StoreError>;
}

/// How many items are looked for at a time; and how many of one response can be found.
pub const MOST_ITEMS: usize = 1_000;
/// Longer ids of items are not looked for.
const MOST_ITEM_ID_BYTES: usize = 255;

/// A response to be kept.
#[derive(Clone, Debug)]
pub struct NewResponse {
    /// Its id: a UUIDv7 that has not been used before.
    pub id: Arc<str>,
    /// The stored API key whose it is; `None` for the operators'.
    pub key_id: Option<Arc<str>>,
    /// The response it goes on from.
    pub previous: Option<Arc<str>>,
    /// Where it stands.
    pub status: ResponseStatus,
    /// Whether it goes on without its caller.
    pub background: bool,
    /// Whether it is told in pieces.
    pub streamed: bool,
    /// The model that is asked.
    pub model: Arc<str>,
    /// When it began, in Unix microseconds.
    pub created_at_us: i64,
    /// When it ended, if it has.
    pub ended_at_us: Option<i64>,
    /// What was asked in it, as JSON.
    pub input: String,
    /// The response as it is told, as JSON.
    pub body: String,
    /// The ids of what it made, by which it is found.
    pub items: Vec<Arc<str>>,
    /// The key of a request that may be sent twice.
    pub idempotency: Option<IdempotencyKey>,
}

/// What a response ends with.
#[derive(Clone, Debug)]
pub struct FinishResponse {
    /// The response.
    pub id: Arc<str>,
    /// How it ends.
    pub status: ResponseStatus,
    /// Now, in Unix microseconds.
    pub now_us: i64,
    /// The response as it is told from now on, as JSON.
    pub body: String,
    /// The ids of what it made, by which it is found.
    pub items: Vec<Arc<str>>,
}

/// Where a response stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseStatus {
    /// Not ended yet.
    InProgress,
    /// Ended with a whole answer.
    Completed,
    /// Ended with an error, or with the process that answered.
    Failed,
    /// Ended before the answer was whole, because a bound was met.
    Incomplete,
    /// Ended because somebody wished so.
    Cancelled,
}

/// A response that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredResponse {
    /// Its id.
    pub id: Arc<str>,
    /// The stored API key whose it is; `None` for the operators'.
    pub key_id: Option<Arc<str>>,
    /// The response it goes on from.
    pub previous: Option<Arc<str>>,
    /// Where it stands.
    pub status: ResponseStatus,
    /// Whether it goes on, or went on, without its caller.
    pub background: bool,
    /// Whether it is, or was, told in pieces.
    pub streamed: bool,
    /// The model that was asked.
    pub model: Arc<str>,
    /// When it began, in Unix microseconds.
    pub created_at_us: i64,
    /// When it ended, in Unix microseconds; `None` while it runs, and for one that died with its process.
    pub ended_at_us: Option<i64>,
    /// What was asked in it, as JSON.
    pub input: String,
    /// The response as it was told last, as JSON. What `status` says holds where the two differ.
    pub body: String,
}

/// How much of a chain is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainBounds {
    /// Upper bound, in responses.
    pub max_responses: u32,
    /// Upper bound, in bytes of what was asked and told in them.
    pub max_bytes: u64,
}

/// A response with those it goes on from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseChain {
    /// The responses, oldest first.
    pub responses: Vec<StoredResponse>,
    /// Why the oldest of them is not the first of the chain, if it is not.
    pub gap: Option<ChainGap>,
}

/// Why a chain is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainGap {
    /// This response is not there: it never was, it has been deleted, or it is another key's.
    Missing(Arc<str>),
    /// It is longer or larger than its bounds.
    TooLarge,
}

impl ResponseStatus {
    const ALL: [Self; 5] =
        [Self::InProgress, Self::Completed, Self::Failed, Self::Incomplete, Self::Cancelled];

    /// The name in answers and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether it has not ended yet.
    pub fn is_running(self) -> bool {
        self == Self::InProgress
    }
}

impl fmt::Display for ResponseStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The ids that are worth looking for, each once.
pub(crate) fn findable(mut items: Vec<Arc<str>>) -> Vec<Arc<str>> {
    items.retain(|item| (1..=MOST_ITEM_ID_BYTES).contains(&item.len()) && !item.contains('\0'));
    items.truncate(MOST_ITEMS);
    items.sort_unstable();
    items.dedup();
    items
}

/// A chain while it is walked back from its newest response.
pub(crate) struct ChainWalk {
    bounds: ChainBounds,
    bytes: u64,
    newest_first: Vec<StoredResponse>,
    next: Option<Arc<str>>,
    is_full: bool,
}

impl ChainWalk {
    /// A walk that begins with this response.
    pub(crate) fn from(id: Arc<str>, bounds: ChainBounds) -> Self {
        Self { bounds, bytes: 0, newest_first: Vec::new(), next: Some(id), is_full: false }
    }

    /// The response that comes next; `None` at the end of the chain, or of what is wanted.
    pub(crate) fn next(&self) -> Option<&Arc<str>> {
        self.next.as_ref().filter(|_| !self.is_full)
    }

    /// Takes the response that comes next.
    pub(crate) fn take(&mut self, response: StoredResponse) {
        self.bytes += (response.input.len() + response.body.len()) as u64;
        self.next = response.previous.clone();
        let is_beyond = self.bytes > self.bounds.max_bytes;
        if !is_beyond {
            self.newest_first.push(response);
        }
        let is_last = self.newest_first.len() >= self.bounds.max_responses as usize;
        self.is_full = is_beyond || (is_last && self.next.is_some());
    }

    /// What there is of the chain, once nothing comes next or that is not there.
    pub(crate) fn end(mut self) -> ResponseChain {
        self.newest_first.reverse();
        let gap = match self.next {
            _ if self.is_full => Some(ChainGap::TooLarge),
            missing => missing.map(ChainGap::Missing),
        };
        ResponseChain { responses: self.newest_first, gap }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(id: &str, previous: Option<&str>) -> StoredResponse {
        StoredResponse {
            id: id.into(),
            key_id: None,
            previous: previous.map(Arc::from),
            status: ResponseStatus::Completed,
            background: false,
            streamed: false,
            model: "m".into(),
            created_at_us: 0,
            ended_at_us: None,
            input: "[1]".into(),
            body: "{1}".into(),
        }
    }

    /// Walks a chain of three that begins with `a`.
    fn walked(bounds: ChainBounds) -> (Vec<Arc<str>>, Option<ChainGap>) {
        let all = [response("a", None), response("b", Some("a")), response("c", Some("b"))];
        let mut walk = ChainWalk::from("c".into(), bounds);
        while let Some(id) = walk.next().cloned() {
            walk.take(all.iter().find(|response| response.id == id).unwrap().clone());
        }
        let chain = walk.end();
        (chain.responses.into_iter().map(|response| response.id).collect(), chain.gap)
    }

    #[test]
    fn a_chain_keeps_to_both_bounds() {
        let bounds = |max_responses, max_bytes| ChainBounds { max_responses, max_bytes };
        let ids = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect::<Vec<Arc<str>>>();
        assert_eq!(walked(bounds(3, 18)), (ids(&["a", "b", "c"]), None));
        assert_eq!(walked(bounds(2, 18)), (ids(&["b", "c"]), Some(ChainGap::TooLarge)));
        assert_eq!(walked(bounds(3, 17)), (ids(&["b", "c"]), Some(ChainGap::TooLarge)));
        assert_eq!(walked(bounds(3, 5)), (Vec::new(), Some(ChainGap::TooLarge)));
    }

    #[test]
    fn every_status_has_a_name_of_its_own() {
        for status in ResponseStatus::ALL {
            assert_eq!(ResponseStatus::named(status.as_str()), Some(status));
        }
        assert_eq!(ResponseStatus::named("queued"), None);
    }
}
