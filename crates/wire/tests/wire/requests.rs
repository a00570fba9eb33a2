//! Requests: what is refused and how, what is edited, what is translated.

use bytes::Bytes;
use playhouse_llm::{
    Decode, ErrorKind, Malformed, Message, Part, Prompt, Request, Role, Shape, ToolCall, ToolChoice, ToolSpec,
};
use playhouse_wire::openai::chat::encode_prompt;
use playhouse_wire::{Codec, Dialect, OpenAiChat};
use serde_json::{Value, json};

/// Refused bodies: the field and the sentence.
fn refusal(body: &str) -> String {
    let error = OpenAiChat.read_request(Bytes::copy_from_slice(body.as_bytes())).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    let written: Value = serde_json::from_slice(&OpenAiChat.write_error(&error, 400, "req_1")).unwrap();
    let (param, code) = (&written["error"]["param"], &written["error"]["code"]);
    format!("{body}\n  {param} {code} {}", error.message)
}

#[test]
fn refused_requests_name_the_field() {
    let bodies = [
        "",
        "  ",
        "{",
        "[]",
        "\"text\"",
        r#"["gpt-4o", [{}]]"#,
        r#"{"model":"m","messages":[{}]}}"#,
        r#"{"model":"m","messages":[{"role":"user","content":"secret]}"#,
        r#"{"messages":[{}]}"#,
        r#"{"model":null,"messages":[{}]}"#,
        r#"{"model":7,"messages":[{}]}"#,
        r#"{"model":7.5,"messages":[{}]}"#,
        r#"{"model":"","messages":[{}]}"#,
        r#"{"model":["m"],"messages":[{}]}"#,
        r#"{"model":"m"}"#,
        r#"{"model":"m","messages":null}"#,
        r#"{"model":"m","messages":"hello"}"#,
        r#"{"model":"m","messages":{}}"#,
        r#"{"model":"m","messages":[]}"#,
        r#"{"model":"m","messages":[{},"hello"]}"#,
        r#"{"model":"m","messages":[null]}"#,
        r#"{"model":"m","messages":[[{}]]}"#,
        r#"{"model":"m","messages":[{}],"stream":"yes"}"#,
        r#"{"model":"m","messages":[{}],"stream":1}"#,
        r#"{"model":"m","messages":[{}],"stream_options":true}"#,
        r#"{"model":"m","messages":[{}],"stream_options":{"include_usage":"yes"}}"#,
        r#"{"model":"m","model":"n","messages":[{}]}"#,
        r#"{"model":"m","messages":[{}],"mod\u0065l":"n"}"#,
        r#"{"model":"m","messages":[{}],"messages":[{}]}"#,
        r#"{"model":"m","messages":[{}],"stream_options":{"include_usage":true,"include_usage":false}}"#,
    ];
    insta::assert_snapshot!(bodies.map(refusal).join("\n"));
}

#[test]
fn bodies_that_are_not_utf8_are_refused() {
    let error = OpenAiChat.read_request(Bytes::from_static(b"{\"model\":\"\xFF\"}")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.message.contains("UTF-8"), "{error}");
}

#[test]
fn messages_that_cannot_be_understood_are_named() {
    let check = |messages: Value, param: &str| {
        let body = json!({ "model": "m", "messages": messages }).to_string();
        let Malformed { param: found, message } = OpenAiChat.prompt(body.as_bytes()).unwrap_err();
        assert_eq!(found.as_deref(), Some(param), "{message}");
        message
    };
    check(json!("hello"), "messages");
    check(json!([{ "role": "user" }, 7]), "messages[1]");
    check(json!([{ "role": "user" }, {}]), "messages[1].role");
    check(json!([{ "role": ["user"] }]), "messages[0].role");
    let message = check(json!([{ "role": "robot" }]), "messages[0].role");
    assert!(message.starts_with("Invalid value: 'robot'. Supported values are: 'system'"), "{message}");
    assert!(OpenAiChat.prompt(b"{}").unwrap_err().param.as_deref() == Some("messages"));
}

#[test]
fn the_head_is_read_through_escapes_and_any_order() {
    let body = r#" {"messages" : [ { } ], "x": {"model": 1}, "stream": true, "model": "m\u00e4\"" } "#;
    let incoming = OpenAiChat.read_request(body.into()).unwrap();
    assert_eq!(&*incoming.request.model, "mä\"");
    assert!(incoming.request.stream && !incoming.include_usage);
}

