//! Why a value of the tree does not fit its type, and where that value is.

use std::fmt;

use super::tree::Origin;

/// A value or key that does not fit.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// The keys that lead to it.
    pub(crate) path: Vec<String>,
    /// Where it was said, if anywhere.
    pub(crate) origin: Option<Origin>,
    pub(crate) reason: Reason,
}

/// What is wrong with it.
#[derive(Clone, Debug)]
pub(crate) enum Reason {
    /// There is no such key; these there are.
    UnknownKey { known: &'static [&'static str] },
    /// A key without which the section says nothing.
    MissingKey { key: &'static str },
    /// The value is of another type than this.
    WrongType { expected: &'static str },
    /// The number is larger than this.
    TooLarge { max: u64 },
    /// The value is none of these.
    UnknownChoice { found: String, known: &'static [&'static str] },
    /// Anything that a type's own reading says.
    Other(String),
}

impl Fault {
    pub(crate) fn new(reason: Reason) -> Self {
        Self { path: Vec::new(), origin: None, reason }
    }

    /// The same fault, said here unless that is known more closely.
    pub(crate) fn at(mut self, origin: &Origin) -> Self {
        self.origin.get_or_insert_with(|| origin.clone());
        self
    }

    /// The same fault, seen from one section further up.
    pub(crate) fn below(mut self, key: &str) -> Self {
        self.path.insert(0, key.to_owned());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} does not fit: {:?}", self.path.join("."), self.reason)
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Reason::Other(message.to_string()))
    }

    fn unknown_field(_field: &str, known: &'static [&'static str]) -> Self {
        Self::new(Reason::UnknownKey { known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Reason::MissingKey { key })
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        Self::new(Reason::UnknownChoice { found: found.to_owned(), known })
    }
}
