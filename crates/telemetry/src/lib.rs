//! Logs and metrics, and the names of all of them.
//!
//! - [`log`]: one JSON object a line on stdout, written by a thread of its own, so that a slow
//!   reader of stdout never slows a request. The macros [`error!`], [`warn!`], [`info!`] and
//!   [`debug!`] add the name of the function they stand in.
//! - [`scope`]: whose request the current code works for. Every line written inside carries its
//!   ids, the lines of other libraries too.
//! - [`trace`]: the W3C trace context.
//! - [`lines`]: the log lines whose fields are a promise: a request's and a call's.
//! - [`agent`]: the lines and the spans of an agent's run.
//! - [`metrics`]: every metric, its name, labels and buckets, and the Prometheus text of all.
//!
//! It does not read the environment, open a port or decide what is worth counting. It depends on
//! `playhouse-llm` alone; whatever runs may depend on it.

pub mod log;
pub mod scope;
pub mod trace;

pub mod agent;
pub mod lines;
pub mod metrics;

pub use agent::{RunLine, RunSpans, StepLine, ToolCallLine};
pub use lines::{RequestLine, log_attempt, log_call, log_circuit, log_refused};
pub use log::{CapturedLines, LogFilter, LogFormat, LogGuard, LoggingConfig};
pub use metrics::Metrics;
pub use scope::{RequestScope, Scoped};
pub use trace::{SpanId, TraceId, TraceParent};

#[doc(hidden)]
pub use tracing as __tracing;
