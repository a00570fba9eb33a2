//! A cheap look at answers that only pass through: what an [`Outline`] needs, and no more.

use std::borrow::Cow;
use std::sync::Arc;

use playhouse_llm::{Event, Extra, FinishReason, Outline, Usage};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::chunk::chunk_of;
use super::reply::{decode_reply, finish_of};
use super::shown::Delta;
use super::usage::read_usage;
use crate::json;
use crate::scan::{Scan, once};

/// What was seen of one frame's data.
#[derive(Debug)]
pub(super) struct Glance {
    pub(super) outline: Outline,
    /// Whether it says that the answer failed.
    pub(super) is_error: bool,
}

/// Looks at one chunk. Data that is no JSON object is an error that says so.
pub(super) fn glance_at_chunk(data: &[u8], wants_model: bool) -> Result<Glance, String> {
    match serde_json::from_slice::<ChunkFields<'_>>(data) {
        Ok(fields) if data.trim_ascii_start().starts_with(b"{") => Ok(fields.glance(wants_model)),
        // Something is not where it usually is; decoding knows every way to write it.
        _ => glance_by_decoding(data),
    }
}

/// Outlines a whole answer; `None` if it is no chat completion.
pub(super) fn outline_reply(body: &[u8]) -> Option<Outline> {
    let scanned = str::from_utf8(body).ok().and_then(scan_reply);
    scanned.or_else(|| outline_borrowed(body)).or_else(|| outline_by_decoding(body))
}

/// An answer that is written as nearly all are; what is unusual or wrong is for the other ways.
fn scan_reply(body: &str) -> Option<Outline> {
    let (mut outline, mut scan) = (Outline { has_output: true, ..Outline::default() }, Scan::new(body));
    let (mut model, mut usage, mut choices) = (None, None, None);
    scan.object(|scan, key| match key {
        "model" => once(&mut model, scan.value()?),
        "usage" if scan.null() => once(&mut usage, None),
        "usage" => once(&mut usage, Some(scan_usage(scan)?)),
        "choices" => {
            let mut finishes = Vec::with_capacity(1);
            scan.array(|scan| {
                finishes.push(scan_choice(scan)?);
                Some(())
            })?;
            once(&mut choices, finishes.into_iter().next()?)
        }
        // Who sends this may count tokens there.
        "x_groq" => None,
        _ => scan.skip(),
    })?;
    outline.finish = choices?.and_then(read_finish);
    outline.model = model.and_then(read_name);
    outline.usage = usage.flatten();
    scan.is_at_end().then_some(outline)
}

/// The reason why a whole answer's choice ended, as it is written.
fn scan_choice<'a>(scan: &mut Scan<'a>) -> Option<Option<&'a str>> {
    let (mut message, mut finish) = (None, None);
    scan.object(|scan, key| match key {
        "message" => {
            scan.peek().filter(|first| *first == b'{')?;
            once(&mut message, scan.skip()?)
        }
        "finish_reason" => once(&mut finish, scan.value()?),
        _ => scan.skip(),
    })?;
    message.map(|()| finish)
}

fn outline_borrowed(body: &[u8]) -> Option<Outline> {
    // As text: from bytes, every raw value would be checked to be UTF-8 anew.
    let fields: ReplyFields<'_> = serde_json::from_str(str::from_utf8(body).ok()?).ok()?;
    let mut choices = fields.choices.iter().map(|choice| read_choice(choice));
    let first = choices.next()??;
    choices.all(|choice| choice.is_some()).then_some(())?;
    let groq_usage = || usage_of(fields.x_groq.as_ref()?.usage?);
    Some(Outline {
        has_output: true,
        model: fields.model.map(RawValue::get).and_then(read_name),
        usage: fields.usage.and_then(usage_of).or_else(groq_usage),
        finish: first.finish_reason.map(RawValue::get).and_then(read_finish),
    })
}

