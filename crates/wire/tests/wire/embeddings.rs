//! Embeddings: which requests are refused and how, what survives, how an answer is written.

use bytes::Bytes;
use playhouse_llm::{
    EmbedInput, EmbedReply, EmbedRequest, ErrorKind, Event, Operation, Reply, Request, Usage,
};
use playhouse_wire::openai::embeddings::{Encoding, IncomingEmbed};
use playhouse_wire::{Codec, Dialect, OpenAiEmbeddings};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::envelope;

/// Refused bodies: the field, the code and the sentence.
fn refusal(body: &str) -> String {
    let error = OpenAiEmbeddings.decode_request(body.as_bytes(), None).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    let written: Value = serde_json::from_slice(&OpenAiEmbeddings.write_error(&error, 400, "r")).unwrap();
    let (param, code) = (&written["error"]["param"], &written["error"]["code"]);
    format!("{body}\n  {param} {code} {}", error.message)
}

#[test]
fn refused_requests_name_the_field() {
    let bodies = [
        "",
        "{",
        "[]",
        r#"{"input":"a"}"#,
        r#"{"model":null,"input":"a"}"#,
        r#"{"model":"","input":"a"}"#,
        r#"{"model":"m"}"#,
        r#"{"model":"m","input":null}"#,
        r#"{"model":"m","input":7}"#,
        r#"{"model":"m","input":{"text":"a"}}"#,
        r#"{"model":"m","input":["a",null]}"#,
        r#"{"model":"m","input":["a",7]}"#,
        r#"{"model":"m","input":[7,"a"]}"#,
        r#"{"model":"m","input":[7.5]}"#,
        r#"{"model":"m","input":[-1]}"#,
        r#"{"model":"m","input":[[1],[2,4294967296]]}"#,
        r#"{"model":"m","input":[[1],["a"]]}"#,
        r#"{"model":"m","input":[[[1]]]}"#,
    ];
    insta::assert_snapshot!(bodies.map(refusal).join("\n"));
}

