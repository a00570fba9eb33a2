//! The tools that are built in.

mod calculator;

pub use calculator::Calculator;
