//! Anthropic's Messages.

use bytes::Bytes;

use super::{named, word};

/// The events of one answer.
pub(super) fn events(words: usize) -> Vec<Bytes> {
    let start = r#"{"type":"message_start","message":{"model":"claude-haiku-4-5","id":"msg_1","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":1}}}"#;
    let open = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let mut events = vec![named("message_start", start), named("content_block_start", open)];
    events.extend((0..words).map(delta));
    let stop = format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn","stop_sequence":null}},"usage":{{"output_tokens":{words}}}}}"#
    );
    events.push(named("content_block_stop", r#"{"type":"content_block_stop","index":0}"#));
    events.push(named("message_delta", &stop));
    events.push(named("message_stop", r#"{"type":"message_stop"}"#));
    events
}

fn delta(index: usize) -> Bytes {
    let text = word(index);
    let delta = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
    );
    named("content_block_delta", &delta)
}