fn outline_by_decoding(body: &[u8]) -> Option<Outline> {
    let fields = json::parse_object(body).ok()?;
    let choices = fields.get("choices")?.as_array()?;
    let is_choice = |choice: &Value| choice.get("message").is_some_and(Value::is_object);
    if choices.is_empty() || !choices.iter().all(is_choice) {
        return None;
    }
    let mut outline = Event::reply(decode_reply(body).ok()?).outline().clone();
    outline.model = outline.model.filter(|model| !model.is_empty());
    Some(outline)
}

#[derive(Deserialize)]
struct ChunkFields<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<Vec<ChoiceFields<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    x_groq: Option<GroqFields<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ChoiceFields<'a> {
    delta: Option<Delta>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct GroqFields<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ReplyFields<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Vec<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    x_groq: Option<GroqFields<'a>>,
}

#[derive(Deserialize)]
struct WholeChoice<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
}

impl ChunkFields<'_> {
    fn glance(self, wants_model: bool) -> Glance {
        let choices = self.choices.as_deref().unwrap_or_default();
        let groq_usage = self.x_groq.and_then(|groq| groq.usage);
        let outline = Outline {
            has_output: choices
                .iter()
                .any(|choice| choice.delta.as_ref().is_some_and(|delta| delta.has_output)),
            model: self.model.filter(|_| wants_model).map(RawValue::get).and_then(read_name),
            usage: self.usage.and_then(usage_of).or_else(|| groq_usage.and_then(usage_of)),
            finish: choices
                .iter()
                .find_map(|choice| choice.finish_reason.map(RawValue::get).and_then(read_finish)),
        };
        let is_error = self.error.is_some_and(|error| !matches!(error.get(), "false" | "\"\"" | "{}"))
            || self.object.is_some_and(|object| object.get() == "\"error\"");
        Glance { outline, is_error }
    }
}

fn glance_by_decoding(data: &[u8]) -> Result<Glance, String> {
    let fields = json::parse_object(data)?;
    let is_error = is_error(&fields);
    let mut outline = Event::chunk(chunk_of(fields)).outline().clone();
    outline.model = outline.model.filter(|model| !model.is_empty());
    Ok(Glance { outline, is_error })
}

/// Whether an object says that something failed: `error` says something, or the object is one.
fn is_error(fields: &Extra) -> bool {
    let says_something = |error: &Value| match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    };
    fields.get("error").is_some_and(says_something)
        || fields.get("object").is_some_and(|kind| kind == "error")
}

/// A whole answer's choice, if it is an object with a message that is one.
fn read_choice(raw: &RawValue) -> Option<WholeChoice<'_>> {
    let choice: WholeChoice<'_> = serde_json::from_str(raw.get()).ok()?;
    (is_object(raw) && is_object(choice.message)).then_some(choice)
}

fn is_object(raw: &RawValue) -> bool {
    raw.get().starts_with('{')
}

fn read_string(quoted: &str) -> Option<Cow<'_, str>> {
    match quoted.strip_prefix('"')?.strip_suffix('"') {
        Some(text) if !text.contains('\\') => Some(Cow::Borrowed(text)),
        _ => serde_json::from_str(quoted).map(Cow::Owned).ok(),
    }
}

/// Azure sends its first chunk without a name in the field.
fn read_name(raw: &str) -> Option<Arc<str>> {
    read_string(raw).filter(|name| !name.is_empty()).map(|name| Arc::from(&*name))
}

fn read_finish(raw: &str) -> Option<FinishReason> {
    let name = read_string(raw).filter(|name| !name.is_empty())?;
    Some(finish_of(&name))
}

/// The counts alone: an outline carries nothing else of a usage object.
fn usage_of(raw: &RawValue) -> Option<Usage> {
    let quick: Option<UsageFields> = serde_json::from_str(raw.get()).ok();
    quick
        .and_then(UsageFields::counts)
        .or_else(|| read_usage(&serde_json::from_str(raw.get()).ok()?).as_ref().map(Usage::counts))
}

