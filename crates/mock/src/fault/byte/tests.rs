//! Each kind of fault on a stream and on a whole answer, as the codec writes them.

use playhouse_llm::{Chunk, FinishReason, Message, Prompt, Request, Usage};
use playhouse_wire::Envelope;

use super::*;
use crate::call::{Facts, Form};
use crate::plan::Content;
use crate::protocols::openai::chat::Chat;
use crate::protocols::{FrameKind, MockProtocol};

const ERROR: &str = "data: {\"error\":{}}\n\n";

/// An answer with these words, as a stream with token counts or as a whole.
fn frames(stream: bool) -> Frames {
    let mut chunks = vec![Chunk::start()];
    chunks.extend(["alpha ", "beta ", "gamma "].map(Chunk::text));
    chunks.push(Chunk::finish(FinishReason::Stop));
    chunks.push(Chunk::usage(Usage::new(1, 3)));
    let mut request = Request::new("gpt-4o", Prompt::new(vec![Message::user("Hi")]));
    request.stream = stream;
    let facts = Facts::chat("openai-chat", request, Form::default(), Bytes::new());
    let envelope = Envelope { id: "1".into(), created: 0, model: "gpt-4o".into(), include_usage: true };
    Chat.write(&Content::Chat(chunks.into()), &facts, &envelope).unwrap()
}

fn met(form: &str, stream: bool) -> Frames {
    apply(&form.parse().unwrap(), frames(stream), || Bytes::from_static(ERROR.as_bytes()))
}

/// An event in a word or two: what it carries, or what is wrong with it.
fn told(event: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(event) else { return "not UTF-8".to_owned() };
    let Some(data) = text.strip_prefix("data: ").and_then(|text| text.strip_suffix("\n\n")) else {
        return format!("no event: {text:?}");
    };
    if data == "[DONE]" {
        return data.to_owned();
    }
    let Ok(json) = serde_json::from_str::<serde_json::Value>(data) else { return "not JSON".to_owned() };
    if json.get("error").is_some() {
        return "error".to_owned();
    }
    let choice = &json["choices"][0];
    match (&choice["delta"]["role"], &choice["delta"]["content"], &choice["finish_reason"]) {
        (role, ..) if role.is_string() => "role".to_owned(),
        (_, content, _) if content.is_string() => content.as_str().unwrap().trim().to_owned(),
        (.., finish) if finish.is_string() => "finish".to_owned(),
        _ if json["usage"].is_object() => "usage".to_owned(),
        _ => format!("unknown: {json}"),
    }
}

fn stream_after(form: &str) -> String {
    let frames = met(form, true);
    assert_eq!(frames.ends.last().map_or(0, |(end, _)| *end), frames.bytes.len(), "all bytes are in frames");
    let events: Vec<String> = Events::of(&frames).list.iter().map(|(event, _)| told(event)).collect();
    events.join(" ")
}

fn body_after(form: &str) -> Bytes {
    let frames = met(form, false);
    assert_eq!(frames.ends, [(frames.bytes.len(), FrameKind::Whole)]);
    frames.bytes
}

#[test]
fn events_are_told_apart_though_a_frame_holds_several() {
    assert_eq!(stream_after("cut"), "role alpha beta gamma finish usage [DONE]", "a cut changes no bytes");
    let kinds: Vec<FrameKind> = Events::of(&frames(true)).list.iter().map(|(_, kind)| *kind).collect();
    use FrameKind::{End, Finish, Output, Start, Usage};
    assert_eq!(kinds, [Start, Output, Output, Output, Finish, Usage, End]);
}

#[test]
fn one_event_of_a_stream_is_spoiled() {
    for (form, stream) in [
        ("malformed_chunk", "role alpha not JSON gamma finish usage [DONE]"),
        ("malformed_chunk:after_events=0", "not JSON alpha beta gamma finish usage [DONE]"),
        ("malformed_chunk:after_events=99", "role alpha beta gamma finish not JSON [DONE]"),
        ("invalid_utf8", "role alpha not UTF-8 gamma finish usage [DONE]"),
        ("truncated_json", "role alpha not JSON"),
        ("truncated_json:after_events=0", "not JSON"),
        ("duplicate_chunk", "role alpha beta beta gamma finish usage [DONE]"),
        ("reordered_chunks", "role alpha gamma beta finish usage [DONE]"),
        ("reordered_chunks:after_events=99", "role alpha beta gamma usage finish [DONE]"),
    ] {
        assert_eq!(stream_after(form), stream, "{form}");
    }
}

