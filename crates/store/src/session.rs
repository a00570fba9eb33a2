//! Conversations: what is stored of a session and its turns, and what can be asked.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use playhouse_llm::{Message, Usage};
use serde::{Deserialize, Serialize};

use crate::{IdempotencyKey, Scope, StoreError};

/// The conversations.
///
/// Every operation is atomic, and what it has acknowledged survives the process.
///
/// A session's id is its owner's affair: the same id used with two keys is two sessions.
///
/// **What makes up a history.** The turns that later turns see are those that hold an answer: every
/// completed one, and an interrupted one whose partial answer says something, because the person has
/// read it and will refer to it ("go on"). A failed turn is left out together with its question, and
/// so is an interrupted one without an answer: the person asks again, and two questions in a row are
/// refused by many vendors. So is a turn that leaves a tool call unanswered, which vendors refuse too.
/// All of them stay readable in the session.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Begins a turn: stores the user's message, creating the session if it is new, and returns the
    /// history before it. One atomic step.
    ///
    /// When the returned future is dropped before it is done, the turn ends as interrupted by itself.
    /// Afterwards ending it is the caller's duty ([`finish_turn`](Self::finish_turn)); until then the
    /// session takes no other turn.
    ///
    /// # Errors
    /// [`StoreError::TurnRunning`] while the session's last turn has not ended. [`StoreError::Invalid`]
    /// for a session id that is empty or longer than [`MAX_SESSION_ID_BYTES`], or a turn id that is no UUID
    /// or was used before. [`StoreError::AlreadyBegun`] and [`StoreError::KeyTaken`] when its idempotency
    /// key has come before.
    async fn begin_turn(&self, begin: BeginTurn) -> Result<BegunTurn, StoreError>;

    /// Ends a running turn and stores what came of it.
    ///
    /// # Errors
    /// [`StoreError::TurnNotFound`], or [`StoreError::TurnEnded`] when it has ended before, also because this
    /// process was taken for dead ([`Replicas`](crate::Replicas)). When the store
    /// is unavailable the turn goes on running: try again, or leave that to a
    /// [`TurnFinisher`](crate::TurnFinisher).
    async fn finish_turn(&self, finish: FinishTurn) -> Result<(), StoreError>;

    /// The sessions, those with the newest activity first. A session is active when a turn begins.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor that no page has returned.
    async fn list_sessions(&self, scope: &Scope, page: Page) -> Result<SessionPage, StoreError>;

    /// One session with the newest of its messages, or those before a position.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn session(
        &self,
        scope: &Scope,
        session_id: &str,
        page: MessagePage,
    ) -> Result<Option<SessionDetail>, StoreError>;

    /// Removes a session with all it holds, its runs too; `false` when there is none. Call records stay.
    ///
    /// # Errors
    /// Only those of a store that cannot be used; the session is gone or whole then, never visible in part.
    async fn delete_session(&self, scope: &Scope, session_id: &str) -> Result<bool, StoreError>;

    /// One turn with its messages.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn turn(&self, scope: &Scope, turn_id: &str) -> Result<Option<Turn>, StoreError>;
}

/// The longest session id that is taken.
pub const MAX_SESSION_ID_BYTES: usize = 255;

/// What a turn begins with.
#[derive(Clone, Debug)]
pub struct BeginTurn {
    /// The stored API key whose session it is; `None` for the operators'.
    pub key_id: Option<Arc<str>>,
    /// The session, as the caller names it.
    pub session_id: Arc<str>,
    /// The new turn's id: a UUIDv7 that has not been used before.
    pub turn_id: Arc<str>,
    /// What the user says.
    pub message: Message,
    /// Now, in Unix microseconds.
    pub now_us: i64,
    /// How much of the conversation so far is wanted.
    pub history: HistoryWindow,
    /// What else is known of it.
    pub terms: TurnTerms,
}

/// How a turn is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnTerms {
    /// The model that is asked.
    pub model: Option<Arc<str>>,
    /// The agent that is asked, if one is.
    pub agent: Option<Arc<str>>,
    /// The turn in whose place it comes. If that is the session's last one, it leaves the history.
    pub in_place_of: Option<Arc<str>>,
    /// The key of a request that may be sent twice.
    pub idempotency: Option<IdempotencyKey>,
}

/// How much of a conversation fits into a prompt.
///
/// A history holds the newest turns that fit both bounds, and whole ones. Only when the newest turn
/// alone is too large is it cut: to its last messages, and never to begin with a tool's result.
/// Tokens are estimated ([`estimate_tokens`](crate::estimate_tokens)), save for answers whose vendor counted them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryWindow {
    /// Upper bound, in messages.
    pub max_messages: u32,
    /// Upper bound, in tokens.
    pub max_tokens: u32,
}

/// A turn that has begun.
#[derive(Clone, Debug, PartialEq)]
pub struct BegunTurn {
    /// Its place in the session, from 1.
    pub number: u32,
    /// Whether the session began with it.
    pub new_session: bool,
    /// The conversation before it, oldest first; the new message is not in it.
    pub history: Vec<Message>,
}

