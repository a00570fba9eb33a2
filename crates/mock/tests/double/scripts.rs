//! Scripts of the server and of a namespace, changed while it runs.

use serde_json::{Value, json};

use crate::ask::{chat, send, start};

async fn get(server: &playhouse_mock::MockServer, path: &str) -> Value {
    send(server, "GET", &format!("/__playhouse{path}"), "").await.json()
}

#[tokio::test]
async fn a_reset_brings_back_the_script_of_the_start() {
    let server = start("rules: [{reply: from the start}]").await;
    assert_eq!(get(&server, "/script").await["origin"], "files");
    let put = r#"{"rules": [{"reply": "put"}]}"#;
    send(&server, "PUT", "/__playhouse/script", put).await;
    assert_eq!(
        (chat(&server, "Hi").await.content().as_str(), &get(&server, "/script").await["origin"]),
        ("put", &json!("control_api"))
    );
    send(&server, "POST", "/__playhouse/reset", "{}").await;
    assert_eq!(chat(&server, "Hi").await.content(), "from the start");
}

#[tokio::test]
async fn a_changed_file_that_cannot_be_used_is_told() {
    let server = start("rules: [{reply: good}]").await;
    let failure = playhouse_mock::script::parse("rules: [{replay: bad}]", Default::default(), "a.yaml");
    server.engine().note_problems(failure.unwrap_err().problems);
    for path in ["/script", "/namespaces"] {
        let problem = &get(&server, path).await["problems"][0];
        assert_eq!((&problem["file"], &problem["line"]), (&json!("a.yaml"), &json!(1)), "{path}");
    }
    server.engine().set_script(playhouse_mock::CompiledScript::default());
    assert_eq!(get(&server, "/script").await["problems"], json!([]));
}

#[tokio::test]
async fn rules_that_are_added_at_once_are_all_there() {
    let server = start("rules: []").await;
    let add = |number: usize| {
        let rule = json!([{ "when": { "user": format!("<{number}>") }, "reply": format!("{number}") }]);
        let server = &server;
        async move {
            let added =
                send(server, "POST", "/__playhouse/namespaces/default/rules", &rule.to_string()).await;
            assert_eq!(added.status, Some(200), "{added:?}");
        }
    };
    futures_util::future::join_all((0..16).map(add)).await;
    for number in 0..16 {
        assert_eq!(chat(&server, &format!("<{number}>")).await.content(), number.to_string());
    }
}

#[tokio::test]
async fn models_are_scripted_where_a_rule_names_their_protocol() {
    let server = start("rules: [{when: {protocol: openai-models}, fault: {status: 503, times: 1}, reply: {raw: {body: mine}}}, {reply: Hi}]").await;
    let models = || send(&server, "GET", "/v1/models", "");
    assert_eq!(models().await.status, Some(503));
    assert_eq!(models().await.body, "mine");
    let plain = start("rules: [{reply: Hi}]").await;
    assert_eq!(send(&plain, "GET", "/v1/models", "").await.json()["object"], "list");
}

#[tokio::test]
async fn a_header_that_is_said_holds() {
    let server =
        start("rules: [{reply: {text: Hi, headers: {content-type: application/problem+json}}}]").await;
    let answer = chat(&server, "Hi").await;
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let call = get(&server, "/namespaces/default/calls").await;
    assert_eq!(call["calls"][0]["sent"]["headers"]["content-type"], "application/problem+json");
}

#[tokio::test]
async fn fixtures_are_found_from_the_folder_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("answer.txt"), "from the file").unwrap();
    let server = start("rules: []").await;
    let put = r#"{"rules": [{"reply": {"fixture": "answer.txt"}}]}"#;
    let path = format!("/__playhouse/script?folder={}", folder.path().display());
    assert_eq!(send(&server, "PUT", &path, put).await.status, Some(200));
    assert_eq!(chat(&server, "Hi").await.content(), "from the file");
}

#[tokio::test]
async fn a_whole_answer_takes_as_long_as_its_tokens() {
    let server = start("rules: [{reply: one two three, pace: {first_token_ms: 60, token_ms: 30}}]").await;
    for stream in [false, true] {
        let begun = std::time::Instant::now();
        crate::ask::chat_with(&server, "Hi", json!({ "stream": stream })).await;
        assert!(begun.elapsed().as_millis() >= 120, "{:?} with stream {stream}", begun.elapsed());
    }
}
