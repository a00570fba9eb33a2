//! The protocol, from a path to a body.

use serde_json::Value;

use super::*;

fn read(target: &str) -> Facts {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    Models.read(&Method::GET, path, query, Bytes::new()).unwrap()
}

fn answer(target: &str) -> Value {
    let facts = read(target);
    assert_eq!((Models.check(&facts), Models.unknown_model(&facts)), (Vec::new(), None), "{target}");
    let envelope = Envelope { id: "1".into(), created: 0, model: "".into(), include_usage: false };
    serde_json::from_slice(&Models.write(&Models.unscripted(&facts), &facts, &envelope).unwrap().bytes)
        .unwrap()
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect()
}

#[test]
fn the_list_is_told_as_recorded() {
    let list = answer("/v1/models?limit=1000");
    let names = ids(&list);
    assert!(names.len() > 15);
    assert_eq!((&list["has_more"], &list["first_id"]), (&Value::Bool(false), &Value::from(names[0])));
    assert_eq!(list["last_id"], names[names.len() - 1]);
    let model =
        list["data"].as_array().unwrap().iter().find(|model| model["id"] == "claude-sonnet-4-6").unwrap();
    assert_eq!(
        (&model["type"], &model["display_name"]),
        (&Value::from("model"), &Value::from("Claude Sonnet 4.6"))
    );
    assert_eq!(model["capabilities"]["thinking"]["types"]["adaptive"]["supported"], true);
    assert_eq!(model["capabilities"]["effort"]["xhigh"]["supported"], false);
    assert_eq!(model["capabilities"]["context_management"]["compact_20260112"]["supported"], true);
    let thinking = |id: &str, kind: &str| {
        answer(&format!("/v1/models/{id}"))["capabilities"]["thinking"]["types"][kind]["supported"].clone()
    };
    for (id, kinds) in [
        ("claude-sonnet-5-5", [true, false, true, false]),
        ("claude-haiku-5-5", [true, false, false, true]),
        ("claude-3-haiku-20240307", [false, false, false, true]),
    ] {
        let told = ["adaptive", "enabled", "between_tools", "disabled"].map(|kind| thinking(id, kind));
        assert_eq!(told, kinds.map(Value::from), "{id}");
    }
}

#[test]
fn the_list_comes_in_parts() {
    let all = answer("/v1/models?limit=1000");
    let names = ids(&all);
    let first = answer("/v1/models?limit=2");
    assert_eq!((ids(&first), &first["has_more"]), (names[..2].to_vec(), &Value::Bool(true)));
    let next = answer(&format!("/v1/models?limit=2&after_id={}", names[1]));
    assert_eq!(ids(&next), names[2..4]);
    let before = answer(&format!("/v1/models?limit=1&before_id={}", names[2]));
    assert_eq!((ids(&before), &before["has_more"]), (names[1..2].to_vec(), &Value::Bool(true)));
    for target in ["/v1/models?limit=0", "/v1/models?limit=1001", "/v1/models?limit=many"] {
        let [refused] = Models.check(&read(target)).try_into().unwrap();
        assert_eq!((refused.status, refused.class), (400, "invalid_request_error"), "{target}");
    }
}

#[test]
fn one_is_found_by_any_of_its_names_and_others_are_refused() {
    assert_eq!(answer("/v1/models/claude-haiku-4-5")["id"], "claude-haiku-4-5-20251001");
    let unknown = Models.unknown_model(&read("/anthropic/v1/models/claude-9")).unwrap();
    assert_eq!((unknown.status, &*unknown.message), (404, "model: claude-9"));
}
