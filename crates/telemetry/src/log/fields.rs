//! An event's fields, gathered for one line.

use std::error::Error;
use std::fmt;

use tracing::field::{Field, Visit};

use super::keys::Keys;
use super::layout::{Key, Layout, Role};
use super::number::{push_float, push_signed, push_unsigned};
use super::style::{Style, Text};

/// The fields of one event, written in a style. Reused from line to line.
#[derive(Debug, Default)]
pub(super) struct EventFields {
    /// The message, escaped.
    pub(super) message: Vec<u8>,
    /// The exception, escaped; empty if there is none.
    pub(super) exception: Vec<u8>,
    /// The event's own fields, keys included.
    pub(super) own: Vec<u8>,
    /// Where the event says it comes from, if not from where it was written.
    pub(super) origin: Origin,
    keys: Keys,
}

/// Where an event says it comes from, in fields that begin with `log.`: the macros of this crate
/// name the function so, and the panic hook the place of the panic.
#[derive(Debug, Default)]
pub(super) struct Origin {
    pub(super) module: String,
    pub(super) function: String,
    pub(super) line: Option<u64>,
}

impl EventFields {
    /// Makes room for the next event.
    pub(super) fn clear(&mut self) {
        self.message.clear();
        self.exception.clear();
        self.own.clear();
        self.origin.module.clear();
        self.origin.function.clear();
        self.origin.line = None;
        self.keys.clear();
    }

    /// Whether an own field has this name.
    pub(super) fn names(&self, name: &str) -> bool {
        self.keys.contains(name)
    }
}

/// Writes each field it meets into [`EventFields`].
pub(super) struct FieldVisitor<'a, S> {
    pub(super) style: &'a S,
    pub(super) layout: &'a Layout,
    pub(super) fields: &'a mut EventFields,
}

impl<'a, S: Style> FieldVisitor<'a, S> {
    fn role(&self, field: &Field) -> Role {
        self.layout.field(field).map_or(Role::Own, |field| field.role)
    }

    /// The key of a field, and how many underscores must follow it.
    fn key(&mut self, field: &Field) -> Option<(&'a Key, usize)> {
        let key = &self.layout.field(field)?.key;
        Some((key, if key.is_alone { 0 } else { self.fields.keys.take(key.name) }))
    }

    fn text(&mut self, field: &Field, text: impl Text) {
        let role = self.role(field);
        let fields = &mut *self.fields;
        match role {
            Role::Message => text.write(self.style, &mut fields.message),
            Role::Exception => text.write(self.style, &mut fields.exception),
            Role::Function => text.append_to(&mut fields.origin.function),
            Role::Module => text.append_to(&mut fields.origin.module),
            Role::Line | Role::Own => {
                let Some((key, underscores)) = self.key(field) else { return };
                let style = self.style;
                style.text(&mut self.fields.own, key, underscores, |out| text.write(style, out));
            }
        }
    }

    /// A value that is no text.
    fn plain(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>)) {
        let Some((key, underscores)) = self.key(field) else { return };
        self.style.key(&mut self.fields.own, key, underscores);
        write(&mut self.fields.own);
    }
}

impl<S: Style> Visit for FieldVisitor<'_, S> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.role(field) != Role::Exception {
            self.text(field, format_args!("{value}"));
        }
        if self.fields.exception.is_empty() {
            format_args!("{}", Chain(value)).write(self.style, &mut self.fields.exception);
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, |out| out.extend_from_slice(if value { b"true" } else { b"false" }));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match self.role(field) {
            Role::Line => self.fields.origin.line = Some(value),
            _ => self.plain(field, |out| push_unsigned(out, value)),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, |out| push_signed(out, value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.plain(field, |out| push_float(out, value));
    }
}

/// An error and what caused it, a line each.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// A chain that is longer was tied into a ring.
        const LONGEST: usize = 32;
        write!(formatter, "{}", self.0)?;
        let causes =
            std::iter::successors(self.0.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
        causes.take(LONGEST).try_for_each(|cause| write!(formatter, "\ncaused by: {cause}"))
    }
}
