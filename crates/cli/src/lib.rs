//! The `playhouse` command line: what a person types, and the configuration behind it.
//!
//! What it is: the commands (`serve`, `demo`, `chat`, `calls`, `check`, `health`, `completions`),
//! and the one place that reads files, environment and flags into a [`Config`](config::Config).
//! What it does not do: it answers no request and holds no wire format of a vendor.
//! Whom it depends on: every other crate; nobody depends on it.
//!
//! In reading order: [`args`] → [`config`] → [`commands`] → [`failure`] and [`exit`].

pub mod args;
pub mod commands;
pub mod config;
pub mod environment;
pub mod exit;
pub mod failure;

mod console;
mod http_client;
mod style;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

pub use environment::Environment;
pub use failure::Failure;
pub use style::Style;

use crate::args::Args;
use crate::console::Console;

/// Runs the command that these words name, in this environment.
pub fn run<I, W>(words: I, environment: Environment) -> ExitCode
where
    I: IntoIterator<Item = W>,
    W: Into<OsString> + Clone,
{
    let console = Console::new(environment);
    let color = if console.err.is_plain() { clap::ColorChoice::Never } else { clap::ColorChoice::Auto };
    let parsed = Args::command().color(color).try_get_matches_from(words);
    let args = match parsed.and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => args,
        Err(told) => {
            // Help and version are errors to clap, and go to stdout. A closed pipe is no failure.
            let _ = told.print();
            return ExitCode::from(if told.use_stderr() { exit::USAGE } else { exit::OK });
        }
    };
    match commands::run(args.command, &console) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            console.tell(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
