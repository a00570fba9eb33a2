//! Outbound: how a request reaches a vendor, and the layers around that.
//!
//! What it is: [`HttpProvider`], which speaks any codec of `playhouse-wire` to any address; the
//! [`catalog`] of vendors; the layers [`Meter`], [`Cache`], [`Hedge`], [`Fallback`] and [`Balance`],
//! [`Limit`], [`Retry`], [`Breaker`], [`Tally`], and the [`Route`] that finds who serves a model; the
//! price table.
//! What it does not do: it reads no environment, writes no logs and no database; what it measures
//! it hands to a [`CallSink`].
//! Whom it depends on: `playhouse-llm`, `playhouse-wire`, and of `playhouse-store` the place where answers
//! are kept.
//!
//! In reading order: [`config`] → [`catalog`] → [`http`] → [`layers`] → [`price`].

pub mod catalog;
pub mod config;
pub mod http;
pub mod layers;
pub mod price;

pub use catalog::{Vendor, vendor, vendors};
pub use config::{BreakerConfig, CacheConfig, ModelConfig, PriceConfig, ProviderConfig, UpstreamConfig};
pub use http::{Bounds, BuildError, Endpoint, HttpClient, HttpProvider, Timeouts, TlsError};
pub use layers::{
    Balance, BalancePolicy, BoxReservation, Breaker, BreakerPolicy, CACHE_PROVIDER, Cache, CachePolicy,
    CallSink, CircuitBoard, CircuitReading, CircuitState, Circuits, Deployment, Dice, Fallback, Hedge,
    HedgeBudget, Limit, Meter, RateLimited, Reserve, Retry, RetryPolicy, Route, Settle, Tally, Toll, Traced,
    Treatment, Upstream, Vacancy,
};
pub use price::{Price, PriceTable, Quote};
