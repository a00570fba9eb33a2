//! The fixed answer that streams carry, in each protocol.

mod chat;
mod messages;
mod responses;

use bytes::Bytes;
use clap::{Args, ValueEnum};

/// What a stream is written in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Protocol {
    /// OpenAI's chat completions.
    Chat,
    /// Anthropic's Messages.
    Messages,
    /// OpenAI's Responses.
    Responses,
}

/// Which answer to print.
#[derive(Args)]
pub(crate) struct Options {
    /// What it is written in.
    #[arg(long, value_enum)]
    protocol: Protocol,
    /// Words in the answer.
    #[arg(long, default_value_t = 100)]
    words: usize,
}

/// An answer as a text, for a server of files.
pub(crate) fn write(options: &Options) -> String {
    let events = events(options.protocol, options.words);
    events.iter().map(|event| String::from_utf8_lossy(event)).collect()
}

/// The server-sent events of one answer of `words` words: what opens it, each word, what ends it.
pub(crate) fn events(protocol: Protocol, words: usize) -> Vec<Bytes> {
    match protocol {
        Protocol::Chat => chat::events(words),
        Protocol::Messages => messages::events(words),
        Protocol::Responses => responses::events(words),
    }
}

/// The text of an answer of `words` words.
pub(crate) fn text(words: usize) -> String {
    (0..words).map(word).collect()
}

/// The `index`-th word of the answer.
fn word(index: usize) -> String {
    format!(" word{index}")
}

/// An event with a name.
fn named(name: &str, data: &str) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
