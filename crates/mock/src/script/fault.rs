//! What goes wrong with an answer.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Error, IntoDeserializer};

use super::short_form::{or_status_or_kind, short_form};

/// A fault; a bare number is a status, a bare string a kind.
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// use playhouse_mock::script::{FaultKind, FaultSpec};
///
/// let twice: FaultSpec = serde_json::from_str(r#"{"status": 503, "times": 2}"#)?;
/// assert_eq!((twice.kind(), twice.times), (Some(FaultKind::Status), Some(2)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
#[schemars(rename = "FaultSpec", transform = or_status_or_kind)]
pub struct FaultSpec {
    /// What kind; `status` where only a status is said.
    pub kind: Option<FaultKind>,
    /// How many requests of the rule it meets, the first ones; without it, all.
    #[schemars(range(min = 1))]
    pub times: Option<u32>,
    /// The status of a refusal.
    #[schemars(range(min = 400, max = 599))]
    pub status: Option<u16>,
    /// The refusal's message; the vendor's own where it is not said.
    pub message: Option<String>,
    /// The refusal's type, in the vendor's error body.
    pub r#type: Option<String>,
    /// The refusal's code, in the vendor's error body.
    pub code: Option<String>,
    /// When to come back, in seconds.
    pub retry_after_s: Option<f64>,
    /// More headers of a refusal.
    pub headers: BTreeMap<String, String>,
    /// Where in a stream it happens: after this many events.
    pub after_events: Option<u32>,
    /// Where in the body it happens: after this many bytes.
    pub after_bytes: Option<u64>,
    /// How long a stall lasts; without it, until the client gives up or a minute has passed.
    pub stall_ms: Option<u64>,
    /// How many bytes a slow drip sends at once.
    pub bytes: Option<u32>,
    /// How long a slow drip waits between them.
    pub every_ms: Option<u64>,
    /// The wrong content type.
    pub content_type: Option<String>,
}

short_form!(FaultSpec, "a status, a kind of fault, or a map that says more",
    visit_u64(u64) => |status: u64| of_status(i64::try_from(status).unwrap_or(i64::MAX)),
    visit_i64(i64) => of_status,
    visit_str(&str) => of_kind);

fn of_status<E: Error>(status: i64) -> Result<FaultSpec, E> {
    let status = u16::try_from(status).map_err(|_| E::custom(format!("{status} is no HTTP status")))?;
    Ok(FaultSpec::status(status))
}

fn of_kind<E: Error>(name: &str) -> Result<FaultSpec, E> {
    FaultKind::deserialize(name.into_deserializer()).map(FaultSpec::from)
}

impl From<FaultKind> for FaultSpec {
    fn from(kind: FaultKind) -> Self {
        Self { kind: Some(kind), ..Self::default() }
    }
}

impl FaultSpec {
    /// A refusal with this status.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// The same fault for the first requests of the rule only.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// When to come back, where that is said.
    pub fn retry_after(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.retry_after_s?).ok()
    }

    /// The kind, also where only a status is said.
    pub fn kind(&self) -> Option<FaultKind> {
        self.kind.or(self.status.map(|_| FaultKind::Status))
    }
}

macro_rules! fault_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What kinds of fault there are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
        pub enum FaultKind {
            $($(#[$doc])* #[serde(rename = $name)] $variant),+
        }

        impl FaultKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in scripts, logs and the journal.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

fault_kinds! {
    /// The vendor refuses with a status and its own error body.
    Status = "status",
    /// The connection is reset as if nobody listened: nothing is answered.
    Refuse = "refuse",
    /// The connection is reset before the first byte of the answer.
    ResetBeforeHeaders = "reset_before_headers",
    /// The connection is reset inside the answer's headers.
    ResetInHeaders = "reset_in_headers",
    /// The connection is reset after the answer's headers.
    ResetAfterHeaders = "reset_after_headers",
    /// The connection is closed after some events or bytes.
    Cut = "cut",
    /// Nothing comes any more after some events or bytes.
    Stall = "stall",
    /// The bytes come a few at a time.
    Drip = "drip",
    /// One event is not JSON.
    MalformedChunk = "malformed_chunk",
    /// One event holds bytes that are not UTF-8.
    InvalidUtf8 = "invalid_utf8",
    /// The last event, or the body, ends in the middle of its JSON.
    TruncatedJson = "truncated_json",
    /// One event comes twice.
    DuplicateChunk = "duplicate_chunk",
    /// Two events change places.
    ReorderedChunks = "reordered_chunks",
    /// A stream lacks its end mark.
    MissingDone = "missing_done",
    /// A stream lacks its finish reason.
    MissingFinish = "missing_finish",
    /// The content type is another.
    WrongContentType = "wrong_content_type",
    /// A stream ends with an error event.
    ErrorEvent = "error_event",
    /// The answer has status 200 and no body.
    Empty = "empty",
    /// The answer stops for its length inside the arguments of a tool call.
    LengthInToolJson = "length_in_tool_json",
}

impl FaultKind {
    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// Whether it spoils an answer that is there; the others stand in place of one.
    pub fn spoils_answer(self) -> bool {
        !matches!(
            self,
            Self::Status
                | Self::Refuse
                | Self::ResetBeforeHeaders
                | Self::ResetInHeaders
                | Self::ResetAfterHeaders
                | Self::Empty
        )
    }
}
