//! Token counts.

use playhouse_llm::{Extra, Usage};
use serde_json::Value;

use crate::fields::{Writing, carried_object, leave_rest, take_exact, take_object, take_u64};
use crate::scan::{Scan, once};

const OF_INPUT: &str = "input_tokens_details";
const OF_OUTPUT: &str = "output_tokens_details";

/// Takes the token counts of an answer.
pub(super) fn take_usage(fields: &mut Extra) -> Option<Usage> {
    take_exact(fields, "usage", read_usage, write_usage)
}

/// Reads a usage object; `None` where it counts nothing.
pub(super) fn read_usage(value: &Value) -> Option<Usage> {
    let mut extra = value.as_object()?.clone();
    let input = take_u64(&mut extra, "input_tokens");
    let output = take_u64(&mut extra, "output_tokens");
    let total = take_u64(&mut extra, "total_tokens");
    input.or(output).or(total)?;
    let counts = Usage::new(input.unwrap_or_default(), output.unwrap_or_default());
    let [cached, written] = take_details(&mut extra, OF_INPUT, ["cached_tokens", "cache_write_tokens"]);
    let [reasoning] = take_details(&mut extra, OF_OUTPUT, ["reasoning_tokens"]);
    Some(Usage {
        total_tokens: total.unwrap_or(counts.total_tokens),
        cached_tokens: cached,
        cache_write_tokens: written,
        reasoning_tokens: reasoning,
        extra,
        ..counts
    })
}

/// Takes the counts of a usage object that is written as usual.
pub(super) fn scan_usage(scan: &mut Scan<'_>) -> Option<Option<Usage>> {
    if scan.null() {
        return Some(None);
    }
    let (mut input, mut output, mut total, mut of_input, mut of_output) = (None, None, None, None, None);
    scan.object(|scan, key| match key {
        "input_tokens" => once(&mut input, scan.count_or_null()?),
        "output_tokens" => once(&mut output, scan.count_or_null()?),
        "total_tokens" => once(&mut total, scan.count_or_null()?),
        OF_INPUT => once(&mut of_input, scan.counts(["cached_tokens", "cache_write_tokens"])?),
        OF_OUTPUT => once(&mut of_output, scan.counts(["reasoning_tokens"])?),
        _ => scan.skip(),
    })?;
    let (input, output, total) = (input.flatten(), output.flatten(), total.flatten());
    let [cached_tokens, cache_write_tokens] = of_input.unwrap_or_default();
    let [reasoning_tokens] = of_output.unwrap_or_default();
    let counts = Usage::new(input.unwrap_or_default(), output.unwrap_or_default());
    let total_tokens = total.unwrap_or(counts.total_tokens);
    let usage = Usage { total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, ..counts };
    Some(input.or(output).or(total).map(|_| usage))
}

/// Writes a usage object.
pub(super) fn write_usage(usage: &Usage) -> Value {
    let mut out = Writing::new(&usage.extra);
    out.set("input_tokens", usage.prompt_tokens);
    let of_input = [("cached_tokens", usage.cached_tokens), ("cache_write_tokens", usage.cache_write_tokens)];
    set_details(&mut out, &usage.extra, OF_INPUT, &of_input);
    out.set("output_tokens", usage.completion_tokens);
    set_details(&mut out, &usage.extra, OF_OUTPUT, &[("reasoning_tokens", usage.reasoning_tokens)]);
    out.set("total_tokens", usage.total_tokens);
    Value::Object(out.done())
}

/// Writes a usage object with the details that OpenAI's clients expect always.
pub(super) fn write_whole_usage(usage: &Usage) -> Value {
    let detailed = Usage {
        cached_tokens: usage.cached_tokens.or(Some(0)),
        reasoning_tokens: usage.reasoning_tokens.or(Some(0)),
        ..usage.clone()
    };
    write_usage(&detailed)
}

/// The same, written.
pub(super) fn whole_usage_json(usage: &Usage) -> String {
    if !usage.extra.is_empty() {
        return write_whole_usage(usage).to_string();
    }
    let written = usage.cache_write_tokens.map(|count| format!(r#","cache_write_tokens":{count}"#));
    format!(
        r#"{{"input_tokens":{},"{OF_INPUT}":{{"cached_tokens":{}{}}},"output_tokens":{},"{OF_OUTPUT}":{{"reasoning_tokens":{}}},"total_tokens":{}}}"#,
        usage.prompt_tokens,
        usage.cached_tokens.unwrap_or_default(),
        written.unwrap_or_default(),
        usage.completion_tokens,
        usage.reasoning_tokens.unwrap_or_default(),
        usage.total_tokens,
    )
}

/// Takes counts out of an object within; what else it holds is left.
fn take_details<const N: usize>(extra: &mut Extra, place: &str, keys: [&str; N]) -> [Option<u64>; N] {
    let Some(mut details) = take_object(extra, place) else { return [None; N] };
    let counts = keys.map(|key| take_u64(&mut details, key));
    if counts.iter().all(Option::is_none) {
        extra.insert(place.to_owned(), Value::Object(details));
    } else {
        leave_rest(extra, place, details);
    }
    counts
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_as_they_are_made() {
        let usage = Usage { cached_tokens: Some(2), reasoning_tokens: Some(3), ..Usage::new(5, 7) };
        let carrying = Usage { extra: Extra::from_iter([("x".to_owned(), 1.into())]), ..usage.clone() };
        let writing = Usage { cache_write_tokens: Some(4), ..usage.clone() };
        for usage in [Usage::default(), usage, carrying, writing] {
            assert_eq!(whole_usage_json(&usage), write_whole_usage(&usage).to_string());
        }
    }
}