/// Sends a body on with a model and a wish, and shows what became of it.
fn sent(body: &str, model: &str, stream: bool, stream_usage: bool) -> String {
    let request = OpenAiChat.read_request(Bytes::copy_from_slice(body.as_bytes())).unwrap().request;
    let request = request.for_model(model.into()).streamed(stream);
    let sent = OpenAiChat.write_request(&request, &Dialect { stream_usage }).unwrap();
    String::from_utf8(sent.to_vec()).unwrap()
}

#[test]
fn named_edits_change_nothing_else() {
    let plain = r#"{ "model" : "a", "messages":[{"role":"user","content":"ä\u00e4"}] , "z":1e2 }"#;
    assert_eq!(sent(plain, "a", false, true), plain);
    assert_eq!(sent(plain, "b\"c", false, true), plain.replace(r#""a""#, r#""b\"c""#));
    let asked = r#""a","stream":true,"stream_options":{"include_usage":true},"#;
    assert_eq!(sent(plain, "a", true, true), plain.replace(r#""a","#, asked));
    assert_eq!(sent(plain, "a", true, false), plain.replace(r#""a","#, r#""a","stream":true,"#));

    let streamed = r#"{"model":"a","stream":true,"stream_options":OPTIONS,"messages":[{}]}"#;
    let with = |options: &str| streamed.replace("OPTIONS", options);
    let asks = |options: &str| sent(&with(options), "a", true, true);
    assert_eq!(asks("null"), with(r#"{"include_usage":true}"#));
    assert_eq!(asks("{ }"), with(r#"{"include_usage":true }"#));
    assert_eq!(asks(r#"{"include_usage": false}"#), with(r#"{"include_usage": true}"#));
    assert_eq!(asks(r#"{"include_usage": null}"#), with(r#"{"include_usage": true}"#));
    let obfuscated = r#"{"include_obfuscation":false}"#;
    assert_eq!(asks(obfuscated), with(r#"{"include_usage":true,"include_obfuscation":false}"#));
    assert_eq!(asks(r#"{"include_usage":true}"#), with(r#"{"include_usage":true}"#));
    let cut = streamed.replace(r#","stream_options":OPTIONS"#, "");
    assert_eq!(sent(&with(obfuscated), "a", true, false), cut);
    assert_eq!(sent(&with(obfuscated), "a", false, true), cut.replace("true", "false"));
    let whole = r#"{"stream_options":{},"model":"a","messages":[{}]}"#;
    assert_eq!(sent(whole, "a", false, true), whole, "the caller's own mistake is the vendor's to name");
}

#[test]
fn untouched_requests_are_not_copied() {
    let body = Bytes::from_static(
        br#"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}"#,
    );
    let request = OpenAiChat.read_request(body.clone()).unwrap().request;
    let sent = OpenAiChat.write_request(&request, &Dialect::default()).unwrap();
    assert_eq!(sent.as_ptr(), body.as_ptr());
}

#[test]
fn a_request_of_types_is_written_as_every_vendor_takes_it() {
    let call =
        ToolCall { id: "c1".into(), name: "add".into(), arguments: "{}".into(), ..ToolCall::default() };
    let asked = Message { parts: vec![Part::ToolCall(call)], ..Message::assistant("") };
    let results = ["c1", "c2"].map(|id| Part::tool_result(id, vec![Part::text("4")]));
    let told = Message { parts: results.into(), ..Message::new(Role::User, "") };
    let image = Part::Image { url: "https://x/y.png".into(), extra: Default::default() };
    let shown = Message { parts: vec![Part::text("see"), image], shape: Shape::Parts, ..Message::user("") };
    let tool = ToolSpec {
        strict: None,
        name: "add".into(),
        description: Some("adds".into()),
        parameters: Some(json!({ "type": "object" })),
        extra: Default::default(),
    };
    let prompt = Prompt {
        tools: vec![tool],
        tool_choice: Some(ToolChoice::Tool("add".into())),
        max_tokens: Some(9),
        temperature: Some(0.5),
        stop: vec!["END".into()],
        ..Prompt::new(vec![Message::system("s"), asked, told, shown])
    };
    let request = Request::new("m", prompt).streamed(true);
    let body = OpenAiChat.write_request(&request, &Dialect::default()).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    insta::assert_json_snapshot!(body);
    OpenAiChat.read_request(body.to_string().into()).unwrap();
}

/// Decoding and encoding a body gives it again; returns what was decoded.
fn check_survives(fields: Value) -> Prompt {
    let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let prompt = OpenAiChat.prompt(body.to_string().as_bytes()).unwrap();
    assert_eq!(encode_prompt(&prompt), body);
    prompt
}

#[test]
fn settings_survive_however_they_are_written() {
    assert_eq!(check_survives(json!({ "max_tokens": 5 })).max_tokens, Some(5));
    assert_eq!(check_survives(json!({ "max_completion_tokens": 6 })).max_tokens, Some(6));
    assert_eq!(check_survives(json!({ "max_tokens": 5, "max_completion_tokens": 6 })).max_tokens, Some(6));
    assert_eq!(
        check_survives(json!({ "max_tokens": "many", "max_completion_tokens": null })).max_tokens,
        None
    );
    assert_eq!(check_survives(json!({ "temperature": 1, "top_p": 0.5 })).temperature, Some(1.0));
    assert_eq!(check_survives(json!({ "temperature": "hot", "top_p": null })).temperature, None);
    assert_eq!(check_survives(json!({ "stop": "END" })).stop, ["END"]);
    assert_eq!(check_survives(json!({ "stop": ["a", "b"] })).stop, ["a", "b"]);
    assert_eq!(check_survives(json!({ "stop": [] })).stop, [""; 0]);
    assert_eq!(check_survives(json!({ "stop": null })).stop, [""; 0]);
    assert_eq!(check_survives(json!({ "tool_choice": "any" })).tool_choice, Some(ToolChoice::Required));
    assert_eq!(check_survives(json!({ "tool_choice": "none" })).tool_choice, Some(ToolChoice::None));
    let allowed = json!({ "type": "allowed_tools", "allowed_tools": { "mode": "auto", "tools": [] } });
    assert_eq!(check_survives(json!({ "tool_choice": allowed })).tool_choice, None);
    check_survives(
        json!({ "stream": false, "stream_options": null, "user": "u", "logit_bias": { "1": -1 } }),
    );
}

#[test]
fn tools_survive_also_those_that_are_no_functions() {
    let function = json!({ "type": "function", "function": { "name": "f", "strict": true, "parameters": { "type": "object" } } });
    let custom = json!({ "type": "custom", "custom": { "name": "c", "format": { "type": "text" } } });
    assert_eq!(check_survives(json!({ "tools": [function] })).tools[0].name, "f");
    assert_eq!(
        check_survives(json!({ "tools": [function, custom, { "type": "web_search" }, 7] })).tools.len(),
        1
    );
    assert_eq!(check_survives(json!({ "tools": [] })).tools.len(), 0);
    assert_eq!(check_survives(json!({ "tools": null })).tools.len(), 0);
    let functions = json!([{ "name": "g", "parameters": {} }]);
    assert_eq!(check_survives(json!({ "functions": functions, "function_call": "auto" })).tools[0].name, "g");
    assert_eq!(check_survives(json!({ "functions": functions, "tools": [function] })).tools[0].name, "f");
    let same = json!({ "type": "function", "function": { "name": "g", "parameters": {} } });
    check_survives(json!({ "functions": functions, "tools": [same] }));
}

#[test]
fn a_changed_prompt_is_written_as_it_was_changed() {
    let mut prompt = check_survives(
        json!({ "temperature": 1, "stop": "END", "max_completion_tokens": 6, "tool_choice": "any" }),
    );
    prompt.temperature = None;
    prompt.stop = vec!["X".into()];
    prompt.max_tokens = Some(3);
    prompt.tool_choice = Some(ToolChoice::Auto);
    let body = encode_prompt(&prompt);
    let expected = json!({
        "messages": [{ "role": "user", "content": "hi" }], "model": "m",
        "stop": ["X"], "max_tokens": 3, "tool_choice": "auto"
    });
    assert_eq!(body, expected);
}

fn check_message(message: Value) -> Message {
    check_survives(json!({ "messages": [message] })).messages.remove(0)
}

#[test]
fn messages_survive_whatever_vendors_put_into_them() {
    assert_eq!(check_message(json!({ "role": "assistant", "content": null, "refusal": "no" })).text(), "");
    assert_eq!(check_message(json!({ "role": "assistant" })).parts, []);
    assert_eq!(check_message(json!({ "role": "user", "content": [] })).shape, Shape::Parts);
    let parts = json!([
        { "type": "text", "text": "a", "cache_control": { "type": "ephemeral" } },
        { "type": "image_url", "image_url": { "url": "data:x", "detail": "low" } },
        { "type": "image_url", "image_url": "https://x" },
        { "type": "input_audio", "input_audio": { "data": "", "format": "wav" } },
        { "type": "file", "file": { "file_id": "f" } },
        { "type": "text" }, { "type": "image_url", "image_url": {} }, "bare", null
    ]);
    let message = check_message(json!({ "role": "user", "name": "n", "content": parts }));
    assert_eq!(message.text(), "a");
    assert_eq!(message.parts.len(), 9);
    let thinking = json!([
        { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] },
        { "type": "text", "text": "yes" }
    ]);
    let message = check_message(json!({ "role": "assistant", "content": thinking, "prefix": true }));
    assert_eq!(message.text(), "yes");
    assert!(matches!(&message.parts[0], Part::Reasoning { text, .. } if text == "hm"));
    let closed = json!([{ "type": "thinking", "closed": true, "thinking": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }] }]);
    let message = check_message(json!({ "role": "assistant", "content": closed }));
    assert!(matches!(&message.parts[0], Part::Reasoning { text, .. } if text == "ab"));
    check_message(
        json!({ "role": "assistant", "content": 7, "reasoning": { "effort": 1 }, "audio": { "id": "a" } }),
    );
    let both = check_message(
        json!({ "role": "assistant", "content": "x", "reasoning": "r", "reasoning_content": "r" }),
    );
    assert_eq!(both.parts.len(), 2);
}

#[test]
fn tool_calls_and_results_survive() {
    let call =
        json!({ "id": "c", "type": "function", "index": 0, "function": { "name": "f", "arguments": "{}" } });
    let calls =
        |calls: Value| check_message(json!({ "role": "assistant", "content": null, "tool_calls": calls }));
    let names = |message: &Message| message.tool_calls().map(|call| call.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&calls(json!([call]))), ["f"]);
    assert_eq!(names(&calls(json!([]))), [""; 0]);
    assert_eq!(names(&calls(json!(null))), [""; 0]);
    let odd = json!([
        { "function": { "name": "no id", "arguments": "" } },
        { "id": "", "type": "function", "function": { "name": "empty id", "arguments": null } },
        { "id": "c", "type": "function", "function": { "name": "object", "arguments": { "a": 1 } } },
        { "id": "c", "type": "custom", "custom": { "name": "custom", "input": "text" } },
        7
    ]);
    let message = calls(odd);
    assert_eq!(names(&message), ["no id", "empty id", "object", "custom"]);
    let arguments: Vec<_> = message.tool_calls().map(|call| call.arguments.as_str()).collect();
    assert_eq!(arguments, ["", "", r#"{"a":1}"#, "text"]);

    let legacy =
        json!({ "role": "assistant", "content": null, "function_call": { "name": "f", "arguments": "{}" } });
    assert_eq!(names(&check_message(legacy)), ["f"]);
    let result = check_message(json!({ "role": "function", "name": "f", "content": "4" }));
    assert_eq!((result.role, result.text().as_str()), (Role::Tool, "4"));
    assert!(matches!(&result.parts[0], Part::ToolResult { call_id, .. } if call_id == "f"));
    let listed = json!({ "role": "tool", "tool_call_id": "c", "content": [{ "type": "text", "text": "5" }] });
    assert_eq!(check_message(listed).text(), "5");
    check_message(json!({ "role": "tool", "content": null }));
    check_message(json!({ "role": "tool", "tool_call_id": "", "name": "f" }));
    check_message(json!({ "role": "tool", "tool_call_id": 7, "content": { "a": 1 } }));
    check_message(json!({ "role": "function", "name": "f", "tool_call_id": "f", "content": "" }));
}
