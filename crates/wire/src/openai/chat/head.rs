//! The head of a request: what routing needs, read in one pass without touching the content.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use playhouse_llm::Malformed;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use super::complaint;
use crate::openai::raw::{
    ARRAY, BOOLEAN, DECIMAL, INTEGER, NULL, OBJECT, STRING, complain, kind_of, place_of, raw, read_flag,
    read_name, text_of,
};

/// What a request says about itself, and where.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) model: Cow<'a, str>,
    /// Where the model's name stands, quotes included.
    pub(super) model_at: Range<usize>,
    pub(super) stream: bool,
    pub(super) stream_at: Option<Range<usize>>,
    pub(super) include_usage: bool,
    pub(super) options: Option<Options>,
    /// How many alternatives are asked for; 1 where that cannot be read.
    pub(super) choices: u32,
}

/// The `stream_options` of a request.
#[derive(Debug)]
pub(super) struct Options {
    /// Where they stand.
    pub(super) at: Range<usize>,
    pub(super) is_null: bool,
    /// Where the value of `include_usage` stands.
    pub(super) include_usage_at: Option<Range<usize>>,
    pub(super) has_others: bool,
}

impl<'a> Head<'a> {
    /// Reads the head of a body, which is checked to be one JSON object that asks for a chat.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let text = text_of(body)?;
        let fields: Fields<'_> = serde_json::from_str(text).map_err(complain)?;
        let model = fields.model.ok_or_else(|| complaint::missing("model"))?;
        check_messages(fields.messages)?;
        let options = fields.stream_options.map(|raw| read_options(raw, text)).transpose()?;
        Ok(Self {
            model: read_name(model)?,
            model_at: place_of(model, text),
            stream: read_flag(fields.stream, "stream")?,
            stream_at: fields.stream.map(|raw| place_of(raw, text)),
            include_usage: options.as_ref().is_some_and(|(_, include_usage)| *include_usage),
            options: options.map(|(options, _)| options),
            choices: fields.n.and_then(|n| n.get().parse().ok()).unwrap_or(1),
        })
    }
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    model: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "seen")]
    messages: Option<Messages>,
    #[serde(borrow, default, deserialize_with = "raw")]
    stream: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    stream_options: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    n: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct OptionFields<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    include_usage: Option<&'a RawValue>,
}

fn seen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Messages>, D::Error> {
    Messages::deserialize(deserializer).map(Some)
}

fn check_messages(messages: Option<Messages>) -> Result<(), Malformed> {
    let messages = messages.ok_or_else(|| complaint::missing("messages"))?;
    if messages.kind != ARRAY {
        return Err(complaint::wrong_type("messages", "an array of objects", messages.kind));
    }
    if let Some((at, kind)) = messages.stray {
        return Err(complaint::wrong_type(format!("messages[{at}]"), OBJECT, kind));
    }
    if messages.is_empty { Err(complaint::empty("messages", ARRAY)) } else { Ok(()) }
}

fn read_options(raw: &RawValue, text: &str) -> Result<(Options, bool), Malformed> {
    let at = place_of(raw, text);
    if raw.get() == "null" {
        return Ok((Options { at, is_null: true, include_usage_at: None, has_others: false }, false));
    }
    if !raw.get().starts_with('{') {
        return Err(complaint::wrong_type("stream_options", OBJECT, kind_of(raw)));
    }
    let fields: OptionFields<'_> = serde_json::from_str(raw.get()).map_err(|error| {
        let complaint = complain(error);
        let param = complaint.param.map(|key| format!("stream_options.{key}"));
        param.map_or_else(|| complaint::unparsable(&complaint.message), |param| complaint::repeated(&param))
    })?;
    let include_usage = read_flag(fields.include_usage, "stream_options.include_usage")?;
    let include_usage_at = fields.include_usage.map(|raw| place_of(raw, text));
    let has_others = !raw.get()[1..].trim_ascii_start().starts_with('}');
    Ok((Options { at, is_null: false, include_usage_at, has_others }, include_usage))
}

/// The messages, looked at only from outside.
struct Messages {
    kind: &'static str,
    is_empty: bool,
    /// The first item that is no object, and what it is instead.
    stray: Option<(usize, &'static str)>,
}

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Outside).map(|seen| Self {
            kind: seen.kind,
            is_empty: seen.items == 0,
            stray: seen.stray,
        })
    }
}

/// What a value is, and which of its items are no objects.
#[derive(Default)]
struct Seen {
    kind: &'static str,
    items: usize,
    stray: Option<(usize, &'static str)>,
}

impl Seen {
    fn kind<E>(kind: &'static str) -> Result<Self, E> {
        Ok(Self { kind, ..Self::default() })
    }
}

/// Sees the kind of a value without keeping any of it.
struct Outside;

struct Item(&'static str);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Outside).map(|seen| Self(seen.kind))
    }
}

impl<'de> Visitor<'de> for Outside {
    type Value = Seen;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Seen, E> {
        Seen::kind(NULL)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Seen, E> {
        Seen::kind(BOOLEAN)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Seen, E> {
        Seen::kind(INTEGER)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Seen, E> {
        Seen::kind(INTEGER)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Seen, E> {
        Seen::kind(DECIMAL)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Seen, E> {
        Seen::kind(STRING)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Seen, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Seen::kind(OBJECT)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Seen, A::Error> {
        let mut seen = Seen { kind: ARRAY, ..Seen::default() };
        while let Some(Item(kind)) = items.next_element()? {
            if kind != OBJECT && seen.stray.is_none() {
                seen.stray = Some((seen.items, kind));
            }
            seen.items += 1;
        }
        Ok(seen)
    }
}
