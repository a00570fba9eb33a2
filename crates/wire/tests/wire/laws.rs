//! Laws that hold for any input: nothing panics, nothing is lost, a loop back changes nothing.

use bytes::Bytes;
use playhouse_llm::{
    ChoiceDelta, Chunk, Collector, Decode, Event, FinishReason, PartDelta, Reply, Role, Usage,
};
use playhouse_wire::openai::chat::{encode_chunk, encode_prompt, encode_reply};
use playhouse_wire::openai::embeddings::Encoding;
use playhouse_wire::openai::responses;
use playhouse_wire::sse::{Frame, FrameCutter, frames};
use playhouse_wire::{
    AnthropicMessages, Codec, Dialect, OpenAiChat, OpenAiEmbeddings, OpenAiResponses, anthropic,
};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::samples::{
    chunk_sample, embed_reply_sample, embed_request_sample, message_events_sample, message_sample,
    messages_request_sample, reply_sample, request_sample, response_events_sample, response_sample,
    responses_request_sample, stream_of,
};
use crate::support::{MAX_LINE_BYTES, envelope, read_pieces, write_stream, write_with};
use crate::{facts, shown};

/// `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// A change to some place in a JSON value.
#[derive(Clone, Debug)]
struct Change {
    place: usize,
    kind: ChangeKind,
}

#[derive(Clone, Debug)]
enum ChangeKind {
    Replace(Value),
    Remove,
    Add(Value),
    Repeat,
}

fn odd_value() -> impl Strategy<Value = Value> {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.0),
        json!(0.5),
        json!(1u64 << 40),
        json!(""),
        json!("x"),
        json!("f"),
        json!("function"),
        json!("text"),
        json!("assistant"),
        json!([]),
        json!({}),
        json!([null]),
        json!(["x"]),
        json!([{}]),
        json!({ "name": "f" }),
        json!({ "usage": {} }),
        json!({ "type": "text", "text": "t" }),
    ];
    proptest::sample::select(values.to_vec())
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let kind = prop_oneof![
        4 => odd_value().prop_map(ChangeKind::Replace),
        2 => Just(ChangeKind::Remove),
        1 => odd_value().prop_map(ChangeKind::Add),
        1 => Just(ChangeKind::Repeat),
    ];
    proptest::collection::vec((any::<usize>(), kind).prop_map(|(place, kind)| Change { place, kind }), 0..4)
}

fn changed(mut value: Value, changes: &[Change]) -> Value {
    for change in changes {
        let at = change.place % count(&value).max(1);
        apply(&mut value, at, &change.kind);
    }
    value
}

/// How many members and items there are, at any depth.
fn count(value: &Value) -> usize {
    children(value).map(|child| 1 + count(child)).sum()
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => Box::new(std::iter::empty()),
    }
}

fn apply(value: &mut Value, mut at: usize, kind: &ChangeKind) {
    let sizes: Vec<usize> = children(value).map(|child| 1 + count(child)).collect();
    for (position, size) in sizes.into_iter().enumerate() {
        if at == 0 {
            return apply_here(value, position, kind);
        }
        if at < size {
            return apply(child_mut(value, position), at - 1, kind);
        }
        at -= size;
    }
}

fn child_mut(value: &mut Value, position: usize) -> &mut Value {
    match value {
        Value::Array(items) => &mut items[position],
        Value::Object(fields) => fields.values_mut().nth(position).unwrap(),
        _ => unreachable!("only containers have children"),
    }
}

