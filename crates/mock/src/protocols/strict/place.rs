//! Where in a request a value stands.

use std::fmt;

/// A place, as OpenAI writes it: `messages[0].content`; only written when somebody complains.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// The request itself.
    Root,
    /// A member of an object.
    Member(&'a Place<'a>, &'a str),
    /// An item of an array.
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// The place of a member of what stands here, as text.
    pub(crate) fn member(&self, name: &str) -> String {
        Place::Member(self, name).to_string()
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => formatter.write_str(name),
            Self::Member(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Item(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

/// A place as Anthropic writes it: `messages.0.content`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dotted<'a>(pub(crate) &'a Place<'a>);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Root => Ok(()),
            Place::Member(Place::Root, name) => formatter.write_str(name),
            Place::Member(parent, name) => write!(formatter, "{}.{name}", Dotted(parent)),
            Place::Item(parent, index) => write!(formatter, "{}.{index}", Dotted(parent)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_each_vendor_writes_them() {
        let messages = Place::Member(&Place::Root, "messages");
        let message = Place::Item(&messages, 3);
        assert_eq!(message.member("content"), "messages[3].content");
        assert_eq!(Dotted(&Place::Member(&message, "content")).to_string(), "messages.3.content");
    }
}
