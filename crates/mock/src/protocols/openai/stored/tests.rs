//! The protocol, from a path to a body.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::plan::RawContent;

const ALL: &str = "/v1/chat/completions";

fn read(method: &Method, target: &str, body: &Value) -> Result<Facts, Error> {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    Stored.read(method, path, query, body)
}

/// The status and the body of an answer.
fn ask(shelf: &mut Shelf, method: &Method, target: &str, body: &Value) -> (u16, Value) {
    let facts = read(method, target, body).unwrap();
    let refused = Stored.check(&facts).into_iter().next().map(|found| found.to_error("openai"));
    let content = refused.map_or_else(|| Stored.recall(&facts, shelf).unwrap(), Content::Refusal);
    match content {
        Content::Raw(RawContent { status, body, .. }) => (status, serde_json::from_slice(&body).unwrap()),
        Content::Refusal(error) => {
            let status = error.upstream_status().unwrap();
            let told: Value = serde_json::from_slice(&OpenAi.error_body(&error, status, "req_1")).unwrap();
            (status, told["error"]["message"].clone())
        }
        other => panic!("{other:?}"),
    }
}

fn get(shelf: &mut Shelf, target: &str) -> (u16, Value) {
    ask(shelf, &Method::GET, target, &Value::Null)
}

/// Three answers, the second of another model and for another job.
fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    for (id, model, job) in [("a", "gpt-4o", "day"), ("b", "gpt-5", "night"), ("c", "gpt-4o", "day")] {
        let messages = json!([{"role": "user", "content": format!("I am {id}")}]);
        let body = json!({"messages": messages, "metadata": {"job": job}});
        let facts = Facts::kept(ANSWERED, KeptQuery::Delete(String::new()), body.to_string().into());
        let answer = json!({"id": id, "model": model, "metadata": {"job": job}});
        shelf.put(Kept { id: id.to_owned(), answer, facts: Arc::new(facts), course: None, bytes: 1 });
    }
    shelf
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().filter_map(|item| item["id"].as_str()).collect()
}

#[test]
fn paths_are_claimed_however_base_urls_are_formed() {
    for path in
        ["/chat/completions", "/v1/chat/completions/chatcmpl-1", "/openai/v1/chat/completions/x/messages"]
    {
        assert!(Stored.claims(path), "{path}");
    }
    for path in [
        "/v1/chat",
        "/v1/chat/completionsx",
        "/v1/chat/completions/",
        "/v1/chat/completions/x/y",
        "/v1/chat/completions/x/messages/1",
    ] {
        assert!(!Stored.claims(path), "{path}");
    }
}

#[test]
fn lists_come_in_order_in_parts_and_by_what_is_asked() {
    let shelf = &mut shelf();
    for (query, expected, has_more) in [
        ("", vec!["a", "b", "c"], false),
        ("?order=desc", vec!["c", "b", "a"], false),
        ("?limit=2", vec!["a", "b"], true),
        ("?limit=2&after=b", vec!["c"], false),
        ("?after=nobody", vec![], false),
        ("?limit=0", vec![], true),
        ("?model=gpt-4o&metadata%5Bjob%5D=day", vec!["a", "c"], false),
        ("?metadata[job]=night", vec!["b"], false),
    ] {
        let (status, page) = get(shelf, &format!("{ALL}{query}"));
        assert_eq!((status, ids(&page), &page["has_more"]), (200, expected, &json!(has_more)), "{query}");
    }
}

#[test]
fn one_can_be_read_changed_and_deleted() {
    let shelf = &mut shelf();
    let one = format!("{ALL}/b");
    assert_eq!(get(shelf, &one).1["model"], "gpt-5");
    let changed = ask(shelf, &Method::POST, &one, &json!({"metadata": {"job": "noon"}}));
    assert_eq!((changed.0, &changed.1["metadata"]), (200, &json!({"job": "noon"})));
    assert_eq!(get(shelf, &one).1["metadata"]["job"], "noon");
    let deleted = ask(shelf, &Method::DELETE, &one, &Value::Null).1;
    assert_eq!(deleted, json!({"object": "chat.completion.deleted", "id": "b", "deleted": true}));
    assert_eq!(get(shelf, &one), (404, json!("Chat completion with id 'b' not found.")));
}

#[test]
fn messages_are_told_of_what_was_asked() {
    let (status, page) = get(&mut shelf(), &format!("{ALL}/a/messages"));
    assert_eq!((status, ids(&page)), (200, vec!["a-0"]));
    assert_eq!(page["data"][0]["content"], "I am a");
}

#[test]
fn bad_questions_are_refused() {
    let shelf = &mut shelf();
    let order = "Invalid value: 'up'. Supported values are: 'asc' and 'desc'.";
    assert_eq!(get(shelf, &format!("{ALL}?order=up")), (400, json!(order)));
    let limit = "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.";
    assert_eq!(get(shelf, &format!("{ALL}?limit=101")), (400, json!(limit)));
    let text = "Invalid type for 'limit': expected an integer, but got a string instead.";
    assert_eq!(get(shelf, &format!("{ALL}/a/messages?limit=many")), (400, json!(text)));
    let missing = ask(shelf, &Method::POST, &format!("{ALL}/a"), &json!({}));
    assert_eq!(missing, (400, json!("Missing required parameter: 'metadata'.")));
    let unreadable = read(&Method::POST, &format!("{ALL}/a"), &json!("metadata")).unwrap_err();
    assert!(unreadable.message.starts_with("We could not parse the JSON body"), "{unreadable}");
    let wrong = read(&Method::DELETE, ALL, &Value::Null).unwrap_err();
    assert_eq!(wrong.message, "Invalid method for URL (DELETE /v1/chat/completions)");
}

#[test]
fn the_placeholder_of_client_suites_is_there() {
    let shelf = &mut Shelf::default();
    let one = format!("{ALL}/completion_id");
    assert_eq!(get(shelf, &one).1["object"], "chat.completion");
    assert_eq!(get(shelf, &format!("{one}/messages")).1["data"], json!([]));
    assert_eq!(ask(shelf, &Method::DELETE, &one, &Value::Null).1["deleted"], true);
    assert_eq!(get(shelf, &format!("{ALL}/another")).0, 404);
}