fn apply_here(parent: &mut Value, position: usize, kind: &ChangeKind) {
    match (kind, parent) {
        (ChangeKind::Replace(value), parent) => *child_mut(parent, position) = value.clone(),
        (ChangeKind::Remove, Value::Array(items)) => drop(items.remove(position)),
        (ChangeKind::Remove, Value::Object(fields)) => {
            let key = fields.keys().nth(position).unwrap().clone();
            fields.shift_remove(&key);
        }
        (ChangeKind::Add(value), Value::Array(items)) => items.insert(position, value.clone()),
        (ChangeKind::Add(value), Value::Object(fields)) => drop(fields.insert("added".into(), value.clone())),
        (ChangeKind::Repeat, Value::Array(items)) => items.push(items[position].clone()),
        _ => {}
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_changed_request_survives(changes in changes()) {
        let body = changed(request_sample(), &changes);
        if let Ok(prompt) = OpenAiChat.prompt(body.to_string().as_bytes()) {
            prop_assert_eq!(encode_prompt(&prompt), body);
        }
    }

    #[test]
    fn a_changed_reply_survives(changes in changes()) {
        let body = changed(reply_sample(), &changes);
        let reply = OpenAiChat.reply(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!(encode_reply(&reply), body.clone());
        if let Ok(event) = OpenAiChat.read_reply(body.to_string().into()) {
            let typed = Event::reply(reply);
            prop_assert_eq!(&event.outline().usage, &typed.outline().usage);
        }
    }

    #[test]
    fn changed_embeddings_survive(changes in changes()) {
        let body = changed(embed_request_sample(), &changes);
        if let Ok(incoming) = OpenAiEmbeddings.decode_request(body.to_string().as_bytes(), None) {
            let sent = OpenAiEmbeddings.encode_request(&incoming.request, incoming.encoding);
            prop_assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), body);
        }
        let body = changed(embed_reply_sample(), &changes);
        if let Ok(reply) = OpenAiEmbeddings.decode_reply(body.to_string().into()) {
            let event = OpenAiEmbeddings.read_reply(body.to_string().into()).unwrap();
            prop_assert_eq!(&event.outline().usage, &reply.usage.as_ref().map(Usage::counts));
            let written = OpenAiEmbeddings.encode_reply(&reply, Encoding::Base64, &envelope(false)).unwrap();
            let known_model = !reply.model.is_empty();
            prop_assert!(!known_model || OpenAiEmbeddings.decode_reply(written).unwrap() == reply);
        }
    }

    #[test]
    fn a_changed_chunk_survives_and_is_outlined(changes in changes()) {
        let chunk = changed(chunk_sample(), &changes);
        let frame = format!("data: {chunk}\n\n");
        let decoded = OpenAiChat.chunks(frame.as_bytes()).unwrap().remove(0);
        prop_assert_eq!(encode_chunk(&decoded), chunk);
        let read = read_pieces([frame.as_bytes()], MAX_LINE_BYTES);
        if let Some(event) = read.events.first() {
            let typed = Event::chunk(decoded);
            let (seen, expected) = (event.outline(), typed.outline());
            prop_assert_eq!(&seen.usage, &expected.usage);
            prop_assert_eq!(&seen.finish, &expected.finish);
            prop_assert_eq!(&seen.model, &expected.model.clone().filter(|model| !model.is_empty()));
        }
    }

    #[test]
    fn a_changed_request_for_a_message_survives(changes in changes()) {
        let mut body = changed(messages_request_sample(), &changes);
        if let Ok(prompt) = AnthropicMessages.prompt(body.to_string().as_bytes()) {
            // There must be a bound.
            body.as_object_mut().unwrap().entry("max_tokens").or_insert(4096.into());
            prop_assert_eq!(anthropic::messages::encode_prompt(&prompt), body);
        }
    }

    #[test]
    fn a_changed_message_survives(changes in changes()) {
        let body = changed(message_sample(), &changes);
        let reply = AnthropicMessages.reply(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!(anthropic::messages::encode_reply(&reply), body);
    }

    #[test]
    fn a_changed_request_for_a_response_survives(changes in changes()) {
        let body = changed(responses_request_sample(), &changes);
        if let Ok(prompt) = OpenAiResponses.prompt(body.to_string().as_bytes()) {
            prop_assert_eq!(responses::encode_prompt(&prompt), body);
        }
    }

    #[test]
    fn a_changed_response_survives(changes in changes()) {
        let body = changed(response_sample(), &changes);
        let reply = OpenAiResponses.reply(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!(responses::encode_reply(&reply), body.clone());
        if let Ok(event) = OpenAiResponses.read_reply(body.to_string().into()) {
            let typed = Event::reply(reply);
            prop_assert_eq!(&event.outline().usage, &typed.outline().usage);
            prop_assert_eq!(&event.outline().finish, &typed.outline().finish);
        }
    }

    #[test]
    fn changed_events_of_a_response_are_carried(changes in changes()) {
        let events = changed(response_events_sample(), &changes);
        let stream = stream_of(&events);
        shown::stream(&OpenAiResponses, stream.as_bytes());
        if let Ok(chunks) = OpenAiResponses.chunks(stream.as_bytes()) {
            let carried: Vec<Value> = chunks.into_iter().map(|chunk| chunk.extra.into()).collect();
            prop_assert_eq!(Value::from(carried), events);
        }
    }

    #[test]
    fn changed_events_of_a_message_are_carried(changes in changes()) {
        let events = changed(message_events_sample(), &changes);
        let stream = stream_of(&events);
        shown::stream(&AnthropicMessages, stream.as_bytes());
        if let Ok(chunks) = AnthropicMessages.chunks(stream.as_bytes()) {
            let carried: Vec<Value> = chunks.into_iter().map(|chunk| chunk.extra.into()).collect();
            prop_assert_eq!(Value::from(carried), events);
        }
    }

    #[test]
    fn no_changed_body_makes_anyone_panic(sample in any::<Index>(), changes in changes(), cut in any::<usize>()) {
        let samples = [
            request_sample(), reply_sample(), chunk_sample(), messages_request_sample(), message_sample(),
            embed_request_sample(), embed_reply_sample(), responses_request_sample(), response_sample(),
        ];
        let body = changed(sample.get(&samples).clone(), &changes).to_string();
        shown::everything(body.as_bytes());
        shown::everything(format!("data: {body}\n\ndata: {body}\r\n\r\n").as_bytes());
        shown::everything(&body.as_bytes()[..cut % body.len()]);
    }

    #[test]
    fn no_bytes_make_anyone_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        shown::everything(&bytes);
    }

    #[test]
    fn no_lines_make_anyone_panic(text in r#"((data|event|id|error)?:? ?(\{"(choices|usage|error|messages)":(\[\{\}\]|null|\{\})\}|\[DONE\]|<html>|\\u|")?[\r\n]{0,3}){0,12}"#) {
        shown::everything(text.as_bytes());
    }
}

/// Cuts bytes at these places.
fn split_at<'a>(bytes: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|place| place % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn frames_are_cut_the_same_however_they_are_split(
        frames_sent in proptest::collection::vec(("[^\0]{0,30}", "[a-z]{0,5}", proptest::sample::select(vec!["\n", "\r", "\r\n"])), 0..8),
        places in proptest::collection::vec(any::<usize>(), 0..20),
    ) {
        let mut stream = Vec::new();
        for (data, name, end) in &frames_sent {
            let written = Frame::new(data).named(name).to_bytes();
            stream.extend(std::str::from_utf8(&written).unwrap().replace('\n', end).into_bytes());
        }
        let mut cutter = FrameCutter::new(1 << 10);
        let mut cut = Vec::new();
        for piece in split_at(&stream, &places) {
            cut.extend(cutter.push(Bytes::copy_from_slice(piece)).unwrap());
        }
        prop_assert!(cutter.pending().iter().all(|byte| b"\r\n".contains(byte)));
        let read: Vec<String> = cut.iter().flat_map(|run| frames(run).map(|frame| frame.text().into_owned()).collect::<Vec<_>>()).collect();
        let sent: Vec<String> = frames_sent.iter().map(|(data, _, _)| data.replace("\r\n", "\n").replace('\r', "\n")).collect();
        prop_assert_eq!(read, sent);
    }

    #[test]
    fn a_loop_back_gives_the_same_chunks(
        chunks in chunks(),
        places in proptest::collection::vec(any::<usize>(), 0..30),
    ) {
        let events: Vec<Event> = chunks.iter().cloned().map(Event::chunk).collect();
        let written = write_stream(&events, true);
        let read = read_pieces(split_at(&written, &places), MAX_LINE_BYTES);
        prop_assert!(read.end.is_ok(), "{:?}", read.end);
        let reread: Vec<Chunk> = read.events.iter().flat_map(|event| event.chunks().unwrap().to_vec()).collect();
        prop_assert_eq!(additions(&reread), additions(&chunks));
        prop_assert_eq!(facts::of_reply(&gathered(&reread)), facts::of_reply(&gathered(&chunks)));
        // What was read once is written and read again without any change at all.
        let again = write_stream(&reread.iter().cloned().map(Event::chunk).collect::<Vec<_>>(), true);
        prop_assert_eq!(again, written);
    }

    #[test]
    fn a_loop_back_over_responses_gives_the_same_answer(
        chunks in chunks_of_one(),
        places in proptest::collection::vec(any::<usize>(), 0..30),
    ) {
        let events: Vec<Event> = chunks.iter().cloned().map(Event::chunk).collect();
        let written = write_with(&OpenAiResponses, &events);
        let mut reader = OpenAiResponses.stream_reader(MAX_LINE_BYTES);
        let mut reread = Vec::new();
        for piece in split_at(&written, &places) {
            reader.push(Bytes::copy_from_slice(piece));
            while let Some(event) = reader.next() {
                reread.extend(event.unwrap().chunks().unwrap().to_vec());
            }
        }
        prop_assert!(reader.finish().is_ok());
        let (told, heard) = (facts::of_reply(&gathered(&chunks)), facts::of_reply(&gathered(&reread)));
        prop_assert_eq!(&heard.choices, &told.choices);
        prop_assert_eq!(heard.usage, told.usage.or(Some([0; 3])));
        // What was read once is written and read again without any change at all.
        let again: Vec<Event> = reread.into_iter().map(Event::chunk).collect();
        prop_assert_eq!(write_with(&OpenAiResponses, &again), written);
    }

    #[test]
    fn only_named_edits_are_made(changes in changes(), model in "\\PC{1,8}", stream in any::<bool>(), stream_usage in any::<bool>()) {
        let body = changed(request_sample(), &changes);
        let pretty = serde_json::to_string_pretty(&body).unwrap();
        for text in [body.to_string(), pretty] {
            let Ok(incoming) = OpenAiChat.read_request(text.into()) else { continue };
            let request = incoming.request.for_model(model.as_str().into()).streamed(stream);
            let sent = OpenAiChat.write_request(&request, &Dialect { stream_usage }).unwrap();
            let sent: Value = serde_json::from_slice(&sent).unwrap();
            prop_assert_eq!(&sent, &expected_edits(&body, &model, stream, stream_usage));
            let reread = OpenAiChat.read_request(sent.to_string().into()).unwrap();
            prop_assert_eq!(reread.request.stream, stream);
        }
    }
}

