//! Holding a value against what it must be, in Anthropic's words.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::wording;
use crate::protocols::Violation;
use crate::protocols::anthropic::complaint;
use crate::protocols::strict::MAX_VIOLATIONS;
use crate::protocols::strict::place::{Dotted, Place};
use crate::protocols::strict::shape::{Array, Field, Object, OneOf, Shape, Tagged, Text, is_whole};

/// Holds a member of an object against its field.
pub(crate) fn check_field(
    field: &Field,
    value: Option<&Value>,
    parent: &Place<'_>,
    found: &mut Vec<Violation>,
) {
    let place = Place::Member(parent, field.name);
    let mut check = Check { rule: field.rule, found };
    match value {
        None if field.required => check.complain(&place, wording::MISSING),
        None => {}
        Some(Value::Null) if field.nullable => {}
        Some(value) => check.shape(&field.shape, value, &place),
    }
}

/// Refuses the first member that an object has no field for, if it takes no others.
pub(crate) fn check_known(
    object: &Object,
    tag: &str,
    members: &Map<String, Value>,
    place: &Place<'_>,
    found: &mut Vec<Violation>,
) {
    let Some(rule) = object.closed else { return };
    let is_known = |name: &str| name == tag || object.fields.iter().any(|field| field.name == name);
    if let Some(name) = members.keys().find(|name| !is_known(name)) {
        Check { rule, found }.complain(&Place::Member(place, name), wording::UNKNOWN);
    }
}

/// A check on behalf of one rule.
struct Check<'v> {
    rule: &'static str,
    found: &'v mut Vec<Violation>,
}

impl Check<'_> {
    fn complain(&mut self, place: &Place<'_>, words: impl AsRef<str>) {
        if self.found.len() < MAX_VIOLATIONS {
            let message = format!("{}: {}", Dotted(place), words.as_ref());
            self.found.push(complaint(self.rule, 400, message));
        }
    }

    fn shape(&mut self, shape: &Shape, value: &Value, place: &Place<'_>) {
        match (shape, value) {
            (Shape::Anything, _) | (Shape::Boolean, Value::Bool(_)) => {}
            (Shape::Integer { min, max }, Value::Number(number)) if is_whole(number) => {
                self.integer((*min, *max), value, place);
            }
            (Shape::Decimal { min, max }, Value::Number(_)) => self.decimal((*min, *max), value, place),
            (Shape::Text(text), Value::String(value)) => self.text(text, value, place),
            (Shape::OneOf(choice), Value::String(value)) => self.one_of(choice, value, place),
            (Shape::Array(array), Value::Array(items)) => self.array(array, items, place),
            (Shape::Object(object), Value::Object(members)) => self.object(object, members, "", place),
            (Shape::Tagged(tagged), Value::Object(members)) => self.tagged(tagged, members, place),
            (Shape::Map(map), Value::Object(members)) => members
                .iter()
                .for_each(|(name, value)| self.shape(&map.values, value, &Place::Member(place, name))),
            (Shape::Either { arms, .. }, value) => match arms.iter().find(|arm| arm.is_of_kind(value)) {
                Some(arm) => self.shape(arm, value, place),
                None => self.complain(place, expected(shape)),
            },
            _ => self.complain(place, expected(shape)),
        }
    }

    fn integer(&mut self, (min, max): (i64, i64), value: &Value, place: &Place<'_>) {
        let (is_below, is_above) = match value.as_i64() {
            Some(number) => (number < min, number > max),
            // Beyond 64 bits, or written with a fraction of nothing.
            None => {
                let number = value.as_f64().unwrap_or_default();
                (number < min as f64, number > max as f64)
            }
        };
        if is_below {
            self.complain(place, wording::at_least(min));
        } else if is_above {
            self.complain(place, wording::at_most(max));
        }
    }

    fn decimal(&mut self, (min, max): (f64, f64), value: &Value, place: &Place<'_>) {
        if !(min..=max).contains(&value.as_f64().unwrap_or_default()) {
            self.complain(place, wording::range(min, max));
        }
    }

    fn text(&mut self, text: &Text, value: &str, place: &Place<'_>) {
        let is_too_long = value.len() > text.max_length && value.chars().count() > text.max_length;
        if value.is_empty() && text.min_length > 0 {
            self.complain(place, wording::EMPTY);
        } else if let Some(pattern) = text.pattern
            && (is_too_long || !value.chars().all(pattern.takes))
        {
            self.complain(place, wording::no_match(pattern.shown));
        } else if is_too_long {
            self.complain(place, wording::too_long(text.max_length));
        }
    }

    fn one_of(&mut self, choice: &OneOf, value: &str, place: &Place<'_>) {
        if !choice.listed.contains(&value) && !choice.silent.contains(&value) {
            self.complain(place, wording::one_of(choice.listed));
        }
    }

    fn array(&mut self, array: &Array, items: &[Value], place: &Place<'_>) {
        for (index, item) in items.iter().enumerate() {
            self.shape(array.items, item, &Place::Item(place, index));
        }
    }

    /// `tag` is the name of the member that says what kind of object it is, if one does.
    fn object(&mut self, object: &Object, members: &Map<String, Value>, tag: &str, place: &Place<'_>) {
        for field in object.fields {
            check_field(field, members.get(field.name), place, self.found);
        }
        check_known(object, tag, members, place, self.found);
    }

    /// What is said of a member names the kind of its object: `messages.0.content.0.text.text`.
    fn tagged(&mut self, tagged: &Tagged, members: &Map<String, Value>, place: &Place<'_>) {
        let said = match members.get(tagged.tag) {
            Some(Value::String(said)) => Some(said.as_str()),
            None | Some(Value::Null) => tagged.default,
            Some(other) => return self.unknown_kind(tagged, &other.to_string(), place),
        };
        let Some(said) = said else {
            let tag = Place::Member(place, tagged.tag);
            return Check { rule: tagged.rule, found: self.found }.complain(&tag, wording::MISSING);
        };
        match tagged.kinds.iter().find(|(name, _)| *name == said) {
            Some((kind, object)) => {
                self.object(object, members, tagged.tag, &Place::Member(place, kind));
            }
            None => self.unknown_kind(tagged, said, place),
        }
    }

    fn unknown_kind(&mut self, tagged: &Tagged, said: &str, place: &Place<'_>) {
        let kinds: Vec<&str> = tagged.kinds.iter().map(|(name, _)| *name).collect();
        let words = wording::unknown_kind(tagged.tag, said, &kinds);
        Check { rule: tagged.rule, found: self.found }.complain(place, words);
    }
}

/// What a value of another kind is told.
fn expected(shape: &Shape) -> Cow<'static, str> {
    Cow::Borrowed(match shape {
        Shape::Anything | Shape::Object(_) => wording::MISSHAPEN,
        Shape::Boolean => wording::NO_BOOLEAN,
        Shape::Integer { .. } => wording::NO_INTEGER,
        Shape::Decimal { .. } => wording::NO_NUMBER,
        Shape::Text(_) => wording::NO_TEXT,
        Shape::OneOf(choice) => return Cow::Owned(wording::one_of(choice.listed)),
        Shape::Array(_) => wording::NO_ARRAY,
        Shape::Tagged(_) | Shape::Map(_) => wording::NO_OBJECT,
        Shape::Either { expected, .. } => expected,
    })
}
