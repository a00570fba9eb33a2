//! The words that expressions are made of.

use num_rational::BigRational;

/// A word and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// The index of its first character.
    pub(super) at: usize,
}

/// What a word is.
#[derive(Clone, Debug)]
pub(super) enum TokenKind {
    Number(BigRational),
    /// In small letters.
    Name(String),
    Plus,
    Minus,
    Times,
    Divide,
    /// The remainder, or per cent.
    Percent,
    Power,
    Factorial,
    Open,
    Close,
    Comma,
    End,
}

impl TokenKind {
    /// Whether a value can begin with it, signs apart.
    pub(super) fn begins_value(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Name(_) | Self::Open)
    }

    /// The word as it is spoken of.
    pub(super) fn spoken(&self) -> String {
        let sign = match self {
            Self::Number(_) => return "number".to_owned(),
            Self::Name(name) => name,
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Divide => "/",
            Self::Percent => "%",
            Self::Power => "^",
            Self::Factorial => "!",
            Self::Open => "(",
            Self::Close => ")",
            Self::Comma => ",",
            Self::End => return "end".to_owned(),
        };
        format!("'{sign}'")
    }
}
