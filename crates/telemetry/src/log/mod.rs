//! One JSON object a line.
//!
//! A line has `timestamp`, `level`, `message`, `logger`, `module`, `function`, `line`, then
//! `exception` where there is one, then `request_id`, `trace_id` and `span_id` of the current
//! [scope](crate::scope), then the event's own fields.
//!
//! No key comes twice. An event's own `request_id`, `trace_id` or `span_id` takes the place of the
//! scope's. Any other field whose name is taken gets an underscore (`line_`).
//!
//! An error given as a field (`error = &failure as &dyn std::error::Error`) is written as its
//! message, and its chain of causes becomes the line's `exception`. A field that is `None` is left
//! out.

mod capture;
mod config;
mod escape;
mod fields;
mod filter;
mod function;
mod json;
mod keys;
mod layer;
mod layout;
mod number;
mod panics;
mod queue;
mod stamp;
mod start;
mod style;
mod text;

pub use capture::{CapturedLines, capture};
pub use config::{LogFormat, LogFormatError, LoggingConfig};
pub use filter::{LogFilter, LogFilterError};
#[doc(hidden)]
pub use function::enclosing_function;
pub use layer::{Sink, log_layer};
pub use panics::log_panics;
pub use queue::LineQueue;
pub use start::{LogGuard, StartError, start};
