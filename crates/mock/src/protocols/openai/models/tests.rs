//! The protocol, from a path to a body.

use std::sync::Arc;

use playhouse_wire::openai::models::{ModelList, decode_one};
use serde_json::{Value, json};

use super::*;

fn read(method: Method, path: &str) -> Facts {
    Models.read(&method, path, None, Bytes::new()).unwrap()
}

fn query(method: Method, path: &str) -> ModelsQuery {
    match read(method, path).asked {
        Asked::Models(query) => query,
        other => panic!("{other:?}"),
    }
}

/// What is answered without a script, where nothing is refused.
fn answer(method: Method, path: &str) -> Bytes {
    let facts = read(method, path);
    assert_eq!(Models.check(&facts), [], "{path}");
    let envelope = Envelope { id: Arc::from("1"), created: 0, model: Arc::from(""), include_usage: false };
    Models.write(&Models.unscripted(&facts), &facts, &envelope).unwrap().bytes
}

/// The status and the body of a refusal.
fn refusal(method: Method, path: &str) -> (u16, Value) {
    let [violation] = Models.check(&read(method, path)).try_into().unwrap();
    let error = violation.to_error("openai");
    let body = OpenAi.error_body(&error, violation.status, "req_1");
    (violation.status, serde_json::from_slice(&body).unwrap())
}

#[test]
fn paths_are_claimed_however_base_urls_are_formed() {
    for path in
        ["/models", "/v1/models", "/openai/v1/models", "/v1/models/gpt-4o", "/v1/models/ft:gpt-4o:acme::x"]
    {
        assert!(Models.claims(path), "{path}");
    }
    for path in ["/v1/chat/completions", "/v1/embeddings", "/", "", "/v1/modelsx", "models"] {
        assert!(!Models.claims(path), "{path}");
    }
}

#[test]
fn ids_are_found_in_paths() {
    let one = |path| query(Method::GET, path);
    let named = |id: &str| ModelsQuery::One(id.to_owned());
    assert_eq!(one("/v1/models"), ModelsQuery::List(Page::default()));
    assert_eq!(one("/v1/models/"), ModelsQuery::List(Page::default()));
    assert_eq!(one("/v1/models/gpt-4o"), named("gpt-4o"));
    assert_eq!(one("/v1/models/ft%3Agpt-4o%3Aacme%3A%3Ax"), named("ft:gpt-4o:acme::x"));
    assert_eq!(one("/v1/models/meta%2Fllama"), named("meta/llama"));
    assert_eq!(one("/v1/models/accounts/fireworks/models/llama"), named("accounts/fireworks/models/llama"));
    assert_eq!(query(Method::DELETE, "/models/ft:x"), ModelsQuery::Delete("ft:x".to_owned()));
}

#[test]
fn models_are_listed_and_found_one_by_one() {
    let list = ModelList::decode(&answer(Method::GET, "/v1/models")).unwrap();
    assert!(list.models.len() > 10);
    for model in list.models {
        let one = decode_one(&answer(Method::GET, &format!("/v1/models/{}", model.info.id))).unwrap();
        assert_eq!(one, model.info);
    }
}

#[test]
fn fine_tuned_models_can_be_read_and_deleted() {
    let path = "/v1/models/ft:gpt-4o-mini:acme::7p4lURel";
    let one = decode_one(&answer(Method::GET, path)).unwrap();
    assert_eq!((&*one.id, &*one.owned_by), ("ft:gpt-4o-mini:acme::7p4lURel", "acme"));
    let deleted: Value = serde_json::from_slice(&answer(Method::DELETE, path)).unwrap();
    assert_eq!(deleted, json!({ "id": one.id, "object": "model", "deleted": true }));
}

#[test]
fn unknown_models_are_refused_as_recorded() {
    let error = json!({ "error": {
        "message": "The model 'ft:123' does not exist",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    } });
    assert_eq!(refusal(Method::DELETE, "/v1/models/ft:123"), (404, error.clone()));
    assert_eq!(refusal(Method::GET, "/v1/models/ft:123"), (404, error));
}

#[test]
fn models_of_the_vendor_cannot_be_deleted() {
    let (status, body) = refusal(Method::DELETE, "/v1/models/gpt-4o");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("You have insufficient permissions for this operation."), "{message}");
    assert_eq!((status, &body["error"]["code"], &body["error"]["param"]), (403, &Value::Null, &Value::Null));
    assert_eq!(body["error"]["type"], "invalid_request_error");
}

#[test]
fn the_list_cannot_be_deleted() {
    let error = Models.read(&Method::DELETE, "/v1/models", None, Bytes::new()).unwrap_err();
    assert_eq!(error.upstream_status(), Some(405));
    assert_eq!(error.message, "Invalid method for URL (DELETE /v1/models)");
}

#[test]
fn another_protocols_reply_is_refused() {
    let facts = read(Method::GET, "/v1/models");
    let envelope = Envelope { id: Arc::from("1"), created: 0, model: Arc::from(""), include_usage: false };
    let error = Models.write(&Content::Chat(Vec::new().into()), &facts, &envelope).unwrap_err();
    assert!(error.message.contains("`raw`"), "{error}");
}
