//! The tools that are built in.

mod calculator;
mod current_time;

pub use calculator::Calculator;
pub use current_time::CurrentTime;