/// What a turn ends with.
#[derive(Clone, Debug)]
pub struct FinishTurn {
    /// The turn.
    pub turn_id: Arc<str>,
    /// Now, in Unix microseconds.
    pub now_us: i64,
    /// How it ends.
    pub ending: TurnEnding,
    /// What was said after the user's message, as far as it got: one answer as a rule; tool calls and
    /// their results before it where tools were used.
    pub messages: Vec<Message>,
    /// The model that answered.
    pub model: Option<Arc<str>>,
    /// Why the model stopped.
    pub finish_reason: Option<Arc<str>>,
    /// Token counts, where the vendor sent them.
    pub usage: Option<Usage>,
}

/// How a turn ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnEnding {
    /// With a whole answer.
    Completed,
    /// With an error of this kind.
    Failed {
        /// The kind ([`ErrorKind::as_str`](playhouse_llm::ErrorKind::as_str)).
        error: Arc<str>,
    },
    /// Cut off: the caller went away, or the process stopped.
    Interrupted,
}

/// Where a turn stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TurnState {
    /// Not ended yet.
    Running,
    /// Ended with a whole answer.
    Completed,
    /// Ended with an error.
    Failed,
    /// Cut off.
    Interrupted,
}

/// Which part of a list is wanted.
#[derive(Clone, Debug)]
pub struct Page {
    /// How many rows, 1 to 100.
    pub limit: u32,
    /// The `next` of the page before; `None` for the first.
    pub after: Option<String>,
}

/// A page of sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionPage {
    /// The sessions, newest activity first.
    pub sessions: Vec<SessionSummary>,
    /// What to ask for the page after this one; `None` when this is the last.
    pub next: Option<String>,
}

/// A session in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionSummary {
    /// The id, as its caller chose it.
    pub id: Arc<str>,
    /// When its first turn began, in Unix microseconds.
    pub created_at_us: i64,
    /// When its last turn began, in Unix microseconds.
    pub active_at_us: i64,
    /// How many turns it has, of every state.
    pub turns: u32,
    /// The stored API key whose it is; `None` for the operators'.
    pub key_id: Option<Arc<str>>,
}

/// Which messages of a session are wanted.
#[derive(Clone, Copy, Debug)]
pub struct MessagePage {
    /// How many, 1 to 1,000.
    pub limit: u32,
    /// Only those before this position; `None` for the newest.
    pub before: Option<u64>,
}

/// A session with some of its messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionDetail {
    /// The session.
    #[serde(flatten)]
    pub summary: SessionSummary,
    /// Messages of turns of every state, oldest first.
    pub messages: Vec<SessionMessage>,
    /// What to ask `before` for the messages before these; `None` when there are none.
    pub before: Option<u64>,
}

/// A message of a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionMessage {
    /// Its place: grows along the conversation, with gaps.
    pub position: u64,
    /// The turn it belongs to.
    pub turn_id: Arc<str>,
    /// Where that turn stands.
    pub turn_state: TurnState,
    /// When it was stored, in Unix microseconds; `None` where that is not known.
    pub at_us: Option<i64>,
    /// The message.
    #[serde(flatten)]
    pub message: Message,
}

/// A turn with its messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Turn {
    /// Its id.
    pub id: Arc<str>,
    /// Its session.
    pub session_id: Arc<str>,
    /// Its place in the session, from 1.
    pub number: u32,
    /// Where it stands.
    pub state: TurnState,
    /// When it began, in Unix microseconds.
    pub started_at_us: i64,
    /// When it ended, in Unix microseconds; `None` while it runs, and for a turn that died with its process.
    pub ended_at_us: Option<i64>,
    /// The model that was asked, if that was stored.
    pub asked_model: Option<Arc<str>>,
    /// The agent that was asked, if one was.
    pub agent: Option<Arc<str>>,
    /// The model that answered.
    pub model: Option<Arc<str>>,
    /// Why the model stopped.
    pub finish_reason: Option<Arc<str>>,
    /// The kind of failure, if it failed.
    pub error: Option<Arc<str>>,
    /// Token counts, where the vendor sent them.
    pub usage: Option<Usage>,
    /// The user's message and what followed; while it runs, what has been said so far.
    pub messages: Vec<Message>,
}

impl FinishTurn {
    /// An end that says nothing but how.
    pub fn new(turn_id: impl Into<Arc<str>>, ending: TurnEnding, now_us: i64) -> Self {
        Self {
            turn_id: turn_id.into(),
            now_us,
            ending,
            messages: Vec::new(),
            model: None,
            finish_reason: None,
            usage: None,
        }
    }

    /// The same end with what was said.
    #[must_use]
    pub fn with_messages(mut self, messages: Vec<Message>) -> Self {
        self.messages = messages;
        self
    }
}

impl TurnEnding {
    /// The state that follows.
    pub fn state(&self) -> TurnState {
        match self {
            Self::Completed => TurnState::Completed,
            Self::Failed { .. } => TurnState::Failed,
            Self::Interrupted => TurnState::Interrupted,
        }
    }

    /// The kind of failure, if it is one.
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Failed { error } => Some(error),
            _ => None,
        }
    }
}

impl TurnState {
    /// The name in logs, answers and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Running, Self::Completed, Self::Failed, Self::Interrupted]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

impl fmt::Display for TurnState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

impl Default for MessagePage {
    fn default() -> Self {
        Self { limit: 100, before: None }
    }
}
