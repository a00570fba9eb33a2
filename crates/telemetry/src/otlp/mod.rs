//! Traces and metrics over OTLP: protocol buffers, posted over HTTP.
//!
//! - [`TelemetryConfig`]: what is exported, where to, which traces of it.
//! - [`Tracer`]: begins spans. [`RequestSpan`], [`ChatSpan`] and [`RunSpans`](crate::RunSpans) are the
//!   spans of the server, under the names of OpenTelemetry's conventions. A span is written down as it
//!   will be sent, on the thread it ends on, into a bounded queue.
//! - [`Otlp`]: the one task that sends what is queued, and the metrics now and then, and what waits
//!   for it when the process ends.
//!
//! No request waits for any of this or fails because of it: spans that find the queue full are
//! counted and dropped. Without an endpoint nothing runs, and no span is begun.

mod chat;
mod client;
mod config;
mod content;
mod export;
mod exporter;
mod instruments;
mod metrics;
mod protobuf;
mod queue;
mod request;
mod resource;
mod sampler;
mod span;
mod tracer;

pub use chat::{ChatSpan, ChatTarget};
pub use client::ClientError;
pub use config::{ContentCapture, OtlpProtocol, SamplerKind, TelemetryConfig};
pub use exporter::{CapturedExports, Otlp};
pub use queue::SpanCounts;
pub use request::{RequestEnd, RequestSpan, RequestStart};
pub use tracer::Tracer;

pub(crate) use chat::say_usage;
pub(crate) use content::{say_arguments, say_result};
pub(crate) use span::{Kind, Name, Span};
