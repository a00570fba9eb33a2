//! Layers: providers that wrap a provider and add one thing.

mod fallback;
mod limit;
mod meter;
mod retry;
mod route;
mod tally;
mod trace;

pub use fallback::{Deployment, Fallback};
pub use limit::Limit;
pub use meter::{CallSink, Meter};
pub use retry::{Retry, RetryPolicy};
pub use route::{Route, Upstream};
pub use tally::Tally;
pub use trace::Traced;
