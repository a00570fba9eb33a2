//! Holding a value against what it must be.

use std::borrow::Cow;

use serde_json::{Map as Members, Value};

use super::complaint::Complaint;
use super::place::Place;
use super::shape::{Array, Field, Map, Object, OneOf, Shape, Tagged, Text, is_whole};
use super::wording;
use crate::protocols::Violation;
use crate::protocols::strict::MAX_VIOLATIONS;

/// Holds a member of an object against its field; what is not there is null or absent.
pub(crate) fn check_field(
    field: &Field,
    value: Option<&Value>,
    parent: &Place<'_>,
    found: &mut Vec<Violation>,
) {
    match value {
        None if field.required => {
            Check { rule: field.rule, found }.complain(wording::missing(parent.member(field.name)));
        }
        None => {}
        Some(Value::Null) if field.nullable => {}
        Some(value) => {
            check_value(field.rule, &field.shape, value, &Place::Member(parent, field.name), found)
        }
    }
}

/// Holds a value against a shape, on behalf of a rule.
pub(crate) fn check_value(
    rule: &'static str,
    shape: &Shape,
    value: &Value,
    place: &Place<'_>,
    found: &mut Vec<Violation>,
) {
    Check { rule, found }.shape(shape, value, place);
}

/// A check on behalf of one rule.
struct Check<'v> {
    rule: &'static str,
    found: &'v mut Vec<Violation>,
}

