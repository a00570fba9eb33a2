//! The commands, one file or folder each.

pub mod demo;
pub mod serve;

mod calls;
mod chat;
mod check;
mod completions;
mod health;
mod keys;
mod mock;
mod sharing;
mod signals;

use tokio::runtime::{Builder, Runtime};

use crate::args::Command;
use crate::console::Console;
use crate::failure::Failure;

/// Runs a command; says what to exit with.
pub(crate) fn run(command: Command, console: &Console) -> Result<u8, Failure> {
    match command {
        Command::Serve(args) => serve::run(&args, console),
        Command::Demo(args) => demo::run(&args, console),
        Command::Chat(args) => chat::run(args, console),
        Command::Calls(args) => calls::run(args, console),
        Command::Keys(args) => keys::run(&args, console),
        Command::Mock(args) => mock::run(&args, console),
        Command::Check(args) => check::run(&args, console),
        Command::Health(args) => health::run(&args, console),
        Command::Completions(args) => completions::run(&args, console),
    }
}

/// A runtime for the commands that do one thing at a time.
fn small_runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::work(format!("cannot start: {error}")))
}