#[test]
fn a_request_that_only_passes_through_is_refused_for_the_same() {
    let bodies = ["", "[]", r#"{"input":"a"}"#, r#"{"model":"","input":"a"}"#, r#"{"model":7,"input":"a"}"#];
    let inputs = [r#"{"model":"m"}"#, r#"{"model":"m","input":null}"#, r#"{"model":"m","input":{"a":1}}"#];
    for body in bodies.into_iter().chain(inputs) {
        let passed = OpenAiEmbeddings.read_request(body.into()).unwrap_err();
        let decoded = OpenAiEmbeddings.decode_request(body.as_bytes(), None).unwrap_err();
        assert_eq!((passed.kind, &passed.param), (decoded.kind, &decoded.param), "{body}");
        assert!(passed.param.is_none() || passed.message == decoded.message, "{passed} {decoded}");
    }
}

#[test]
fn a_request_passes_through_but_for_the_models_name() {
    let body = r#"{ "input" : [1, 2.50e0], "model":"f\u0061st", "encoding_format":"base64","x":[{}]}"#;
    let request = OpenAiEmbeddings.read_request(body.into()).unwrap().request;
    assert_eq!(
        (&*request.model, request.operation(), request.stream),
        ("fast", Operation::Embeddings, false)
    );
    let write = |request: &Request| OpenAiEmbeddings.write_request(request, &Dialect::default()).unwrap();
    assert_eq!(write(&request), body);
    let renamed = write(&request.for_model("text\"-3".into()));
    assert_eq!(renamed, body.replace(r#""f\u0061st""#, r#""text\"-3""#));
    assert_eq!(request.prompt().unwrap_err().kind, ErrorKind::InvalidRequest);
    let odd = request.embedding().unwrap_err();
    assert_eq!((odd.kind, odd.param.as_deref()), (ErrorKind::InvalidRequest, Some("input[1]")));
}

#[test]
fn an_answer_passes_through_and_is_outlined() {
    let body = r#"{"data": [{"embedding": "AACAPw==" , "x":1}], "model":"m", "usage":{"prompt_tokens":3,"total_tokens":4,"y":0}}"#;
    let event = OpenAiEmbeddings.read_reply(body.into()).unwrap();
    let outline = event.outline();
    assert_eq!(
        (outline.has_output, outline.model.as_deref(), outline.finish.is_none()),
        (true, Some("m"), true)
    );
    assert_eq!(outline.usage, Some(Usage { total_tokens: 4, ..Usage::new(3, 0) }));
    assert_eq!(OpenAiEmbeddings.write_reply(&event, &envelope(false)).unwrap(), body);
    let chat = Event::reply(Reply::text("Hello!"));
    let error = OpenAiEmbeddings.write_reply(&chat, &envelope(false)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadReply);
}

fn check_request_survives(fields: Value) -> IncomingEmbed {
    let mut body = json!({ "model": "m", "input": ["a"] });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let incoming = OpenAiEmbeddings.decode_request(body.to_string().as_bytes(), None).unwrap();
    let sent = OpenAiEmbeddings.encode_request(&incoming.request, incoming.encoding);
    assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), body);
    incoming
}

#[test]
fn inputs_survive_in_every_shape() {
    let inputs = |input: Value| check_request_survives(json!({ "input": input })).request.inputs;
    let tokens = |tokens: &[u32]| EmbedInput::from(tokens.to_vec());
    assert_eq!(inputs(json!("a")), ["a".into()]);
    assert_eq!(inputs(json!("")), ["".into()]);
    assert_eq!(inputs(json!(["a", ""])), ["a".into(), "".into()]);
    assert_eq!(inputs(json!([1, 2])), [tokens(&[1, 2])]);
    assert_eq!(inputs(json!([[1, 2], [3], []])), [tokens(&[1, 2]), tokens(&[3]), tokens(&[])]);
    assert_eq!(inputs(json!(["a", [1]])), ["a".into(), tokens(&[1])]);
    assert_eq!(inputs(json!([])), []);
}

#[test]
fn settings_survive_also_those_that_say_nothing_useful() {
    let settings = |fields: Value| {
        let incoming = check_request_survives(fields);
        (incoming.request.dimensions, incoming.encoding)
    };
    assert_eq!(settings(json!({})), (None, None));
    assert_eq!(settings(json!({ "dimensions": 256, "user": "u" })), (Some(256), None));
    assert_eq!(settings(json!({ "encoding_format": "float" })), (None, Some(Encoding::Float)));
    assert_eq!(settings(json!({ "encoding_format": "base64" })), (None, Some(Encoding::Base64)));
    for odd in [json!(-1), json!("256"), json!(2.5), json!(null), json!(4_294_967_296_u64)] {
        assert_eq!(settings(json!({ "dimensions": odd })), (None, None));
    }
    for odd in [json!("hex"), json!(7), json!(null)] {
        assert_eq!(settings(json!({ "encoding_format": odd })), (None, None));
    }
}

#[test]
fn a_model_in_the_path_counts() {
    for body in [r#"{"input":"a"}"#, r#"{"model":"other","input":"a"}"#, r#"{"model":7,"input":"a"}"#] {
        let incoming = OpenAiEmbeddings.decode_request(body.as_bytes(), Some("my-deployment")).unwrap();
        assert_eq!(&*incoming.request.model, "my-deployment");
        assert!(!incoming.request.extra.contains_key("model"));
    }
}

#[test]
fn a_changed_request_is_written_as_it_was_changed() {
    let mut request = check_request_survives(json!({ "input": "a" })).request;
    request.inputs.push("b".into());
    request.dimensions = Some(8);
    let sent = OpenAiEmbeddings.encode_request(&request, Some(Encoding::Base64));
    let expected = r#"{"model":"m","input":["a","b"],"dimensions":8,"encoding_format":"base64"}"#;
    assert_eq!(sent, expected);
    let typed = EmbedRequest::new("m", [vec![1_u32, 2]]);
    assert_eq!(OpenAiEmbeddings.encode_request(&typed, None), r#"{"model":"m","input":[[1,2]]}"#);
}

#[test]
fn an_answer_of_types_is_written_as_openai_would() {
    let reply = EmbedReply::new("m", vec![vec![0.1, -2.0], vec![1.0, 0.0]], 5);
    let write = |reply: &EmbedReply, encoding| {
        OpenAiEmbeddings.encode_reply(reply, encoding, &envelope(false)).unwrap()
    };
    let expected = concat!(
        r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2.0]},"#,
        r#"{"object":"embedding","index":1,"embedding":[1.0,0.0]}],"#,
        r#""model":"m","usage":{"prompt_tokens":5,"total_tokens":5}}"#,
    );
    assert_eq!(write(&reply, Encoding::Float), expected);
    let expected =
        expected.replace("[0.1,-2.0]", r#""zczMPQAAAMA=""#).replace("[1.0,0.0]", r#""AACAPwAAAAA=""#);
    assert_eq!(write(&reply, Encoding::Base64), expected);
    let nameless = EmbedReply { model: String::new(), ..reply };
    assert_eq!(write(&nameless, Encoding::Base64), expected.replace("\"m\"", "\"m-1\""));
}

fn check_reply_survives(body: Value) -> EmbedReply {
    let reply = OpenAiEmbeddings.decode_reply(body.to_string().into()).unwrap();
    let written = OpenAiEmbeddings.encode_reply(&reply, Encoding::Float, &envelope(false)).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), body);
    reply
}

