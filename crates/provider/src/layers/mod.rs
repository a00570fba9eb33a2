//! Layers: providers that wrap a provider and add one thing.

mod fallback;
mod limit;
mod meter;
mod reserve;
mod retry;
mod route;
mod tally;

pub use fallback::{Deployment, Fallback};
pub use limit::Limit;
pub use meter::{CallSink, Meter};
pub use reserve::{BoxReservation, Reserve, Settle};
pub use retry::{Retry, RetryPolicy};
pub use route::{Route, Upstream};
pub use tally::Tally;
