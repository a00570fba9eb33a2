//! The head of a request: what routing needs, read in one pass without touching the content.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use playhouse_llm::Malformed;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::complaint;
use crate::openai::raw::{
    ARRAY, BOOLEAN, DECIMAL, INTEGER, NULL, OBJECT, STRING, complain, kind_of, place_of, raw, read_flag,
    read_name, text_of,
};
use crate::scan::{Scan, once};

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
        let fields = Fields::read(text)?;
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
            choices: fields.n.and_then(|n| n.parse().ok()).unwrap_or(1),
        })
    }
}

#[derive(Debug, Default, PartialEq, Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    model: Option<&'a str>,
    #[serde(default, deserialize_with = "seen")]
    messages: Option<Messages>,
    #[serde(borrow, default, deserialize_with = "raw")]
    stream: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "raw")]
    stream_options: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "raw")]
    n: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Result<Self, Malformed> {
        match Self::scan(text) {
            Some(fields) => Ok(fields),
            // Something is wrong, or written in an unusual way.
            None => serde_json::from_str(text).map_err(complain),
        }
    }

    fn scan(text: &'a str) -> Option<Self> {
        let (mut fields, mut scan) = (Self::default(), Scan::new(text));
        scan.object(|scan, key| match key {
            "model" => once(&mut fields.model, scan.value()?),
            "messages" => once(&mut fields.messages, Messages::scan(scan)?),
            "stream" => once(&mut fields.stream, scan.value()?),
            "stream_options" => once(&mut fields.stream_options, scan.value()?),
            "n" => once(&mut fields.n, scan.value()?),
            _ => scan.skip(),
        })?;
        scan.is_at_end().then_some(fields)
    }
}

#[derive(Deserialize)]
struct OptionFields<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    include_usage: Option<&'a str>,
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

fn read_options(raw: &str, text: &str) -> Result<(Options, bool), Malformed> {
    let at = place_of(raw, text);
    if raw == "null" {
        return Ok((Options { at, is_null: true, include_usage_at: None, has_others: false }, false));
    }
    if !raw.starts_with('{') {
        return Err(complaint::wrong_type("stream_options", OBJECT, kind_of(raw)));
    }
    let fields: OptionFields<'_> = serde_json::from_str(raw).map_err(|error| {
        let complaint = complain(error);
        let param = complaint.param.map(|key| format!("stream_options.{key}"));
        param.map_or_else(|| complaint::unparsable(&complaint.message), |param| complaint::repeated(&param))
    })?;
    let include_usage = read_flag(fields.include_usage, "stream_options.include_usage")?;
    let include_usage_at = fields.include_usage.map(|raw| place_of(raw, text));
    let has_others = !raw[1..].trim_ascii_start().starts_with('}');
    Ok((Options { at, is_null: false, include_usage_at, has_others }, include_usage))
}

/// The messages, looked at only from outside.
#[derive(Debug, PartialEq)]
struct Messages {
    kind: &'static str,
    is_empty: bool,
    /// The first item that is no object, and what it is instead.
    stray: Option<(usize, &'static str)>,
}

impl Messages {
    fn scan(scan: &mut Scan<'_>) -> Option<Self> {
        let mut is_empty = true;
        scan.array(|scan| {
            is_empty = false;
            scan.peek().filter(|first| *first == b'{')?;
            scan.skip()
        })?;
        Some(Self { kind: ARRAY, is_empty, stray: None })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways to read a head must see the same; says whether the quick one does.
    fn is_scanned(body: &str) -> bool {
        let scanned = Fields::scan(body);
        let parsed = serde_json::from_str::<Fields<'_>>(body).ok();
        assert!(scanned.is_none() || scanned == parsed, "{body}: {scanned:?}, {parsed:?}");
        scanned.is_some()
    }

    #[test]
    fn heads_are_scanned_as_they_are_parsed() {
        let usual = r#" {"model":"m","messages":[{"role":"user","content":"say \"hi\" \u00e4"}, {}],"stream" : true,
            "stream_options":{"include_usage":true},"n":2,"tools":[{"a":[1.5e3,null]}],"temperature":-0.7} "#;
        assert!(is_scanned(usual));
        assert!(is_scanned(r#"{"messages":[],"model":null}"#));
        for unusual in [
            r#"{"model":"a","model":"b","messages":[{}]}"#,
            r#"{"mod\u0065l":"a","messages":[{}]}"#,
            r#"{"model":"a","messages":"none"}"#,
            r#"{"model":"a","messages":[{},7]}"#,
            r#"{"model":"a","messages":[{}]}x"#,
            r#"{"model":"a","messages":[{}],"n":01}"#,
            r#"["a"]"#,
            "{",
        ] {
            assert!(!is_scanned(unusual), "{unusual}");
        }
        for cut in 0..usual.len() {
            is_scanned(&usual[..cut]);
            is_scanned(&format!("{}{}", &usual[..cut], &usual[cut + 1..]));
        }
    }
}
