//! Anthropic's protocols.

pub mod messages;
