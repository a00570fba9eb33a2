//! What the targets do with the bytes that libFuzzer makes up: show them to one reader.
//!
//! The readers are those of the tests of `playhouse-wire`; adding one is adding it there, a function here, and a
//! file in `targets/`.

#[path = "../../crates/wire/tests/wire/shown.rs"]
mod shown;

use playhouse_wire::{AnthropicMessages, OpenAiChat, OpenAiEmbeddings, OpenAiResponses};

/// Declares what the targets call: a name, and the reader that the bytes are shown.
macro_rules! targets {
    ($($(#[doc = $about:literal])+ $name:ident: $reader:ident($($codec:ident)?);)+) => {
        $($(#[doc = $about])+ pub fn $name(bytes: &[u8]) {
            shown::$reader($(&$codec,)? bytes);
        })+
    };
}

targets! {
    /// Everything that reads bytes.
    everything: everything();
    /// The framing of event streams.
    sse: sse();
    /// Requests for chat completions.
    chat_request: request(OpenAiChat);
    /// Whole chat completions.
    chat_reply: reply(OpenAiChat);
    /// Streamed chat completions.
    chat_stream: stream(OpenAiChat);
    /// OpenAI's refusals.
    chat_error: error(OpenAiChat);
    /// OpenAI's lists of models.
    chat_models: models(OpenAiChat);
    /// Requests for messages.
    messages_request: request(AnthropicMessages);
    /// Whole messages, and counts of tokens.
    messages_reply: reply(AnthropicMessages);
    /// Streamed messages.
    messages_stream: stream(AnthropicMessages);
    /// Anthropic's refusals.
    messages_error: error(AnthropicMessages);
    /// Anthropic's lists of models.
    messages_models: models(AnthropicMessages);
    /// Requests for responses.
    responses_request: request(OpenAiResponses);
    /// Whole responses.
    responses_reply: reply(OpenAiResponses);
    /// Streamed responses.
    responses_stream: stream(OpenAiResponses);
    /// Requests and streams of responses that are kept.
    responses_kept: kept();
    /// Requests for embeddings.
    embeddings_request: request(OpenAiEmbeddings);
    /// Embeddings.
    embeddings_reply: reply(OpenAiEmbeddings);
}
