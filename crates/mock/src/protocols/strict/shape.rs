//! What a value must be: the words the tables of parameters are written in.

use serde_json::{Number, Value};

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Whatever it is; a rule between parameters may say more.
    Anything,
    /// True or false.
    Boolean,
    /// A whole number between these, both included.
    Integer { min: i64, max: i64 },
    /// A number between these, both included.
    Decimal { min: f64, max: f64 },
    /// A text.
    Text(Text),
    /// One of some texts.
    OneOf(OneOf),
    /// An array.
    Array(Array),
    /// An object with these members.
    Object(&'static Object),
    /// An object that says itself which kind it is.
    Tagged(&'static Tagged),
    /// An object with free names.
    Map(&'static Map),
    /// One of several kinds of value: `expected` names them, the first arm of the value's kind holds.
    Either { expected: &'static str, arms: &'static [Shape] },
}

/// A text of bounded length, in characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    pub(crate) min_length: usize,
    pub(crate) max_length: usize,
    pub(crate) pattern: Option<Pattern>,
}

/// What every letter of a text must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pattern {
    /// As the vendor shows it.
    pub(crate) shown: &'static str,
    pub(crate) takes: fn(char) -> bool,
}

/// One of some texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneOf {
    /// Those that the vendor lists, in its order.
    pub(crate) listed: &'static [&'static str],
    /// Those that it takes too, by its documentation.
    pub(crate) silent: &'static [&'static str],
}

/// An array of bounded length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Array {
    /// What it is called where it is missed: `an array of objects`.
    pub(crate) expected: &'static str,
    pub(crate) items: &'static Shape,
    pub(crate) min_length: usize,
    pub(crate) max_length: usize,
}

/// An object with free names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map {
    /// What it is called where it is missed: `a metadata object`.
    pub(crate) expected: &'static str,
    pub(crate) values: Shape,
    pub(crate) max_members: usize,
    pub(crate) max_name_length: usize,
}

/// An object with these members, an example of it, and where that stands.
#[derive(Debug)]
pub(crate) struct Object {
    /// Where the vendor describes it.
    pub(crate) source: &'static str,
    /// The rule that refuses other members; without one they are taken.
    pub(crate) closed: Option<&'static str>,
    pub(crate) fields: &'static [Field],
    /// The smallest such object, as JSON.
    pub(crate) least: &'static str,
    /// The members of a request that hold it where they say `"$"`, as JSON.
    pub(crate) within: &'static str,
}

/// An object that says itself which kind it is.
#[derive(Debug)]
pub(crate) struct Tagged {
    /// The rule that the tag is there and known.
    pub(crate) rule: &'static str,
    /// The name of the member that says it.
    pub(crate) tag: &'static str,
    /// The kinds, in the order the vendor lists them.
    pub(crate) kinds: &'static [(&'static str, &'static Object)],
    /// What an object of an unknown kind is held against before that is complained of.
    pub(crate) unknown_kind: Option<&'static Object>,
    /// The kind of an object that does not say.
    pub(crate) default: Option<&'static str>,
}

/// A member of an object, and the rule that it is what it must be.
#[derive(Debug)]
pub(crate) struct Field {
    /// The rule's id.
    pub(crate) rule: &'static str,
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// Whether null is as good as nothing.
    pub(crate) nullable: bool,
    /// Values that are taken, as JSON.
    pub(crate) takes: &'static [&'static str],
    /// Values that are refused, as JSON.
    pub(crate) refuses: &'static [&'static str],
    /// Members of the request that the taken values need beside them, as JSON.
    pub(crate) beside: &'static str,
}

impl Field {
    pub(crate) const fn optional(rule: &'static str, name: &'static str, shape: Shape) -> Self {
        Self { rule, name, shape, required: false, nullable: true, takes: &[], refuses: &[], beside: "{}" }
    }

    pub(crate) const fn required(rule: &'static str, name: &'static str, shape: Shape) -> Self {
        Self { required: true, nullable: false, ..Self::optional(rule, name, shape) }
    }

    /// The same where null is a value like others.
    pub(crate) const fn not_null(self) -> Self {
        Self { nullable: false, ..self }
    }

    pub(crate) const fn takes(self, takes: &'static [&'static str]) -> Self {
        Self { takes, ..self }
    }

    pub(crate) const fn refuses(self, refuses: &'static [&'static str]) -> Self {
        Self { refuses, ..self }
    }

    pub(crate) const fn beside(self, beside: &'static str) -> Self {
        Self { beside, ..self }
    }
}

impl Shape {
    pub(crate) const INTEGER: Self = Self::Integer { min: i64::MIN, max: i64::MAX };
    pub(crate) const TEXT: Self = Self::text(0, usize::MAX);

    /// A whole number of at least one.
    pub(crate) const COUNT: Self = Self::Integer { min: 1, max: i64::MAX };

    pub(crate) const fn text(min_length: usize, max_length: usize) -> Self {
        Self::Text(Text { min_length, max_length, pattern: None })
    }

    pub(crate) const fn matching(min_length: usize, max_length: usize, pattern: Pattern) -> Self {
        Self::Text(Text { min_length, max_length, pattern: Some(pattern) })
    }

    pub(crate) const fn one_of(listed: &'static [&'static str]) -> Self {
        Self::OneOf(OneOf { listed, silent: &[] })
    }

    /// Whether a value is of the kind that this is about, whatever it says.
    pub(crate) fn is_of_kind(&self, value: &Value) -> bool {
        match self {
            Self::Anything => true,
            Self::Boolean => value.is_boolean(),
            Self::Integer { .. } | Self::Decimal { .. } => value.is_number(),
            Self::Text(_) | Self::OneOf(_) => value.is_string(),
            Self::Array(_) => value.is_array(),
            Self::Object(_) | Self::Tagged(_) | Self::Map(_) => value.is_object(),
            Self::Either { arms, .. } => arms.iter().any(|arm| arm.is_of_kind(value)),
        }
    }
}

/// Whether a number is whole: some languages write every number with a fraction.
pub(crate) fn is_whole(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
}

impl Tagged {
    /// The object of this kind.
    pub(crate) fn kind(&self, tag: &str) -> Option<&'static Object> {
        self.kinds.iter().find(|(name, _)| *name == tag).map(|(_, object)| *object)
    }
}

/// The names of functions, tools and schemas.
pub(crate) const NAME: Pattern = Pattern {
    shown: "^[a-zA-Z0-9_-]+$",
    takes: |letter| letter.is_ascii_alphanumeric() || "_-".contains(letter),
};

/// The names of a conversation's participants.
pub(crate) const PARTICIPANT: Pattern = Pattern {
    shown: r"^[^\s<|\\/>]+$",
    takes: |letter| !letter.is_whitespace() && !r"<|\/>".contains(letter),
};