fn expected_edits(body: &Value, model: &str, stream: bool, stream_usage: bool) -> Value {
    let mut expected = body.clone();
    expected["model"] = model.into();
    if (body["stream"] == true) != stream {
        expected["stream"] = stream.into();
    }
    if (!stream && body["stream"] == true) || (stream && !stream_usage) {
        expected.as_object_mut().unwrap().shift_remove("stream_options");
    }
    if stream && stream_usage {
        if !body["stream_options"].is_object() {
            expected["stream_options"] = json!({});
        }
        expected["stream_options"]["include_usage"] = true.into();
    }
    expected
}

/// Answers of types: a few pieces for one or two alternatives, a finish for each, token counts.
fn chunks() -> impl Strategy<Value = Vec<Chunk>> {
    let part = prop_oneof![
        "\\PC{1,12}".prop_map(PartDelta::Text),
        "\\PC{1,12}".prop_map(|text| PartDelta::Reasoning { text, field: "reasoning".into() }),
        "[a-z]{1,5}".prop_map(PartDelta::Refusal),
        (0..3u32, "[a-z]{1,5}", "\\PC{0,9}").prop_map(|(index, name, arguments)| call(
            index,
            Some(name),
            arguments
        )),
        (0..3u32, "\\PC{1,9}").prop_map(|(index, arguments)| call(index, None, arguments)),
    ];
    let pieces = proptest::collection::vec((0..2u32, part), 0..12);
    (pieces, proptest::option::of((0..1000u64, 0..1000u64))).prop_map(|(pieces, counts)| {
        let mut chunks: Vec<Chunk> =
            pieces.into_iter().map(|(index, part)| piece(index, vec![part], None)).collect();
        chunks.push(piece(0, Vec::new(), Some(FinishReason::Stop)));
        chunks.push(piece(1, Vec::new(), Some(FinishReason::Other("x".into()))));
        chunks.extend(counts.map(|(prompt, completion)| Chunk::usage(Usage::new(prompt, completion))));
        chunks
    })
}

