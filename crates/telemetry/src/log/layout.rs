//! What of a line its callsite fixes: known before the first line is written, and the same for each.

use std::collections::BTreeMap;
use std::ptr;

use tracing::Metadata;
use tracing::field::Field;

use super::json::JsonParts;
use super::keys::{can_be_taken, stem};

/// What is fixed of the lines of one callsite.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) metadata: &'static Metadata<'static>,
    pub(super) json: JsonParts,
    fields: Box<[FieldLayout]>,
}

/// What is fixed of a field.
#[derive(Debug)]
pub(super) struct FieldLayout {
    pub(super) role: Role,
    pub(super) key: Key,
}

/// What a field is to its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Message,
    Exception,
    /// Where the event says it comes from, in fields that begin with `log.`.
    Function,
    Module,
    Line,
    /// A field of the event's own.
    Own,
}

/// A field's name.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Whether nothing else in the line can be called so: it need not be looked up.
    pub(super) is_alone: bool,
    /// It as JSON begins a text: `,"name":"`.
    pub(super) json: Box<[u8]>,
}

impl Layout {
    fn of(metadata: &'static Metadata<'static>) -> Self {
        let names: Vec<&'static str> = metadata.fields().iter().map(|field| name_of(&field)).collect();
        let fields = metadata
            .fields()
            .iter()
            .map(|field| FieldLayout { role: Role::of(field.name()), key: Key::of(name_of(&field), &names) });
        Self { metadata, json: JsonParts::of(metadata), fields: fields.collect() }
    }

    /// What is fixed of this field; nothing of one that is another callsite's.
    pub(super) fn field(&self, field: &Field) -> Option<&FieldLayout> {
        self.fields.get(field.index())
    }
}

impl Role {
    fn of(name: &str) -> Self {
        match name {
            "message" => Self::Message,
            "exception" => Self::Exception,
            "log.function" => Self::Function,
            "log.module_path" => Self::Module,
            "log.line" => Self::Line,
            _ => Self::Own,
        }
    }
}

impl Key {
    fn of(name: &'static str, all: &[&str]) -> Self {
        let alike = all.iter().filter(|other| stem(other) == stem(name)).count();
        Self { name, is_alone: alike == 1 && !can_be_taken(name), json: super::json::key(name).into() }
    }
}

/// A field written r#type is called type.
fn name_of(field: &Field) -> &'static str {
    field.name().strip_prefix("r#").unwrap_or(field.name())
}

/// The layouts of the callsites that a thread has come by, which are no more than the program has.
#[derive(Debug, Default)]
pub(super) struct Layouts(BTreeMap<usize, Layout>);

impl Layouts {
    /// The layout of this callsite's lines.
    pub(super) fn of(&mut self, metadata: &'static Metadata<'static>) -> &Layout {
        let place = ptr::from_ref(metadata).addr();
        self.0.entry(place).or_insert_with(|| Layout::of(metadata))
    }
}
