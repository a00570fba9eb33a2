//! Chat answers that OpenAI keeps (`store`): as they are told later, alone, in lists, by message.

use serde_json::{Map, Value, json};

/// Members of a request that are told with its kept answer, null where it has none.
const TOLD_OF_REQUEST: [&str; 8] = [
    "tool_choice",
    "tools",
    "response_format",
    "seed",
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
];

/// Whether a request asks that its answer be kept.
pub fn is_wanted(request: &Value) -> bool {
    request.get("store") == Some(&Value::Bool(true))
}

/// An answer as it is kept, with its id; `None` where it has none.
///
/// ```
/// use serde_json::json;
///
/// let request = json!({"store": true, "metadata": {"job": "nightly"}});
/// let answer = br#"{"id": "chatcmpl-1", "object": "chat.completion"}"#;
/// let (id, kept) = playhouse_wire::openai::stored::keep(answer, &request).unwrap();
/// assert_eq!((id.as_str(), &kept["metadata"]["job"]), ("chatcmpl-1", &json!("nightly")));
/// ```
pub fn keep(answer: &[u8], request: &Value) -> Option<(String, Value)> {
    let mut kept: Map<String, Value> = serde_json::from_slice(answer).ok()?;
    let id = kept.get("id")?.as_str()?.to_owned();
    for name in TOLD_OF_REQUEST {
        kept.insert(name.to_owned(), request.get(name).cloned().unwrap_or_default());
    }
    let mut kept = Value::Object(kept);
    set_metadata(&mut kept, request.get("metadata"));
    Some((id, kept))
}

/// Gives a kept answer these metadata; null takes them away.
pub fn set_metadata(kept: &mut Value, metadata: Option<&Value>) {
    let metadata = metadata.filter(|metadata| metadata.is_object()).cloned();
    if let Some(members) = kept.as_object_mut() {
        members.insert("metadata".to_owned(), metadata.unwrap_or_else(|| json!({})));
    }
}

/// Whether a kept answer has this entry in its metadata.
pub fn has_metadata(kept: &Value, name: &str, value: &str) -> bool {
    kept.get("metadata").and_then(|metadata| metadata.get(name)?.as_str()) == Some(value)
}

/// Whether a kept answer is of this model.
pub fn is_of_model(kept: &Value, model: &str) -> bool {
    kept.get("model").and_then(Value::as_str) == Some(model)
}

/// The messages of a request, as they are told of its kept answer.
///
/// <https://platform.openai.com/docs/api-reference/chat/getMessages>
pub fn messages(id: &str, request: &Value) -> Vec<Value> {
    let messages = request.get("messages").and_then(Value::as_array);
    messages.into_iter().flatten().enumerate().map(|(at, message)| told(id, at, message)).collect()
}

fn told(id: &str, at: usize, message: &Value) -> Value {
    let mut told = message.as_object().cloned().unwrap_or_default();
    let parts = told.get("content").filter(|content| content.is_array()).cloned();
    told.insert("id".to_owned(), format!("{id}-{at}").into());
    if parts.is_some() {
        told.insert("content".to_owned(), Value::Null);
    }
    told.insert("content_parts".to_owned(), parts.unwrap_or(Value::Null));
    told.entry("name").or_insert(Value::Null);
    told.entry("refusal").or_insert(Value::Null);
    Value::Object(told)
}

/// A page of a list.
pub fn encode_page(items: &[Value], has_more: bool) -> Vec<u8> {
    let id = |item: Option<&Value>| item.and_then(|item| item.get("id")).cloned();
    let page = json!({
        "object": "list",
        "data": items,
        "first_id": id(items.first()),
        "last_id": id(items.last()),
        "has_more": has_more,
    });
    page.to_string().into_bytes()
}

/// What is answered when a kept answer has been deleted.
///
/// <https://platform.openai.com/docs/api-reference/chat/delete>
pub fn encode_deleted(id: &str) -> Vec<u8> {
    json!({ "object": "chat.completion.deleted", "id": id, "deleted": true }).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_an_id_cannot_be_kept() {
        assert_eq!(keep(b"{}", &json!({})), None);
        assert_eq!(keep(b"[", &json!({})), None);
    }

    #[test]
    fn what_was_asked_is_told_beside_the_answer() {
        let request = json!({"temperature": 0.5, "metadata": null, "messages": []});
        let (_, kept) = keep(br#"{"id": "chatcmpl-1", "model": "gpt-4o"}"#, &request).unwrap();
        assert_eq!(
            (&kept["temperature"], &kept["seed"], &kept["metadata"]),
            (&json!(0.5), &Value::Null, &json!({}))
        );
        assert!(is_of_model(&kept, "gpt-4o") && !is_of_model(&kept, "gpt-4"));
        assert!(!has_metadata(&kept, "job", "nightly"));
    }

    #[test]
    fn messages_have_ids_and_their_parts_apart() {
        let parts = json!([{"type": "text", "text": "Hi"}]);
        let request = json!({"messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": parts, "name": "ann"},
        ]});
        let told = messages("chatcmpl-1", &request);
        let expected = json!([
            {"role": "system", "content": "Be brief.", "id": "chatcmpl-1-0", "content_parts": null, "name": null, "refusal": null},
            {"role": "user", "content": null, "name": "ann", "id": "chatcmpl-1-1", "content_parts": parts, "refusal": null},
        ]);
        assert_eq!(Value::from(told), expected);
    }

    #[test]
    fn an_empty_page_has_no_first_and_no_last() {
        let page: Value = serde_json::from_slice(&encode_page(&[], false)).unwrap();
        let expected =
            json!({"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false});
        assert_eq!(page, expected);
    }
}