/// Answers of types with one alternative: calls begin with what they are.
fn chunks_of_one() -> impl Strategy<Value = Vec<Chunk>> {
    let part = prop_oneof![
        "\\PC{1,12}".prop_map(PartDelta::Text),
        "\\PC{1,12}".prop_map(|text| PartDelta::Reasoning { text, field: "reasoning.summary".into() }),
        "[a-z]{1,5}".prop_map(PartDelta::Refusal),
        (0..3u32, any::<bool>(), "[a-z]{0,9}").prop_map(|(index, opens, arguments)| {
            call(index, opens.then(|| format!("f{index}")), arguments)
        }),
    ];
    let finish = proptest::sample::select(vec![FinishReason::Length, FinishReason::ContentFilter]);
    let counts = proptest::option::of((0..1000u64, 0..1000u64));
    (proptest::collection::vec(part, 0..12), finish, counts).prop_map(|(parts, finish, counts)| {
        let mut begun = Vec::new();
        let parts = parts.into_iter().filter(|part| match part {
            PartDelta::ToolCall { index, name, .. } => {
                begun.extend(name.as_ref().map(|_| *index));
                begun.contains(index)
            }
            _ => true,
        });
        let mut chunks: Vec<Chunk> = parts.map(|part| piece(0, vec![part], None)).collect();
        chunks.push(piece(0, Vec::new(), Some(finish)));
        chunks.extend(counts.map(|(prompt, completion)| Chunk::usage(Usage::new(prompt, completion))));
        chunks
    })
}

