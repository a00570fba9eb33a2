//! Where a cached prompt may end.

use serde_json::Value;

use crate::protocols::anthropic::strict::request::{Request, blocks_of, is};
use crate::protocols::anthropic::strict::rule::Rule;

const CACHING: &str = "https://platform.claude.com/docs/en/build-with-claude/prompt-caching";

/// How many ends there may be.
const MAX_ENDS: usize = 4;

pub(super) static RULES: [Rule; 2] = [
    Rule {
        id: "anthropic-messages/cache-ends",
        source: CACHING,
        takes: &[
            r#"{"messages": [{"role": "user", "content": [{"$times": 4, "item": {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}}]}]}"#,
        ],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"$times": 5, "item": {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}}]}]}"#,
            r#"{"cache_control": {"type": "ephemeral"}, "system": [{"$times": 4, "item": {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}}]}"#,
        ],
        find: too_many,
    },
    Rule {
        id: "anthropic-messages/cache-order",
        source: CACHING,
        takes: &[
            r#"{"system": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}}], "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]}]}"#,
        ],
        refuses: &[
            r#"{"system": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}], "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}]}"#,
        ],
        find: long_after_short,
    },
];

/// An end, and whether what is before it is kept for an hour.
struct End {
    place: String,
    is_long: bool,
}

/// Every end in the order in which prompts are put together: tools, system prompt, conversation.
fn ends(request: &Request<'_>) -> Vec<End> {
    let of_list = |name: &'static str| {
        let items = request.items(name).iter().enumerate();
        items.filter_map(move |(at, item)| end_of(item, || format!("{name}.{at}")))
    };
    let of_messages = request.blocks().flat_map(|(at, place, block)| {
        let here = move || format!("messages.{at}.content.{place}");
        let within = blocks_of(block).filter(|_| is(block, "tool_result"));
        let within =
            within.filter_map(move |(part, item)| end_of(item, || format!("{}.content.{part}", here())));
        within.chain(end_of(block, here))
    });
    of_list("tools").chain(of_list("system")).chain(of_messages).collect()
}

fn end_of(item: &Value, place: impl Fn() -> String) -> Option<End> {
    let control = item.get("cache_control").filter(|control| control.is_object())?;
    Some(End { place: place(), is_long: control.get("ttl").and_then(Value::as_str) == Some("1h") })
}

fn too_many(request: &Request<'_>) -> Option<String> {
    let found = ends(request).len() + usize::from(request.has("cache_control"));
    (found > MAX_ENDS)
        .then(|| format!("A maximum of {MAX_ENDS} blocks with cache_control may be provided. Found {found}."))
}

fn long_after_short(request: &Request<'_>) -> Option<String> {
    let ends = ends(request);
    let first = ends.iter().position(|end| !end.is_long)?;
    let long = ends[first..].iter().find(|end| end.is_long)?;
    Some(format!(
        "{}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.",
        long.place
    ))
}