#[test]
fn events_of_a_stream_are_missing() {
    for (form, stream) in [
        ("missing_done", "role alpha beta gamma finish usage"),
        ("missing_finish", "role alpha beta gamma usage [DONE]"),
        ("error_event", "role alpha beta error"),
        ("error_event:after_events=1", "role error"),
        ("error_event:after_events=0", "error"),
        ("empty", ""),
    ] {
        assert_eq!(stream_after(form), stream, "{form}");
    }
}

#[test]
fn a_place_can_be_said_in_bytes() {
    let role_bytes = Events::of(&frames(true)).list[0].0.len();
    let in_alpha = role_bytes + 40;
    assert_eq!(stream_after(&format!("error_event:after_bytes={in_alpha}")), "role error");
    assert_eq!(
        stream_after(&format!("malformed_chunk:after_bytes={in_alpha}")),
        "role not JSON beta gamma finish usage [DONE]"
    );
    let cut = met(&format!("truncated_json:after_bytes={in_alpha}"), true);
    assert_eq!(cut.bytes.len(), in_alpha + 2, "the event still ends with an empty line");
    assert_eq!(cut.bytes[..in_alpha], frames(true).bytes[..in_alpha]);
}

#[test]
fn a_byte_that_is_not_utf8_stands_in_the_text() {
    let text = String::from_utf8_lossy(&met("invalid_utf8", true).bytes).into_owned();
    assert!(text.contains("\"content\":\"\u{FFFD}beta \""), "{text}");
}

#[test]
fn a_body_is_spoiled_as_near_as_can_be() {
    let whole = frames(false).bytes;
    let half = whole.len() / 2;
    let is_json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
    for form in ["malformed_chunk", "truncated_json", "missing_done", "duplicate_chunk", "reordered_chunks"] {
        assert!(!is_json(&body_after(form)), "{form}");
    }
    assert!(std::str::from_utf8(&body_after("invalid_utf8")).is_err());
    assert_eq!(body_after("truncated_json"), whole[..half]);
    assert_eq!(body_after("truncated_json:after_bytes=10"), whole[..10]);
    assert_eq!(body_after("truncated_json:after_bytes=99999"), whole[..whole.len() - 1]);
    assert_eq!(body_after("missing_done"), whole[..whole.len() - 1]);
    assert_eq!(body_after("duplicate_chunk").len(), whole.len() * 2);
    assert_eq!(body_after("reordered_chunks").len(), whole.len());
    assert_eq!(body_after("error_event"), ERROR);
    assert_eq!(body_after("empty"), "");
    assert_eq!(body_after("missing_finish"), whole);
}

#[test]
fn answers_of_any_shape_are_spoiled_without_a_panic() {
    let odd = ["", "{", "{}", "\n\n", "[DONE]", "data: [DONE]\n\n", "data: {}\r\n\r\ndata: x", "é"];
    let kinds = [FrameKind::Whole, FrameKind::Output, FrameKind::End];
    for (text, kind) in odd.iter().flat_map(|text| kinds.map(|kind| (text, kind))) {
        for (fault, place) in crate::script::FaultKind::ALL.iter().flat_map(|fault| {
            ["", ":after_events=0", ":after_events=5", ":after_bytes=0", ":after_bytes=3"]
                .map(|place| (fault, place))
        }) {
            let bytes = Bytes::from_static(text.as_bytes());
            let frames = Frames { content_type: "x", ends: vec![(bytes.len(), kind)], bytes };
            let spec = format!("{}{place}", fault.as_str()).parse().unwrap();
            apply(&spec, frames, Bytes::new);
        }
    }
}
