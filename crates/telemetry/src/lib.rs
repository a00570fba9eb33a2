//! Logs, metrics and traces, and the names of all of them.
//!
//! - [`log`]: one JSON object a line on stdout, written by a thread of its own, so that a slow
//!   reader of stdout never slows a request. The macros [`error!`], [`warn!`], [`info!`] and
//!   [`debug!`] add the name of the function they stand in.
//! - [`scope`]: whose request the current code works for. Every line written inside carries its
//!   ids, the lines of other libraries too.
//! - [`trace`]: the W3C trace context.
//! - [`lines`]: the log lines whose fields are a promise: a request's and a call's.
//! - [`agent`]: the lines of an agent's run; [`RunSpans`] are its spans.
//! - [`metrics`]: every metric, its name, labels and buckets, and the Prometheus text of all.
//! - [`otlp`]: traces and the metrics, sent to where the configuration says.
//!
//! It does not read the environment, open a port or decide what is worth counting. It depends on
//! `playhouse-llm` alone; whatever runs may depend on it.

pub mod log;
pub mod scope;
pub mod trace;

pub mod agent;
mod agent_spans;
mod hex;
pub mod lines;
pub mod metrics;
pub mod otlp;
mod random;

pub use agent::{RunLine, StepLine, ToolCallLine};
pub use agent_spans::RunSpans;
pub use lines::{LedgerLine, RequestLine, log_attempt, log_call, log_circuit, log_refused};
pub use log::{CapturedLines, LogFilter, LogFormat, LogGuard, LoggingConfig};
pub use metrics::Metrics;
pub use otlp::{Otlp, TelemetryConfig, Tracer};
pub use scope::{RequestScope, Scoped};
pub use trace::{SpanId, TraceId, TraceParent};

#[doc(hidden)]
pub use tracing as __tracing;
