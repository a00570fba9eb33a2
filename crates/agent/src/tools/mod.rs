//! The tools that are built in.

mod calculator;
mod current_time;
#[cfg(feature = "http")]
mod http_get;

pub use calculator::Calculator;
pub use current_time::CurrentTime;
#[cfg(feature = "http")]
pub use http_get::{HttpGet, HttpGetConfig, HttpGetError};
