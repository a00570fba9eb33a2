//! Why a value does not fit its type, and where that value is.

use std::borrow::Cow;
use std::fmt;

use crate::script::read::{Key, Node, Span, Value};

/// A value or key that does not fit.
#[derive(Clone, Debug)]
pub(crate) struct Misfit {
    /// What leads to it.
    pub(crate) path: Vec<Step>,
    pub(crate) reason: Reason,
    /// Its key, if it has one.
    pub(crate) key: Option<Span>,
    /// The value.
    pub(crate) value: Option<Span>,
    /// What stands there.
    pub(crate) found: Found,
}

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Item(usize),
}

/// What stands where something else is expected, and what to say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A number, or true or false: a text if it were in quotes.
    Bare(&'static str),
    /// Anything else.
    Other(&'static str),
    /// A key without a value.
    Nothing,
}

/// What is wrong with it.
#[derive(Clone, Debug)]
pub(crate) enum Reason {
    /// There is no such key; these there are.
    UnknownKey { known: &'static [&'static str] },
    /// A key without which the map says nothing.
    MissingKey { key: &'static str },
    /// The value is of another type than this.
    WrongType { expected: Cow<'static, str> },
    /// The number is larger than this.
    TooLarge { max: u64 },
    /// The value is none of these; what it is, if it is a text.
    UnknownChoice { found: Option<String>, known: &'static [&'static str] },
    /// Anything that a type's own reading says.
    Other(String),
}

impl Misfit {
    pub(crate) fn new(reason: Reason) -> Self {
        Self { path: Vec::new(), reason, key: None, value: None, found: Found::Other("") }
    }

    /// The same, of this value unless that is known more closely.
    pub(crate) fn at(mut self, node: &Node) -> Self {
        if self.value.is_none() {
            (self.value, self.found) = (Some(node.span), Found::of(node));
        }
        self
    }

    /// The same, seen from the map that has the value under this key.
    pub(crate) fn below(mut self, key: &Key) -> Self {
        self.key.get_or_insert(key.span);
        self.path.insert(0, Step::Key(key.text.clone()));
        self
    }

    /// The same, seen from the list that the value is in.
    pub(crate) fn in_item(mut self, index: usize) -> Self {
        self.path.insert(0, Step::Item(index));
        self
    }

    /// Whether a key is only missing because it was left out for another misfit.
    pub(crate) fn follows_from(&self, other: &Self) -> bool {
        let Reason::MissingKey { key } = self.reason else { return false };
        other
            .path
            .split_last()
            .is_some_and(|(last, rest)| *last == Step::Key(key.to_owned()) && rest == self.path)
    }
}

/// The keys of a path; empty where there are none.
pub(super) fn name_of(path: &[Step]) -> String {
    let keys = path.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Item(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

impl Found {
    fn of(node: &Node) -> Self {
        match &node.value {
            Value::Map(_) => Self::Other("this is a map"),
            Value::List(_) => Self::Other("this is a list"),
            Value::Text(text) => Self::Other(of_text(text)),
            Value::Integer(number) if *number < 0 => Self::Bare("this is less than zero"),
            Value::Integer(_) => Self::Bare("this is a whole number"),
            Value::Large(_) => Self::Bare("this is a very large number"),
            Value::Float(number) if number.is_finite() => Self::Bare("this is a number with a fraction"),
            Value::Float(_) => Self::Bare("this is no finite number"),
            Value::Boolean(_) => Self::Bare("this is true or false"),
            Value::Null => Self::Nothing,
        }
    }
}

fn of_text(text: &str) -> &'static str {
    match text {
        "true" | "false" => "this is a text: remove the quotes",
        "yes" | "on" => "this is a text: write true",
        "no" | "off" => "this is a text: write false",
        _ if text.parse::<f64>().is_ok() => "this is a text: remove the quotes",
        _ => "this is a text",
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} does not fit: {:?}", name_of(&self.path), self.reason)
    }
}

impl std::error::Error for Misfit {}

impl serde::de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Reason::Other(message.to_string()))
    }

    fn invalid_type(_found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::new(Reason::WrongType { expected: expected.to_string().into() })
    }

    fn invalid_value(_found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::new(Reason::WrongType { expected: expected.to_string().into() })
    }

    fn unknown_field(_field: &str, known: &'static [&'static str]) -> Self {
        Self::new(Reason::UnknownKey { known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Reason::MissingKey { key })
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        Self::new(Reason::UnknownChoice { found: Some(found.to_owned()), known })
    }
}