#[test]
fn answers_survive_whatever_vendors_put_into_them() {
    let item = json!({ "object": "embedding", "index": 0, "embedding": [0.5] });
    let full = json!({
        "object": "list", "data": [item], "model": "m", "id": "emb_1",
        "usage": { "prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3, "cost": 0.5 },
    });
    let reply = check_reply_survives(full);
    assert_eq!((reply.model.as_str(), reply.vectors[0].as_slice()), ("m", [0.5_f32].as_slice()));
    let Usage { prompt_tokens, completion_tokens, total_tokens, .. } = reply.usage.unwrap();
    assert_eq!((prompt_tokens, completion_tokens, total_tokens), (3, 0, 3));

    let uncounted = check_reply_survives(json!({ "object": "list", "data": [item], "model": "m" }));
    assert_eq!((uncounted.usage, uncounted.extra.len()), (None, 0));
    let partly = json!({ "object": "list", "data": [], "model": null, "usage": { "total_tokens": 4 } });
    assert_eq!(check_reply_survives(partly).usage.unwrap().prompt_tokens, 4);
    check_reply_survives(json!({ "object": "embeddings", "data": [item], "model": "", "usage": null }));
    let odd_items = json!([
        { "object": "embedding", "index": 0, "embedding": [0.5], "text": "carried" },
        { "embedding": [0.25] },
    ]);
    check_reply_survives(json!({ "object": "list", "data": odd_items, "model": "m" }));
}

#[test]
fn vectors_stand_in_the_order_of_their_inputs() {
    let item = |index: u32, number: f32| json!({ "index": index, "embedding": [number] });
    let read = |data: Value| {
        OpenAiEmbeddings.decode_reply(json!({ "data": data }).to_string().into()).unwrap().vectors.concat()
    };
    assert_eq!(read(json!([item(2, 0.5), item(0, 0.25), item(1, 1.0)])), [0.25, 1.0, 0.5]);
    assert_eq!(read(json!([item(0, 0.5), item(0, 0.25)])), [0.5, 0.25]);
    assert_eq!(read(json!([{ "embedding": [0.5] }, item(0, 0.25)])), [0.5, 0.25]);
}

#[test]
fn what_is_no_answer_is_said_without_repeating_it() {
    let bodies = [
        "",
        "<html>secret</html>",
        r#"{"data":[{"embedding":[0.1,"#,
        r#"{"data":[{"embedding":"secret"}]}"#,
        r#"{"data":[{"embedding":{"secret":1}}]}"#,
        r#"{"data":[{"secret":1}]}"#,
        r#"{"secret":1}"#,
        r#"[{"embedding":[0.1]}]"#,
    ];
    let told = bodies.map(|body| {
        let error = OpenAiEmbeddings.decode_reply(Bytes::from_static(body.as_bytes())).unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadReply, "{body}");
        assert!(!error.message.contains("secret"), "{error}");
        let passed = OpenAiEmbeddings.read_reply(Bytes::from_static(body.as_bytes()));
        // What is within a vector is not looked at on the way.
        let is_vector = body == r#"{"data":[{"embedding":"secret"}]}"#;
        assert!(
            is_vector && passed.is_ok() || passed.is_err_and(|passed| passed.message == error.message),
            "{body}"
        );
        format!("{body:?}\n  {error}")
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_error_with_status_200_is_an_error() {
    let body = r#"{"error":{"message":"No credits","code":402},"user_id":"u"}"#;
    let error = OpenAiEmbeddings.decode_reply(body.into()).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Upstream, "No credits"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_number_reads_back_as_the_same(numbers in proptest::collection::vec(any::<f32>(), 0..40)) {
        let is_in_json = numbers.iter().all(|number| number.is_finite());
        let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        let reply = EmbedReply::new("m", vec![numbers], 1);
        for encoding in [Encoding::Float, Encoding::Base64] {
            if is_in_json || encoding == Encoding::Base64 {
                let written = OpenAiEmbeddings.encode_reply(&reply, encoding, &envelope(false)).unwrap();
                let read = OpenAiEmbeddings.decode_reply(written).unwrap();
                prop_assert_eq!(bits(&read.vectors[0]), bits(&reply.vectors[0]));
            }
        }
    }
}
