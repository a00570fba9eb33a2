//! How long a conversation may be.

use serde_json::Value;

use crate::protocols::anthropic::strict::request::{Request, blocks_of, text};
use crate::protocols::anthropic::strict::rule::Rule;
use crate::tokens::Tokenizer;

pub(super) static RULES: [Rule; 1] = [Rule {
    id: "anthropic-messages/model-window",
    source: "https://platform.claude.com/docs/en/build-with-claude/context-windows",
    takes: &[r#"{"messages": [{"role": "user", "content": {"$words": 9000}}]}"#],
    refuses: &[r#"{"messages": [{"role": "user", "content": {"$words": 210000}}]}"#],
    find: too_long,
}];

/// Anthropic's tokenizer is not public; this counts as the double counts everywhere.
fn too_long(request: &Request<'_>) -> Option<String> {
    let window = request.model?.window_tokens;
    let system = request.get("system").and_then(Value::as_str);
    let of_system = request.items("system").iter().filter_map(|block| text(block, "text"));
    let of_messages = request.messages().iter().flat_map(texts_of);
    let texts: Vec<&str> = system.into_iter().chain(of_system).chain(of_messages).collect();
    // A token is a byte at least, so short texts need no counting.
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    if bytes as u64 <= window {
        return None;
    }
    let tokenizer = Tokenizer::of_model(request.model_name);
    let asked: u64 = texts.iter().map(|text| tokenizer.count(text)).sum();
    (asked > window).then(|| format!("prompt is too long: {asked} tokens > {window} maximum"))
}

fn texts_of(message: &Value) -> impl Iterator<Item = &str> {
    let of_blocks =
        blocks_of(message).filter_map(|(_, block)| text(block, "text").or(text(block, "content")));
    text(message, "content").into_iter().chain(of_blocks)
}
