//! The server through its front door: any provider behind it, no socket before it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise, its helpers too"
)]

mod agents;
mod background_responses;
mod bad_input;
mod chat;
mod compatible;
mod contract;
mod crossing;
mod embeddings;
mod idempotency;
mod kept_responses;
mod keyed;
mod keys;
mod limits;
mod loopback;
mod messages;
mod operations;
mod replicas;
mod resilience;
mod responses;
mod sessions;
mod sockets;
mod stored_keys;
mod support;
mod turns;
