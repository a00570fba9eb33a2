//! Token counts.

use playhouse_llm::{Extra, Usage};
use serde_json::Value;

use super::fields::{Writing, carried_object, leave_rest, take_exact, take_object, take_u64};

/// Where vendors put the count of cached tokens who do not put it into the prompt's details.
const CACHED_ELSEWHERE: [&str; 3] = ["cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens"];

/// Takes the token counts of an answer or chunk.
///
/// Groq repeats them under `x_groq`, and sends them only there when nobody asked.
pub(super) fn take_usage(fields: &mut Extra) -> Option<Usage> {
    if groq_usage(fields).is_some() {
        return fields.get("usage").and_then(read_usage).or_else(|| groq_usage(fields));
    }
    take_exact(fields, "usage", read_usage, write_usage)
}

/// Writes the token counts of an answer or chunk.
pub(super) fn set_usage(out: &mut Writing<'_>, extra: &Extra, usage: Option<&Usage>) {
    let has_own = extra.get("usage").and_then(read_usage).is_some();
    if !has_own && usage.is_some() && groq_usage(extra).as_ref() == usage {
        return;
    }
    out.set_kept("usage", usage, read_usage, write_usage);
}

fn groq_usage(fields: &Extra) -> Option<Usage> {
    read_usage(fields.get("x_groq")?.get("usage")?)
}

/// Reads a usage object; `None` where it counts nothing.
pub(super) fn read_usage(value: &Value) -> Option<Usage> {
    let mut extra = value.as_object()?.clone();
    let prompt_tokens = take_count(&mut extra, "prompt_tokens");
    let completion_tokens = take_count(&mut extra, "completion_tokens");
    let total_tokens = take_count(&mut extra, "total_tokens");
    prompt_tokens.or(completion_tokens).or(total_tokens)?;
    let counts = Usage::new(prompt_tokens.unwrap_or(0), completion_tokens.unwrap_or(0));
    let cached = take_detail(&mut extra, "prompt_tokens_details", "cached_tokens");
    let written = take_detail(&mut extra, "prompt_tokens_details", "cache_write_tokens");
    let reasoning = take_detail(&mut extra, "completion_tokens_details", "reasoning_tokens");
    let elsewhere = |key: &str| extra.get(key).and_then(Value::as_u64);
    Some(Usage {
        total_tokens: total_tokens.unwrap_or(counts.total_tokens),
        cached_tokens: cached.or_else(|| CACHED_ELSEWHERE.iter().find_map(|key| elsewhere(key))),
        cache_write_tokens: written.or_else(|| elsewhere("cache_creation_input_tokens")),
        reasoning_tokens: reasoning.or_else(|| elsewhere("reasoning_tokens")),
        extra,
        ..counts
    })
}

/// Writes a usage object.
pub(super) fn write_usage(usage: &Usage) -> Value {
    let mut out = Writing::new(&usage.extra);
    out.set("prompt_tokens", usage.prompt_tokens);
    out.set("completion_tokens", usage.completion_tokens);
    out.set("total_tokens", usage.total_tokens);
    let prompt = [("cached_tokens", usage.cached_tokens), ("cache_write_tokens", usage.cache_write_tokens)];
    set_details(&mut out, &usage.extra, "prompt_tokens_details", &prompt);
    let completion = [("reasoning_tokens", usage.reasoning_tokens)];
    set_details(&mut out, &usage.extra, "completion_tokens_details", &completion);
    Value::Object(out.done())
}

/// A count, also where it came as a decimal.
fn take_count(extra: &mut Extra, key: &str) -> Option<u64> {
    take_u64(extra, key).or_else(|| {
        let count = extra.get(key)?.as_f64()?;
        let is_whole = count >= 0.0 && count.fract() == 0.0 && count < 9e15;
        is_whole.then_some(count as u64)
    })
}

fn take_detail(extra: &mut Extra, place: &str, key: &str) -> Option<u64> {
    let mut details = take_object(extra, place)?;
    let was_empty = details.is_empty();
    let count = take_u64(&mut details, key);
    if was_empty || count.is_none() {
        extra.insert(place.to_owned(), Value::Object(details));
    } else {
        leave_rest(extra, place, details);
    }
    count
}

fn set_details(
    out: &mut Writing<'_>,
    extra: &Extra,
    place: &'static str,
    counts: &[(&'static str, Option<u64>)],
) {
    if counts.iter().all(|(_, count)| count.is_none()) {
        return;
    }
    let rest = carried_object(extra, place);
    let mut details = Writing::new(&rest);
    counts.iter().for_each(|(key, count)| details.set_some(key, *count));
    out.set(place, details.done());
}
