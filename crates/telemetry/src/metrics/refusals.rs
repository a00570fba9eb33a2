//! What is counted of calls that an API key may not have made.

/// Why a call is refused to an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such key, or it is of no use any more.
    Key,
    /// The key may not ask this model.
    Model,
    /// The key has made its requests of the minute.
    Requests,
    /// The key has used its tokens of the minute.
    Tokens,
    /// The key has spent its money.
    Budget,
}

impl Refusal {
    /// The label. Never a key's id: that would be a series each.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Model => "model",
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Budget => "budget",
        }
    }
}
