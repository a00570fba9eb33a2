//! Layers: providers that wrap a provider and add one thing.
//!
//! In reading order: [`Meter`] → [`Cache`] (`keeping`, `kept`) → [`Route`] → [`Hedge`] → [`Fallback`] and
//! [`Balance`] (`deployment`, `latency`, `dice`) → [`Limit`] → [`Retry`] → [`Breaker`] (`circuits`,
//! `circuit`, `recent`) → [`Tally`]. What each does about a failure is in [`Treatment`].

mod balance;
mod breaker;
mod cache;
mod circuit;
mod circuits;
mod deployment;
mod dice;
mod fallback;
mod hedge;
mod keeping;
mod kept;
mod latency;
mod limit;
mod meter;
mod recent;
mod reserve;
mod retry;
mod route;
mod tally;
mod trace;
mod treatment;

pub use balance::{Balance, BalancePolicy};
pub use breaker::Breaker;
pub use cache::{CACHE_PROVIDER, Cache, CachePolicy};
pub use circuit::{BreakerPolicy, CircuitState, RateLimited};
pub use circuits::{CircuitBoard, CircuitReading, Circuits};
pub use deployment::{Deployment, Vacancy};
pub use dice::Dice;
pub use fallback::Fallback;
pub use hedge::{Hedge, HedgeBudget};
pub use limit::Limit;
pub use meter::{CallSink, Meter};
pub use reserve::{BoxReservation, Reserve, Settle};
pub use retry::{Retry, RetryPolicy};
pub use route::{Route, Upstream};
pub use tally::Tally;
pub use trace::Traced;
pub use treatment::{Toll, Treatment};
