//! Items: what was asked and answered, to be said again and to be listed.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::super::reasoning;

/// The kinds of items that need no id of their own: a vendor that did not keep them would look for it.
const WITHOUT_ID: [&str; 5] =
    ["message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"];

/// What was asked and answered in an answer that is kept, as the input of one that goes on from it.
///
/// Ids by which the vendor knew its items are left out, for it was to keep none; so is reasoning that is not sealed.
///
/// ```
/// use playhouse_wire::openai::responses::state::said_again;
/// use serde_json::json;
///
/// let response = json!({"output": [{"type": "reasoning", "id": "rs_1", "summary": []},
///     {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": []}]});
/// let said = said_again(&json!([{"role": "user", "content": "Hi"}]), &response);
/// assert_eq!(said[1], json!({"type": "message", "role": "assistant", "content": []}));
/// assert_eq!(said.len(), 2);
/// ```
pub fn said_again(input: &Value, response: &Value) -> Vec<Value> {
    let (asked, answered) = (members(Some(input)), members(response.get("output")));
    asked.chain(answered).filter_map(fit).collect()
}

/// What was asked and answered in an answer that is kept, as a list of its items tells it; of one that is asked
/// for, without the answer.
pub fn listed(answer_id: &str, input: &Value, response: Option<&Value>) -> Vec<Value> {
    let answered = members(response.and_then(|response| response.get("output"))).cloned();
    let asked = members(Some(input)).enumerate().map(|(at, item)| dressed(answer_id, at, item));
    asked.chain(answered).collect()
}

/// The ids of what an answer made.
pub fn made_in(response: &Value) -> impl Iterator<Item = &str> {
    members(response.get("output")).filter_map(|item| item.get("id")?.as_str())
}

/// The ids of items that an input only names.
pub fn referenced(input: &[Value]) -> impl Iterator<Item = &str> {
    input.iter().filter_map(reference)
}

/// An input with the items that it only names, as these answers made them.
///
/// # Errors
/// The id of an item that none of them made.
pub fn resolved(input: &[Value], responses: &[Value]) -> Result<Vec<Value>, String> {
    let all = responses.iter().flat_map(|response| members(response.get("output")));
    let made: HashMap<&str, &Value> =
        all.filter_map(|item| Some((item.get("id")?.as_str()?, item))).collect();
    let resolve = |item: &Value| match reference(item) {
        None => Ok(item.clone()),
        Some(id) => made.get(id).map(|item| (*item).clone()).ok_or_else(|| id.to_owned()),
    };
    input.iter().map(resolve).collect()
}

/// What is told when an answer that was kept has been deleted.
///
/// <https://platform.openai.com/docs/api-reference/responses/delete>
pub fn encode_deleted(id: &str) -> Value {
    json!({ "id": id, "object": "response", "deleted": true })
}

fn members(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}

fn kind_of(item: &Map<String, Value>) -> &str {
    item.get("type").and_then(Value::as_str).unwrap_or("message")
}

fn reference(item: &Value) -> Option<&str> {
    let fields = item.as_object()?;
    let is_reference = match fields.get("type").and_then(Value::as_str) {
        Some(kind) => kind == "item_reference",
        None => !fields.contains_key("role"),
    };
    fields.get("id")?.as_str().filter(|_| is_reference)
}

/// An item as a vendor takes it that has kept nothing; `None` for one that says nothing without that.
pub(super) fn fit(item: &Value) -> Option<Value> {
    let Some(fields) = item.as_object() else { return Some(item.clone()) };
    let kind = kind_of(fields);
    if kind == reasoning::KIND && reasoning::seal_of(fields).is_none() {
        return None;
    }
    let mut fields = fields.clone();
    if WITHOUT_ID.contains(&kind_of(&fields)) {
        fields.retain(|name, _| name != "id" && name != "status");
    }
    Some(Value::Object(fields))
}

/// An item of an input with what a list tells of every item.
fn dressed(answer_id: &str, at: usize, item: &Value) -> Value {
    let Some(mut fields) = item.as_object().cloned() else { return item.clone() };
    let kind = kind_of(&fields).to_owned();
    let tail = answer_id.strip_prefix("resp_").unwrap_or(answer_id);
    fields.entry("type").or_insert_with(|| kind.as_str().into());
    fields.entry("id").or_insert_with(|| format!("{}_{tail}{at:04x}", prefix_of(&kind)).into());
    if kind == "message" {
        fields.entry("status").or_insert_with(|| "completed".into());
        spread_content(&mut fields);
    }
    Value::Object(fields)
}

/// A message's text as the part that it is short for.
fn spread_content(fields: &mut Map<String, Value>) {
    let is_answer = fields.get("role").and_then(Value::as_str) == Some("assistant");
    let Some(Value::String(text)) = fields.get("content") else { return };
    let part = match is_answer {
        true => json!({ "type": "output_text", "text": text, "annotations": [] }),
        false => json!({ "type": "input_text", "text": text }),
    };
    fields.insert("content".to_owned(), json!([part]));
}

fn prefix_of(kind: &str) -> &str {
    match kind {
        "message" => "msg",
        "function_call" => "fc",
        "function_call_output" => "fco",
        "custom_tool_call" => "ctc",
        "custom_tool_call_output" => "ctco",
        "reasoning" => "rs",
        _ => "item",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_vendor_would_look_for_is_not_said_again() {
        let call = json!({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}", "status": "completed"});
        let sealed = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"});
        let search = json!({"type": "web_search_call", "id": "ws_1", "status": "completed"});
        let response = json!({"output": [call, sealed, search]});
        let told = said_again(&json!(["odd"]), &response);
        let bare = json!({"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"});
        assert_eq!(told, [json!("odd"), bare, sealed, search]);
    }

    #[test]
    fn what_is_only_named_is_put_in_its_place() {
        let call = json!({"type": "function_call", "id": "fc_1", "call_id": "c1"});
        let said = json!({"type": "message", "id": "msg_1", "role": "assistant", "content": []});
        let responses = [json!({"output": [said]}), json!({"output": [call, {"no": "id"}]})];
        let own = json!({"role": "user", "content": "Hi"});
        let input = [
            json!({"type": "item_reference", "id": "fc_1"}),
            own.clone(),
            json!({"id": "msg_1"}),
            said.clone(),
        ];
        assert_eq!(referenced(&input).collect::<Vec<_>>(), ["fc_1", "msg_1"]);
        assert_eq!(resolved(&input, &responses).unwrap(), [call, own, said.clone(), said]);
        assert_eq!(resolved(&input, &responses[..1]).unwrap_err(), "fc_1");
        assert_eq!(made_in(&responses[1]).collect::<Vec<_>>(), ["fc_1"]);
    }

    #[test]
    fn every_item_of_a_list_has_a_type_and_an_id_that_stays() {
        let input = json!([
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"type": "function_call_output", "call_id": "c1", "output": "4"},
            {"type": "message", "role": "user", "id": "msg_own", "status": "completed", "content": []},
        ]);
        let items = listed("resp_0a", &input, Some(&json!({"output": [{"id": "msg_out"}]})));
        let ids: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["msg_0a0000", "msg_0a0001", "fco_0a0002", "msg_own", "msg_out"]);
        let expected = json!({"role": "user", "content": [{"type": "input_text", "text": "Hi"}], "type": "message",
            "id": "msg_0a0000", "status": "completed"});
        assert_eq!(items[0], expected);
        assert_eq!(items[1]["content"][0]["type"], "output_text");
        assert_eq!(listed("resp_0a", &input, None).len(), 4);
    }
}
