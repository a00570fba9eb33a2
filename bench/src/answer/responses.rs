//! OpenAI's Responses.

use bytes::Bytes;

use super::{named, text, word};

/// The events of one answer.
pub(super) fn events(words: usize) -> Vec<Bytes> {
    let text = text(words);
    let part = format!(r#"{{"type":"output_text","annotations":[],"logprobs":[],"text":"{text}"}}"#);
    let empty = r#"{"type":"output_text","annotations":[],"logprobs":[],"text":""}"#;
    let usage = format!(
        r#"{{"input_tokens":10,"input_tokens_details":{{"cached_tokens":0}},"output_tokens":{words},"output_tokens_details":{{"reasoning_tokens":0}},"total_tokens":{}}}"#,
        words + 10
    );
    let place = r#""item_id":"msg_1","output_index":0,"content_index":0"#;
    let asked = response("in_progress", "", "null");
    let mut bodies = vec![
        ("response.created", format!(r#""response":{asked}"#)),
        ("response.in_progress", format!(r#""response":{asked}"#)),
        ("response.output_item.added", format!(r#""output_index":0,"item":{}"#, item("in_progress", ""))),
        ("response.content_part.added", format!(r#"{place},"part":{empty}"#)),
    ];
    let delta = |index| format!(r#"{place},"delta":"{}","logprobs":[]"#, word(index));
    bodies.extend((0..words).map(|index| ("response.output_text.delta", delta(index))));
    let whole = item("completed", &part);
    bodies.extend([
        ("response.output_text.done", format!(r#"{place},"text":"{text}","logprobs":[]"#)),
        ("response.content_part.done", format!(r#"{place},"part":{part}"#)),
        ("response.output_item.done", format!(r#""output_index":0,"item":{whole}"#)),
        ("response.completed", format!(r#""response":{}"#, response("completed", &whole, &usage))),
    ]);
    bodies.iter().enumerate().map(|(number, (kind, body))| event(number, kind, body)).collect()
}

fn event(number: usize, kind: &str, body: &str) -> Bytes {
    named(kind, &format!(r#"{{"type":"{kind}","sequence_number":{number},{body}}}"#))
}

fn item(status: &str, content: &str) -> String {
    format!(
        r#"{{"id":"msg_1","type":"message","status":"{status}","content":[{content}],"role":"assistant"}}"#
    )
}

fn response(status: &str, output: &str, usage: &str) -> String {
    format!(
        r#"{{"id":"resp_1","object":"response","created_at":1700000000,"status":"{status}","background":false,"error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":"gpt-4o-mini","output":[{output}],"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{{"effort":null,"summary":null}},"store":false,"temperature":1.0,"text":{{"format":{{"type":"text"}}}},"tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","usage":{usage},"user":null,"metadata":{{}}}}"#
    )
}
