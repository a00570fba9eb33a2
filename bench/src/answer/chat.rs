//! OpenAI's chat completions: the same events as the stub upstream's file, so that one check fits both.

use bytes::Bytes;

use super::word;

/// The events of one answer: the role, each word, the finish, the usage, `[DONE]`.
pub(super) fn events(words: usize) -> Vec<Bytes> {
    let role = choice(r#"{"role": "assistant", "content": ""}"#, "null");
    let word = |index| choice(&format!(r#"{{"content": "{}"}}"#, word(index)), "null");
    let finish = choice("{}", r#""stop""#);
    let mut events = vec![role];
    events.extend((0..words).map(word));
    events.extend([finish, usage(words), "data: [DONE]\n\n".to_owned()]);
    events.into_iter().map(Bytes::from).collect()
}

fn choice(delta: &str, finish_reason: &str) -> String {
    chunk(
        &format!(r#"[{{"index": 0, "delta": {delta}, "finish_reason": {finish_reason}, "logprobs": null}}]"#),
        "null",
    )
}

fn usage(words: usize) -> String {
    let total = words + 10;
    let usage = format!(r#"{{"prompt_tokens": 10, "completion_tokens": {words}, "total_tokens": {total}}}"#);
    chunk("[]", &usage)
}

fn chunk(choices: &str, usage: &str) -> String {
    let head = r#""id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "gpt-4o-mini""#;
    format!("data: {{{head}, \"choices\": {choices}, \"usage\": {usage}}}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_words_are_the_stub_upstreams_stream() {
        let stub = include_bytes!("../../baselines/upstream/stream.sse");
        assert_eq!(events(100).concat(), stub);
    }
}
