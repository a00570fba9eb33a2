//! The binary, judged from outside: exit codes, output, error texts.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod calls;
mod chat;
mod check;
mod fake_server;
mod health;
mod help;
mod invoke;
mod keys;
mod postgres;
mod retention;
mod terminal;
