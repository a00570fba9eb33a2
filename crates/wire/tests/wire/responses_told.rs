//! OpenAI's Responses, case by case: what requests become of other protocols' and for them, what is written, and
//! how failures are told.

use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{
    ChoiceDelta, Chunk, Decode, Encoded, Error, ErrorKind, Event, Extra, FinishReason, Message, OutputForm,
    Part, PartDelta, Prompt, ReasoningWish, Request, Role, Shape, ToolCall, ToolChoice, ToolSpec, Usage,
};
use playhouse_wire::openai::responses::{RequestHead, with_history};
use playhouse_wire::{AnthropicMessages, Codec, Dialect, OpenAiChat, OpenAiResponses, manner_of};
use serde_json::{Value, json};

use crate::facts::chunks_of_text;
use crate::support::{collect, envelope, read_with, write_with};

fn arrived(body: &Value) -> Request {
    OpenAiResponses.read_request(body.to_string().into()).unwrap().request
}

fn sent(codec: &dyn Codec, request: &Request) -> Value {
    serde_json::from_slice(&codec.write_request(request, &Dialect::default()).unwrap()).unwrap()
}

fn refused(codec: &dyn Codec, request: &Request) -> (String, String) {
    let error = codec.write_request(request, &Dialect::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    (error.param.unwrap_or_default(), error.message)
}

#[test]
fn refused_requests_name_the_field() {
    let refusal = |body: &str| {
        let error = OpenAiResponses.read_request(Bytes::copy_from_slice(body.as_bytes())).unwrap_err();
        let written: Value =
            serde_json::from_slice(&OpenAiResponses.write_error(&error, 400, "req_1")).unwrap();
        let (param, code) = (&written["error"]["param"], &written["error"]["code"]);
        format!("{body}\n  {param} {code} {}", error.message)
    };
    let bodies = [
        "",
        "[]",
        r#"{"input":"Hi"}"#,
        r#"{"model":7,"input":"Hi"}"#,
        r#"{"model":"","input":"Hi"}"#,
        r#"{"model":"m","input":7}"#,
        r#"{"model":"m","input":{}}"#,
        r#"{"model":"m","input":"Hi","instructions":{}}"#,
        r#"{"model":"m","input":"Hi","stream":"yes"}"#,
        r#"{"model":"m","model":"n","input":"Hi"}"#,
    ];
    insta::assert_snapshot!(bodies.map(refusal).join("\n"));
    assert!(OpenAiResponses.read_request(r#"{"model":"m","prompt":{"id":"p"}}"#.into()).is_ok());
}

#[test]
fn only_the_model_and_the_wish_for_a_stream_are_edited() {
    let body = r#"{ "input":"Hi", "model" : "a", "new_field":[1, 2] }"#;
    let request = OpenAiResponses.read_request(body.into()).unwrap().request;
    let edited = |request: &Request| {
        let written = OpenAiResponses.write_request(request, &Dialect::default()).unwrap();
        String::from_utf8(written.to_vec()).unwrap()
    };
    assert_eq!(edited(&request), body);
    assert_eq!(edited(&request.for_model("b\"".into())), body.replace("\"a\"", r#""b\"""#));
    let streamed = edited(&request.streamed(true));
    assert_eq!(streamed, body.replace("\"a\"", r#""a","stream":true"#));
}

/// What the model did is one message, however many items it is.
#[test]
fn items_become_turns() {
    let request = arrived(&json!({ "model": "m", "instructions": "Be brief.", "input": [
        { "role": "developer", "content": "Use tools." },
        { "type": "message", "role": "user", "content": [
            { "type": "input_text", "text": "What is this?" },
            { "type": "input_image", "image_url": "https://example.com/cat.png", "detail": "low" },
        ] },
        { "type": "reasoning", "id": "rs_1", "summary": [{ "type": "summary_text", "text": "Hm." }], "encrypted_content": "x" },
        { "type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [
            { "type": "output_text", "text": "I'll look.", "annotations": [] },
        ] },
        { "type": "function_call", "id": "fc_1", "call_id": "c1", "name": "find", "arguments": "{\"q\":1}" },
        { "type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "run", "input": "ls" },
        { "type": "function_call_output", "call_id": "c1", "output": "a cat" },
        { "type": "custom_tool_call_output", "call_id": "c2", "output": [{ "type": "input_text", "text": "a hat" }] },
        { "role": "assistant", "content": "A cat." },
        { "role": "user", "content": "So?" },
    ] }));
    let turns: Vec<(Role, String, usize)> = request
        .prompt()
        .unwrap()
        .messages
        .iter()
        .map(|message| (message.role, message.text(), message.parts.len()))
        .collect();
    let expected = [
        (Role::System, "Be brief.", 1),
        (Role::Developer, "Use tools.", 1),
        (Role::User, "What is this?", 2),
        (Role::Assistant, "I'll look.", 4),
        (Role::Tool, "a cat", 1),
        (Role::Tool, "a hat", 1),
        (Role::Assistant, "A cat.", 1),
        (Role::User, "So?", 1),
    ];
    assert_eq!(turns, expected.map(|(role, text, parts)| (role, text.to_owned(), parts)));

    let chat = sent(&OpenAiChat, &request);
    assert_eq!(chat["messages"][3]["content"], "I'll look.");
    let calls = &chat["messages"][3]["tool_calls"];
    assert_eq!((&calls[0]["id"], &calls[1]["function"]["arguments"]), (&json!("c1"), &json!("ls")));
    assert_eq!(chat["messages"][5], json!({ "role": "tool", "tool_call_id": "c2", "content": "a hat" }));
    let messages = sent(&AnthropicMessages, &request);
    let roles: Vec<&str> =
        messages["messages"].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant", "user"]);
}

#[test]
fn what_is_asked_in_types_is_asked_in_items() {
    let call = |id: &str| {
        let (id, name, arguments) = (id.to_owned(), "find".to_owned(), r#"{"q":1}"#.to_owned());
        Part::ToolCall(ToolCall { id, name, arguments, extra: Extra::new() })
    };
    let sealed = |extra: Value| Part::Reasoning {
        text: "Hm.".into(),
        field: "reasoning.summary".into(),
        extra: extra.as_object().unwrap().clone(),
    };
    let foreign = Part::Reasoning {
        text: "Hm.".into(),
        field: "thinking".into(),
        extra: Extra::from_iter([("signature".to_owned(), "s".into())]),
    };
    let said = |role, parts| Message { role, parts, shape: Shape::Plain, extra: Extra::new() };
    let prompt = Prompt {
        tools: vec![ToolSpec {
            name: "find".into(),
            description: None,
            parameters: None,
            strict: None,
            extra: Extra::new(),
        }],
        tool_choice: Some(ToolChoice::Tool("find".into())),
        output: Some(OutputForm::Json),
        reasoning: Some(ReasoningWish::of_budget(2_048)),
        max_tokens: Some(64),
        stop: vec!["END".into()],
        ..Prompt::new(vec![
            Message::system("Be brief."),
            Message::user("Look."),
            said(
                Role::Assistant,
                vec![
                    foreign,
                    sealed(json!({ "id": "rs_1", "encrypted_content": "x", "summary": [] })),
                    call("c1"),
                ],
            ),
            said(Role::Tool, vec![Part::tool_result("c1", vec![Part::text("a cat")])]),
            said(Role::Assistant, vec![Part::text("A "), Part::text("cat.")]),
        ])
    };
    let request = Request::new("gpt-5", prompt).streamed(true);
    let expected = json!({
        "model": "gpt-5", "stream": true, "store": false, "include": ["reasoning.encrypted_content"],
        "instructions": "Be brief.",
        "input": [
            { "type": "message", "role": "user", "content": "Look." },
            { "type": "reasoning", "id": "rs_1", "encrypted_content": "x", "summary": [] },
            { "type": "function_call", "call_id": "c1", "name": "find", "arguments": "{\"q\":1}" },
            { "type": "function_call_output", "call_id": "c1", "output": "a cat" },
            { "type": "message", "role": "assistant", "content": [
                { "type": "output_text", "text": "A ", "annotations": [] },
                { "type": "output_text", "text": "cat.", "annotations": [] },
            ] },
        ],
        "tools": [{ "type": "function", "name": "find", "parameters": { "type": "object", "properties": {} }, "strict": false }],
        "tool_choice": { "type": "function", "name": "find" },
        "text": { "format": { "type": "json_object" } },
        "reasoning": { "effort": "low" },
        "max_output_tokens": 64,
    });
    assert_eq!(sent(&OpenAiResponses, &request), expected);
    assert_eq!(request.context.trail.dropped_fields(), 1);
    // Models that do not reason refuse to seal what is not there.
    let asked = sent(&OpenAiResponses, &request.for_model("gpt-4o-mini".into()));
    assert_eq!(asked.get("include"), None);
}

#[test]
fn a_conversation_that_goes_on_is_written_anew() {
    let request =
        arrived(&json!({ "model": "m", "instructions": "Be brief.", "input": "Hi", "store": true }));
    let mut prompt = request.prompt().unwrap().clone();
    prompt.messages.push(Message::assistant("Hello!"));
    let asked = sent(&OpenAiResponses, &Request::new("m", prompt));
    assert_eq!((&asked["instructions"], &asked["store"]), (&json!("Be brief."), &json!(true)));
    assert_eq!(asked["input"][1]["content"], "Hello!");
}

#[test]
fn what_needs_the_protocol_is_refused_by_name() {
    let ask = |more: Value| {
        let mut body = json!({ "model": "m", "input": "Hi" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arrived(&body)
    };
    for (more, field) in [
        (json!({ "previous_response_id": "resp_1" }), "previous_response_id"),
        (json!({ "conversation": { "id": "conv_1" } }), "conversation"),
        (json!({ "background": true }), "background"),
        (json!({ "prompt": { "id": "p" } }), "prompt"),
        (json!({ "top_logprobs": 2 }), "top_logprobs"),
        (json!({ "include": ["message.output_text.logprobs"] }), "include: message.output_text.logprobs"),
        (json!({ "tool_choice": { "type": "web_search" } }), "tool_choice"),
        (json!({ "tools": [{ "type": "function", "name": "f" }, { "type": "web_search" }] }), "tools[1]"),
        (json!({ "tools": [{ "type": "custom", "name": "f" }] }), "tools[0]"),
        (json!({ "text": { "format": { "type": "grammar" } } }), "text.format"),
        (json!({ "input": [{ "type": "item_reference", "id": "msg_1" }] }), "input[0]"),
        (
            json!({ "input": [{ "role": "user", "content": [{ "type": "input_file", "file_id": "f" }] }] }),
            "input[0].content[0]",
        ),
        (json!({ "input": [{ "role": "user", "content": "Hi", "mood": "glad" }] }), "input[0].mood"),
        (json!({ "input": [{ "role": "critic", "content": "Hi" }] }), "input[0].role"),
        (json!({ "input": [{ "role": "user", "content": { "text": "Hi" } }] }), "input[0].content"),
        (
            json!({ "input": [{ "type": "function_call_output", "call_id": "c", "output": 7 }] }),
            "input[0].output",
        ),
        (json!({ "instructions": [{ "role": "system", "content": "Hi" }] }), "instructions"),
        (json!({ "new_field": 1 }), "new_field"),
    ] {
        for codec in [&OpenAiChat as &dyn Codec, &AnthropicMessages] {
            let (param, message) = refused(codec, &ask(more.clone()));
            assert_eq!(param, field, "{message}");
            assert!(message.contains(field.split(':').next().unwrap()), "{message}");
        }
        assert!(OpenAiResponses.write_request(&ask(more), &Dialect::default()).is_ok(), "{field}");
    }
    let (_, message) = refused(&OpenAiChat, &ask(json!({ "tools": [{ "type": "web_search" }] })));
    assert!(message.contains("'web_search'"), "{message}");
}

#[test]
fn what_says_nothing_of_the_answer_is_dropped_and_counted() {
    let request = arrived(&json!({
        "model": "m", "store": true, "metadata": { "a": "b" }, "truncation": "auto", "background": false,
        "previous_response_id": null, "include": ["reasoning.encrypted_content"], "user": "ada", "top_logprobs": 0,
        "reasoning": { "effort": "low", "summary": "auto" }, "text": { "format": { "type": "text" }, "verbosity": "low" },
        "input": [
            { "type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x" },
            { "role": "assistant", "id": "msg_1", "phase": "final_answer", "content": [{ "type": "output_text", "text": "Hi", "annotations": [] }] },
        ],
    }));
    let asked = sent(&OpenAiChat, &request);
    let expected = json!({
        "model": "m", "user": "ada", "reasoning_effort": "low", "messages": [{ "role": "assistant", "content": "Hi" }],
    });
    assert_eq!(asked, expected);
    // store, metadata, truncation, include, reasoning.summary, text.verbosity, the reasoning, the phase.
    assert_eq!(request.context.trail.dropped_fields(), 8);
}

#[test]
fn stop_sequences_cannot_be_said() {
    let chat = |more: Value| {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        OpenAiChat.read_request(body.to_string().into()).unwrap().request
    };
    assert_eq!(refused(&OpenAiResponses, &chat(json!({ "stop": ["END"] }))).0, "stop");
    assert_eq!(refused(&OpenAiResponses, &chat(json!({ "top_k": 3 }))).0, "top_k");
    assert_eq!(sent(&OpenAiResponses, &chat(json!({ "stop": null })))["input"][0]["content"], "Hi");
}

#[test]
fn a_request_is_kept_unless_told_otherwise() {
    assert!(!manner_of(&arrived(&json!({ "model": "m", "input": "Hi" }))).may_be_doubled());
    assert!(manner_of(&arrived(&json!({ "model": "m", "input": "Hi", "store": false }))).may_be_doubled());
}

#[test]
fn what_was_said_before_goes_before() {
    let body = json!({ "model": "m", "previous_response_id": "resp_1", "input": "And?", "store": false });
    let head = RequestHead::read(body.to_string().as_bytes()).unwrap();
    assert_eq!((head.store, head.input.len()), (false, 1));
    let before = [json!({ "role": "user", "content": "Hi" })];
    let body: Value =
        serde_json::from_slice(&with_history(body.to_string().as_bytes(), &before).unwrap()).unwrap();
    assert_eq!(body.get("previous_response_id"), None);
    assert_eq!((&body["input"][0], &body["input"][1]["content"]), (&before[0], &json!("And?")));
    assert_eq!(
        RequestHead::read(br#"{"model":"m","store":"no"}"#).unwrap_err().param.as_deref(),
        Some("store")
    );
}

fn said(parts: Vec<PartDelta>) -> Event {
    let choices = vec![ChoiceDelta { parts, ..ChoiceDelta::default() }];
    Event::chunk(Chunk { choices, ..Chunk::default() })
}

fn fragment(index: u32, opens: bool, arguments: &str, extra: Extra) -> Event {
    let (id, name) = (opens.then(|| format!("call_{index}")), opens.then(|| format!("f{index}")));
    said(vec![PartDelta::ToolCall { index, id, name, arguments: Some(arguments.to_owned()), extra }])
}

/// Everything that can be said, as OpenAI tells it.
#[test]
fn a_stream_has_openais_events_in_their_order() {
    let plain = Extra::new;
    let custom = || Extra::from_iter([("type".to_owned(), "custom".into())]);
    let reasoned = |text: &str| PartDelta::Reasoning { text: text.into(), field: "thinking".into() };
    let events = [
        Event::chunk(Chunk::start()),
        said(vec![reasoned("H"), reasoned("m.")]),
        Event::chunk(Chunk::text("Hel")),
        Event::chunk(Chunk::text("lo")),
        said(vec![PartDelta::Refusal("No.".into())]),
        fragment(0, true, "{\"x\":", plain()),
        fragment(1, true, "{}", plain()),
        fragment(0, false, "1}", plain()),
        fragment(2, true, "ls", custom()),
        Event::chunk(Chunk::finish(FinishReason::ToolCalls)),
        Event::chunk(Chunk::usage(Usage { reasoning_tokens: Some(2), ..Usage::new(5, 7) })),
    ];
    let written = write_with(&OpenAiResponses, &events);
    insta::assert_snapshot!(std::str::from_utf8(&written).unwrap());
    let reread = collect(&read_with(&OpenAiResponses, &written, 64).whole());
    let calls: Vec<&str> = reread.choices[0].message.tool_calls().map(|call| &*call.arguments).collect();
    assert_eq!(calls, ["{\"x\":1}", "{}", "ls"]);
}

#[test]
fn an_answer_repeats_what_was_asked() {
    let tools = json!([{ "type": "function", "name": "f", "parameters": {} }]);
    let request = arrived(&json!({
        "model": "m", "input": "Hi", "instructions": "Be brief.", "tools": tools, "temperature": 0.5, "metadata": { "a": "b" },
    }));
    let event = Event::reply(playhouse_llm::Reply::text("Hello!"));
    let body = OpenAiResponses.write_reply_to(&request, &event, &envelope(true)).unwrap();
    let whole: Value = serde_json::from_slice(&body).unwrap();
    let mut writer = OpenAiResponses.stream_writer_to(&request, envelope(true));
    let mut stream = writer.event(&event).unwrap().to_vec();
    stream.extend(writer.end());
    let streamed = chunks_of_text(std::str::from_utf8(&stream).unwrap());
    for response in [&whole, &streamed[0]["response"], &streamed.last().unwrap()["response"]] {
        assert_eq!((&response["instructions"], &response["tools"]), (&json!("Be brief."), &tools));
        assert_eq!((&response["temperature"], &response["metadata"]["a"]), (&json!(0.5), &json!("b")));
        assert_eq!((&response["id"], &response["top_p"]), (&json!("resp_7"), &json!(1.0)));
    }
    assert_eq!(whole["output"], streamed.last().unwrap()["response"]["output"]);
    assert_eq!(
        (&whole["status"], &whole["output"][0]["content"][0]["text"]),
        (&json!("completed"), &json!("Hello!"))
    );
}

#[test]
fn sealed_reasoning_is_kept_for_its_vendor() {
    let item = json!({ "type": "reasoning", "id": "rs_1", "summary": [{ "type": "summary_text", "text": "Hm." }], "encrypted_content": "x" });
    let text = json!({ "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "Yes." }] });
    let body = json!({ "id": "resp_1", "model": "m", "status": "completed", "output": [item, text] });
    let reply = OpenAiResponses.reply(body.to_string().as_bytes()).unwrap();
    let history = reply.choices[0].message.as_history();
    let asked = sent(&OpenAiResponses, &Request::new("m", Prompt::new(vec![history.clone()])));
    assert_eq!(asked["input"][0], item);
    let asked = sent(&OpenAiChat, &Request::new("m", Prompt::new(vec![history.clone()])));
    assert_eq!(asked["messages"], json!([{ "role": "assistant", "content": "Yes." }]));
    let asked = sent(&AnthropicMessages, &Request::new("m", Prompt::new(vec![history])));
    assert_eq!(
        asked["messages"],
        json!([{ "role": "assistant", "content": [{ "type": "text", "text": "Yes." }] }])
    );
}

const BEGINNING: &str = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"model\":\"m\",\"output\":[]}}\n\n";

#[test]
fn a_stream_without_its_last_event_is_no_answer() {
    let read = read_with(&OpenAiResponses, BEGINNING.as_bytes(), 9);
    assert_eq!(read.end.unwrap_err().kind, ErrorKind::Interrupted);
    for stranger in ["", ": ping\n\n", "data: {\"choices\":[]}\n\n"] {
        let read = read_with(&OpenAiResponses, stranger.as_bytes(), 9);
        assert_eq!(read.end.unwrap_err().kind, ErrorKind::BadReply, "{stranger}");
    }
    let read = read_with(&OpenAiResponses, format!("{BEGINNING}data: [DONE]\n\n").as_bytes(), 9);
    assert_eq!(read.end.unwrap_err().kind, ErrorKind::BadReply);
}

#[test]
fn failures_within_a_stream_go_through_as_they_came() {
    let flat = r#"{"type":"error","sequence_number":1,"code":"rate_limit_exceeded","message":"Slow down.","param":null}"#;
    let nested = r#"{"type":"error","sequence_number":1,"error":{"type":"tokens","code":"rate_limit_exceeded","message":"Slow down.","param":null}}"#;
    let failed = r#"{"type":"response.failed","sequence_number":1,"response":{"id":"resp_1","status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow down."},"output":[]}}"#;
    for (name, data) in [("error", flat), ("error", nested), ("response.failed", failed)] {
        let frame = format!("event: {name}\ndata: {data}\n\n");
        let read = read_with(&OpenAiResponses, format!("{BEGINNING}{frame}").as_bytes(), 64);
        let error = read.end.unwrap_err();
        assert_eq!(error.message, "Slow down.", "{data}");
        assert_eq!(error.upstream.as_ref().unwrap().code.as_deref(), Some("rate_limit_exceeded"));
        let mut writer = OpenAiResponses.stream_writer(envelope(true));
        read.events.iter().for_each(|event| drop(writer.event(event)));
        assert_eq!(writer.error(&error, "r"), frame);
        let chat = OpenAiChat.stream_writer(envelope(true)).error(&error, "r");
        assert!(std::str::from_utf8(&chat).unwrap().contains("Slow down."));
        // Before anything has been said, it is the body of a refusal.
        let body: Value = serde_json::from_slice(&OpenAiResponses.write_error(&error, 502, "r")).unwrap();
        assert_eq!((&body["error"]["message"], body.get("sequence_number")), (&json!("Slow down."), None));
    }
}

#[test]
fn a_broken_stream_ends_with_an_error_and_no_finish() {
    let error = Error::new(ErrorKind::Interrupted, "it was cut off");
    let mut writer = OpenAiResponses.stream_writer(envelope(true));
    let begun = writer.event(&Event::chunk(Chunk::text("Hel"))).unwrap();
    let count = chunks_of_text(std::str::from_utf8(&begun).unwrap()).len();
    let told = chunks_of_text(std::str::from_utf8(&writer.error(&error, "r")).unwrap()).remove(0);
    let nested =
        json!({ "message": "it was cut off", "type": "server_error", "param": null, "code": "interrupted" });
    let expected = json!({
        "type": "error", "sequence_number": count, "code": "interrupted", "message": "it was cut off", "param": null,
        "error": nested,
    });
    assert_eq!(told, expected);
    // The numbers of what went through as it came go on.
    let frames = Encoded { bytes: BEGINNING.into(), decoder: &OpenAiResponses };
    let mut writer = OpenAiResponses.stream_writer(envelope(true));
    let passed = writer.event(&Event::from_frames(frames, Default::default())).unwrap();
    assert_eq!(passed, BEGINNING);
    let told = chunks_of_text(std::str::from_utf8(&writer.error(&error, "r")).unwrap()).remove(0);
    assert_eq!(told["sequence_number"], 1);
}

#[test]
fn a_whole_answer_that_failed_is_a_failure() {
    let failed = json!({ "id": "resp_1", "object": "response", "status": "failed", "output": [],
        "error": { "code": "server_error", "message": "It broke." } });
    let error = OpenAiResponses.read_reply(failed.to_string().into()).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Upstream, "It broke."));
    let told: Value = serde_json::from_slice(&OpenAiResponses.write_error(&error, 502, "r")).unwrap();
    assert_eq!(
        (&told["error"]["code"], &told["error"]["message"]),
        (&json!("server_error"), &json!("It broke."))
    );
    for (body, what) in
        [("", "an empty body"), ("[]", "a list"), (r#"{"object":"response"}"#, "another shape")]
    {
        let error = OpenAiResponses.read_reply(body.into()).unwrap_err();
        assert!(error.kind == ErrorKind::BadReply && error.message.contains(what), "{error}");
    }
    // One that goes on elsewhere is an answer.
    let queued = json!({ "id": "resp_1", "status": "queued", "output": [], "error": null }).to_string();
    assert_eq!(OpenAiResponses.read_reply(queued.into()).unwrap().outline().finish, None);
}

#[test]
fn a_refusal_of_openais_chat_is_told_here_too() {
    let body = r#"{"error":{"message":"no","type":"t","param":"p","code":"c"}}"#;
    let answer = playhouse_wire::UpstreamAnswer {
        provider: Arc::from("p"),
        status: 400,
        retry_after: None,
        body: body.into(),
    };
    let told = OpenAiResponses.write_error(&OpenAiChat.read_error(answer), 400, "r");
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told, serde_json::from_str::<Value>(body).unwrap());
}