fn call(index: u32, name: Option<String>, arguments: String) -> PartDelta {
    let id = name.as_ref().map(|name| format!("call_{name}"));
    PartDelta::ToolCall { index, id, name, arguments: Some(arguments), extra: Default::default() }
}

fn piece(index: u32, parts: Vec<PartDelta>, finish: Option<FinishReason>) -> Chunk {
    let choice = ChoiceDelta { index, role: Some(Role::Assistant), parts, finish, ..ChoiceDelta::default() };
    Chunk { model: Some("m".into()), choices: vec![choice], ..Chunk::default() }
}

/// What chunks add that is anything, in order.
fn additions(chunks: &[Chunk]) -> Vec<(u32, PartDelta)> {
    let choices = chunks.iter().flat_map(|chunk| &chunk.choices);
    let parts = choices.flat_map(|choice| choice.parts.iter().map(|part| (choice.index, part.clone())));
    parts.filter(|(_, part)| !matches!(part, PartDelta::Text(text) if text.is_empty())).collect()
}

fn gathered(chunks: &[Chunk]) -> Reply {
    let mut collector = Collector::default();
    chunks.iter().for_each(|chunk| collector.absorb(chunk));
    let mut reply = collector.into_reply();
    reply.choices.sort_by_key(|choice| choice.index);
    reply
}
