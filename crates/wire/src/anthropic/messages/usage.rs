//! Token counts. Anthropic counts what is read from its cache, and written to it, beside the input.

use playhouse_llm::{Extra, Usage};
use serde_json::Value;

use crate::fields::{Writing, take_u64};
use crate::scan::Scan;

/// Reads a usage object; `None` where it counts nothing. What is counted in a stream holds for all of it.
pub(super) fn read_usage(value: &Value) -> Option<Usage> {
    let mut extra = value.as_object()?.clone();
    let input = take_u64(&mut extra, "input_tokens");
    let output = take_u64(&mut extra, "output_tokens");
    input.or(output)?;
    let cached = take_u64(&mut extra, "cache_read_input_tokens");
    let written = take_u64(&mut extra, "cache_creation_input_tokens");
    Some(Usage { extra, ..counted(input, output, cached, written) })
}

/// Takes the counts of a usage object that is written as usual.
pub(super) fn scan_usage(scan: &mut Scan<'_>) -> Option<Option<Usage>> {
    if scan.null() {
        return Some(None);
    }
    let [input, output, cached, written] = scan.counts([
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
    ])?;
    Some(input.or(output).map(|_| counted(input, output, cached, written)))
}

fn counted(input: Option<u64>, output: Option<u64>, cached: Option<u64>, written: Option<u64>) -> Usage {
    let prompt = [input, cached, written].into_iter().flatten().fold(0, u64::saturating_add);
    let usage = Usage::new(prompt, output.unwrap_or_default());
    Usage { cached_tokens: cached, cache_write_tokens: written, ..usage }
}

/// Writes a usage object.
pub(super) fn write_usage(usage: &Usage) -> Value {
    let mut out = Writing::new(&usage.extra);
    out.set("input_tokens", beside_the_cache(usage));
    out.set_some("cache_creation_input_tokens", usage.cache_write_tokens);
    out.set_some("cache_read_input_tokens", usage.cached_tokens);
    out.set("output_tokens", usage.completion_tokens);
    Value::Object(out.done())
}

/// The same, written.
pub(super) fn usage_json(usage: &Usage) -> String {
    if !usage.extra.is_empty() {
        return write_usage(usage).to_string();
    }
    let mut json = format!(r#"{{"input_tokens":{}"#, beside_the_cache(usage));
    let cached = [("creation", usage.cache_write_tokens), ("read", usage.cached_tokens)];
    for (way, count) in cached {
        if let Some(count) = count {
            json += &format!(r#","cache_{way}_input_tokens":{count}"#);
        }
    }
    json + &format!(r#","output_tokens":{}}}"#, usage.completion_tokens)
}

/// Those of the prompt that Anthropic counts as input.
fn beside_the_cache(usage: &Usage) -> u64 {
    let cached =
        usage.cached_tokens.unwrap_or_default().saturating_add(usage.cache_write_tokens.unwrap_or_default());
    usage.prompt_tokens.saturating_sub(cached)
}

/// Takes the token counts of an answer.
pub(super) fn take_usage(fields: &mut Extra) -> Option<Usage> {
    crate::fields::take_exact(fields, "usage", read_usage, write_usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_as_they_are_made() {
        let carrying = Usage { extra: Extra::from_iter([("x".to_owned(), 1.into())]), ..Usage::new(5, 7) };
        let cached = Usage { cached_tokens: Some(2), ..Usage::new(5, 7) };
        let written = Usage { cache_write_tokens: Some(1), ..cached.clone() };
        for usage in [Usage::default(), Usage::new(5, 7), carrying, cached, written] {
            assert_eq!(usage_json(&usage), write_usage(&usage).to_string());
        }
    }
}