impl Check<'_> {
    fn complain(&mut self, complaint: Complaint) {
        self.complain_under(self.rule, complaint);
    }

    fn complain_under(&mut self, rule: &'static str, complaint: Complaint) {
        if self.found.len() < MAX_VIOLATIONS {
            self.found.push(complaint.under(rule));
        }
    }

    fn shape(&mut self, shape: &Shape, value: &Value, place: &Place<'_>) {
        match (shape, value) {
            (Shape::Anything, _) | (Shape::Boolean, Value::Bool(_)) => {}
            (Shape::Integer { min, max }, Value::Number(number)) if is_whole(number) => {
                self.integer(*min, *max, value, place);
            }
            (Shape::Decimal { min, max }, Value::Number(_)) => self.decimal(*min, *max, value, place),
            (Shape::Text(text), Value::String(value)) => self.text(text, value, place),
            (Shape::OneOf(choice), Value::String(value)) => self.one_of(choice, value, place),
            (Shape::Array(array), Value::Array(items)) => self.array(array, items, place),
            (Shape::Object(object), Value::Object(members)) => self.object(object, members, "", place),
            (Shape::Tagged(tagged), Value::Object(members)) => self.tagged(tagged, members, place),
            (Shape::Map(map), Value::Object(members)) => self.map(map, members, place),
            (Shape::Either { arms, .. }, value) => match arms.iter().find(|arm| arm.is_of_kind(value)) {
                Some(arm) => self.shape(arm, value, place),
                None => self.wrong_type(shape, value, place),
            },
            _ => self.wrong_type(shape, value, place),
        }
    }

    fn wrong_type(&mut self, shape: &Shape, value: &Value, place: &Place<'_>) {
        self.complain(wording::wrong_type(place.to_string(), &shape.expected(), value));
    }

    fn integer(&mut self, min: i64, max: i64, value: &Value, place: &Place<'_>) {
        let (is_below, is_above) = match value.as_i64() {
            Some(number) => (number < min, number > max),
            // Beyond 64 bits, or written with a fraction of nothing.
            None => {
                let number = value.as_f64().unwrap_or_default();
                (number < min as f64, number > max as f64)
            }
        };
        if is_below {
            self.complain(wording::below(place.to_string(), "integer", min, value));
        } else if is_above {
            self.complain(wording::above(place.to_string(), "integer", max, value));
        }
    }

    fn decimal(&mut self, min: f64, max: f64, value: &Value, place: &Place<'_>) {
        let number = value.as_f64().unwrap_or_default();
        if number < min {
            self.complain(wording::below(place.to_string(), "decimal", min, value));
        } else if number > max {
            self.complain(wording::above(place.to_string(), "decimal", max, value));
        }
    }

    fn text(&mut self, text: &Text, value: &str, place: &Place<'_>) {
        let complaint = if value.is_empty() && text.min_length > 0 {
            wording::empty(place.to_string(), "string")
        } else if value.len() > text.max_length && value.chars().count() > text.max_length {
            wording::too_long(place.to_string(), "string", text.max_length, value.chars().count())
        } else if let Some(pattern) = text.pattern
            && !value.chars().all(pattern.takes)
        {
            wording::no_match(place.to_string(), pattern.shown)
        } else {
            return;
        };
        self.complain(complaint);
    }

    fn one_of(&mut self, choice: &OneOf, value: &str, place: &Place<'_>) {
        if !choice.listed.contains(&value) && !choice.silent.contains(&value) {
            self.complain(wording::invalid_value(place.to_string(), value, choice.listed));
        }
    }

    fn array(&mut self, array: &Array, items: &[Value], place: &Place<'_>) {
        if items.is_empty() && array.min_length > 0 {
            self.complain(wording::empty(place.to_string(), "array"));
        } else if items.len() > array.max_length {
            let complaint = wording::too_long(place.to_string(), "array", array.max_length, items.len());
            self.complain(complaint);
        }
        for (index, item) in items.iter().enumerate() {
            self.shape(array.items, item, &Place::Item(place, index));
        }
    }

    /// `tag` is the name of the member that says what kind of object it is, if one does.
    fn object(&mut self, object: &Object, members: &Members<String, Value>, tag: &str, place: &Place<'_>) {
        if let Some(rule) = object.closed {
            let is_known = |name: &str| name == tag || object.fields.iter().any(|field| field.name == name);
            if let Some(name) = members.keys().find(|name| !is_known(name)) {
                self.complain_under(rule, wording::unknown(place.member(name), &[]));
            }
        }
        for field in object.fields {
            check_field(field, members.get(field.name), place, self.found);
        }
    }

    fn tagged(&mut self, tagged: &Tagged, members: &Members<String, Value>, place: &Place<'_>) {
        let names = || tagged.kinds.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let param = || place.member(tagged.tag);
        let complaint = match members.get(tagged.tag) {
            None => wording::missing(param()),
            Some(Value::String(tag)) => match tagged.kind(tag) {
                Some(object) => return self.object(object, members, tagged.tag, place),
                None => wording::invalid_value(param(), tag, &names()),
            },
            Some(other) => {
                let expected = format!("one of {}", wording::listed(&names(), "or"));
                wording::wrong_type(param(), &expected, other)
            }
        };
        if let Some(object) = tagged.unknown_kind {
            self.object(object, members, tagged.tag, place);
        }
        self.complain_under(tagged.rule, complaint);
    }

    fn map(&mut self, map: &Map, members: &Members<String, Value>, place: &Place<'_>) {
        if members.len() > map.max_members {
            let complaint = wording::too_many_members(place.to_string(), map.max_members, members.len());
            self.complain(complaint);
        }
        for (name, value) in members {
            let length = name.chars().count();
            if length > map.max_name_length {
                let complaint = wording::name_too_long(&place.to_string(), name, map.max_name_length, length);
                self.complain(complaint);
            }
            self.shape(&map.values, value, &Place::Member(place, name));
        }
    }
}

impl Shape {
    /// What a value of another kind is told was expected.
    fn expected(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Anything => "anything",
            Self::Boolean => "a boolean",
            Self::Integer { .. } => "an integer",
            Self::Decimal { .. } => "a decimal",
            Self::Text(_) => "a string",
            Self::OneOf(choice) => {
                return Cow::Owned(format!("one of {}", wording::listed(choice.listed, "or")));
            }
            Self::Array(array) => array.expected,
            Self::Object(_) | Self::Tagged(_) => "an object",
            Self::Map(map) => map.expected,
            Self::Either { expected, .. } => expected,
        })
    }
}
