//! Items of reasoning: what of it can be read, and the cipher text that seals it.

use playhouse_llm::{Extra, Part};
use serde_json::{Value, json};

/// What the items are called.
pub(super) const KIND: &str = "reasoning";
/// The name of what holds the reasoning that can be read.
pub(super) const FIELD: &str = "reasoning.summary";
/// The member that seals it.
const SEAL: &str = "encrypted_content";
/// What stands between two pieces of a summary.
pub(super) const BETWEEN: &str = "\n\n";

/// Reads an item.
pub(super) fn read(item: &Extra) -> Part {
    Part::Reasoning { text: text_of(item), field: FIELD.to_owned(), extra: seal_of(item).unwrap_or_default() }
}

/// What of an item can be read: its summary, or else the reasoning itself where a vendor shows that.
fn text_of(item: &Extra) -> String {
    let texts = |key: &str| -> Vec<&str> {
        let pieces = item.get(key).and_then(Value::as_array).into_iter().flatten();
        pieces.filter_map(|piece| piece.get("text")?.as_str()).collect()
    };
    texts("summary").join(BETWEEN) + &texts("content").concat()
}

/// What an item is sealed with, where it is: all of it, for it goes back as it came.
pub(super) fn seal_of(item: &Extra) -> Option<Extra> {
    item.get(SEAL)?.as_str().filter(|sealed| !sealed.is_empty())?;
    let told = |key: &&String| !matches!(key.as_str(), "type" | "status");
    Some(item.iter().filter(|(key, _)| told(key)).map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Writes an item that goes back to the vendor: only what is sealed does, and only what OpenAI sealed.
pub(super) fn write_sealed(field: &str, seal: &Extra) -> Option<Value> {
    if field != FIELD || !seal.contains_key(SEAL) {
        return None;
    }
    let mut item = json!({ "type": KIND, "summary": [] });
    if let Value::Object(fields) = &mut item {
        fields.extend(seal.clone());
    }
    Some(item)
}