/// The counts where most vendors put them; what is elsewhere or no whole number is for decoding.
#[derive(Deserialize)]
struct UsageFields {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    cached_tokens: Option<IgnoredAny>,
    prompt_cache_hit_tokens: Option<IgnoredAny>,
    cache_read_input_tokens: Option<IgnoredAny>,
    cache_creation_input_tokens: Option<IgnoredAny>,
    reasoning_tokens: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl UsageFields {
    /// Counts where all that is known is a number; details that are `null` are for parsing.
    fn scan(scan: &mut Scan<'_>) -> Option<Self> {
        let (mut prompt, mut completion, mut total, mut of_prompt, mut of_completion) =
            (None, None, None, None, None);
        scan.object(|scan, key| match key {
            "prompt_tokens" => once(&mut prompt, scan.count()?),
            "completion_tokens" => once(&mut completion, scan.count()?),
            "total_tokens" => once(&mut total, scan.count()?),
            "prompt_tokens_details" => {
                let [cached_tokens, cache_write_tokens] =
                    scan.counts(["cached_tokens", "cache_write_tokens"])?;
                once(&mut of_prompt, PromptDetails { cached_tokens, cache_write_tokens })
            }
            "completion_tokens_details" => {
                let [reasoning_tokens] = scan.counts(["reasoning_tokens"])?;
                once(&mut of_completion, CompletionDetails { reasoning_tokens })
            }
            "cached_tokens"
            | "prompt_cache_hit_tokens"
            | "cache_read_input_tokens"
            | "cache_creation_input_tokens"
            | "reasoning_tokens" => None,
            _ => scan.skip(),
        })?;
        Some(Self {
            prompt_tokens: prompt?,
            completion_tokens: completion?,
            total_tokens: total?,
            prompt_tokens_details: of_prompt,
            completion_tokens_details: of_completion,
            cached_tokens: None,
            prompt_cache_hit_tokens: None,
            cache_read_input_tokens: None,
            cache_creation_input_tokens: None,
            reasoning_tokens: None,
        })
    }

    fn counts(self) -> Option<Usage> {
        let elsewhere = [
            self.cached_tokens,
            self.prompt_cache_hit_tokens,
            self.cache_read_input_tokens,
            self.cache_creation_input_tokens,
            self.reasoning_tokens,
        ];
        if elsewhere.iter().any(Option::is_some) {
            return None;
        }
        let prompt = self.prompt_tokens_details;
        Some(Usage {
            total_tokens: self.total_tokens,
            cached_tokens: prompt.as_ref().and_then(|details| details.cached_tokens),
            cache_write_tokens: prompt.as_ref().and_then(|details| details.cache_write_tokens),
            reasoning_tokens: self.completion_tokens_details.and_then(|details| details.reasoning_tokens),
            ..Usage::new(self.prompt_tokens, self.completion_tokens)
        })
    }
}

/// Takes the counts of a usage object that is written as most vendors do.
pub(super) fn scan_usage(scan: &mut Scan<'_>) -> Option<Usage> {
    UsageFields::scan(scan)?.counts()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is scanned is what is parsed, as it is and with each of its bytes lost or another.
    #[test]
    fn answers_are_scanned_as_they_are_parsed() {
        let usual = r#"{"id":"c","model":"m\u00e4","choices":[{"index":0,"message":{"content":"a\"b"},"finish_reason":"stop"},
            {"message":{}}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"x":1,
            "prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},
            "completion_tokens_details":{"reasoning_tokens":1}},"system_fingerprint":null}"#;
        assert!(scan_reply(usual).is_some_and(|outline| outline.usage.is_some() && outline.model.is_some()));
        for unusual in [
            r#"{"choices":[]}"#,
            r#"{"choices":[{"message":[]}]}"#,
            r#"{"choices":[{"message":{}}],"choices":[]}"#,
            r#"{"choices":[{"message":{}}],"x_groq":{}}"#,
            r#"{"choices":[{"message":{}}],"usage":{"prompt_tokens":1}}"#,
            r#"{"choices":[{"message":{}}]} x"#,
        ] {
            assert_eq!(scan_reply(unusual), None, "{unusual}");
        }
        for (at, change) in (0..usual.len()).flat_map(|at| ["", "0", "\"", "n"].map(|change| (at, change))) {
            let changed = format!("{}{change}{}", &usual[..at], &usual[at + 1..]);
            let scanned = scan_reply(&changed);
            assert!(scanned.is_none() || scanned == outline_borrowed(changed.as_bytes()), "{changed}");
            assert!(scanned.is_none() || scanned == outline_by_decoding(changed.as_bytes()), "{changed}");
        }
    }

    /// Both ways to look at a chunk must see the same.
    fn check(data: &str, is_error: bool) {
        let quick = glance_at_chunk(data.as_bytes(), true).unwrap();
        let thorough = glance_by_decoding(data.as_bytes()).unwrap();
        assert_eq!(quick.outline, thorough.outline, "{data}");
        assert_eq!((quick.is_error, thorough.is_error), (is_error, is_error), "{data}");
    }

    #[test]
    fn a_glance_sees_what_decoding_sees() {
        check(r#"{"model":"m\u00e4","choices":[{"index":0,"delta":{"content":"a\nb"}}]}"#, false);
        check(
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            false,
        );
        check(r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}"#, false);
        check(r#"{"choices":[{"index":0,"delta":{"reasoning":"r"},"finish_reason":""}]}"#, false);
        check(
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"x":2}}"#,
            false,
        );
        check(
            r#"{"choices":[],"x_groq":{"usage":{"prompt_tokens":1,"total_tokens":3}},"usage":null}"#,
            false,
        );
        check(
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"x":1,
                "prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},
                "completion_tokens_details":{"reasoning_tokens":1}}}"#,
            false,
        );
        check(
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,
                "prompt_cache_hit_tokens":4}}"#,
            false,
        );
        check(
            r#"{"choices":[],"usage":{"prompt_tokens":9.0,"completion_tokens":2,"total_tokens":11}}"#,
            false,
        );
        check(r#"{"choices":[{"delta":{"content":[{"type":"text","text":""}]}}],"error":null}"#, false);
        check(r#"{"choices":[{"delta":{"content":null,"audio":{"data":"UklG"}}}]}"#, false);
        check(
            r#"{"choices":[{"delta":{"images":[],"context":{},"token_id":7,"flag":true,"x":1.5}}]}"#,
            false,
        );
        check(r#"{"error":{"message":"no"},"choices":[]}"#, true);
        check(r#"{"object":"error","message":"no"}"#, true);
        check(r#"{"choices":"none","usage":7,"model":5}"#, false);
    }

    #[test]
    fn sound_and_images_are_output_too() {
        let has_output = |delta: &str| {
            let data = format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#);
            glance_at_chunk(data.as_bytes(), false).unwrap().outline.has_output
        };
        assert!(has_output(r#"{"content":null,"audio":{"id":"a","transcript":"Yes"}}"#));
        assert!(has_output(r#"{"content":"","images":[{"type":"image_url"}]}"#));
        assert!(!has_output(r#"{"role":"assistant","content":"","refusal":null,"reasoning_details":[]}"#));
    }

    #[test]
    fn only_chat_completions_are_outlined() {
        let whole = outline_reply(br#"{"choices":[{"message":{},"finish_reason":"stop"}]}"#).unwrap();
        assert_eq!(whole.finish, Some(FinishReason::Stop));
        for body in
            ["{}", "[]", r#"{"choices":[]}"#, r#"{"choices":[{}]}"#, r#"{"choices":[[{}]]}"#, "<html>"]
        {
            assert_eq!(outline_reply(body.as_bytes()), None, "{body}");
        }
    }
}
