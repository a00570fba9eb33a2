//! The load generators and the paced upstream of `bench/run`.
//!
//! What it is: one small binary. `answer` prints a streamed answer, `paced-upstream` streams it at a fixed pace, `load`
//! asks for answers and measures, `startup` times how fast a server begins to answer. Each prints
//! its figures as `name=value`, one a line, for the script to read.
//! What it does not do: it decides nothing about targets; that is the script's work.
//! Whom it depends on: nobody in this workspace, on purpose. A checker that shared the product's
//! codec would share its mistakes.
//!
//! In reading order: [`answer`] → [`paced_upstream`] → [`stream_check`] → [`load`] → [`startup`].

mod answer;
mod error;
mod load;
mod paced_upstream;
mod startup;
mod stats;
mod stream_check;

use std::fmt::Display;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::Error;

/// Load generators and a paced upstream for the benches.
#[derive(Parser)]
#[command(name = "playhouse-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print one fixed streamed answer.
    Answer(answer::Options),
    /// Serve one fixed streamed answer, each event in a write of its own.
    PacedUpstream(paced_upstream::Options),
    /// Generate load and print what it met.
    #[command(subcommand)]
    Load(Load),
    /// Start a command again and again; print how long it took to answer, and its idle memory.
    Startup(startup::Options),
}

#[derive(Subcommand)]
enum Load {
    /// Open many streams at once and check each of them whole.
    Streams(load::streams::Options),
    /// Send requests on a fixed schedule, whatever the server does, and measure from the schedule.
    Rate(load::rate::Options),
    /// Send the next request when the last is answered, each connection in a session of its own.
    Closed(load::closed::Options),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(report) => print(&report),
        Err(error) => complain(&error),
    }
}

fn run(command: Command) -> Result<Box<dyn Display>, Error> {
    Ok(match command {
        Command::Answer(options) => Box::new(answer::write(&options)),
        Command::PacedUpstream(options) => on_one_thread(paced_upstream::serve(options))?,
        Command::Load(Load::Streams(options)) => Box::new(on_one_thread(load::streams::run(options))?),
        Command::Load(Load::Rate(options)) => Box::new(load::rate::run(&options)?),
        Command::Load(Load::Closed(options)) => Box::new(load::closed::run(&options)?),
        Command::Startup(options) => Box::new(startup::run(&options)?),
    })
}

/// One thread, because the script gives stub and load one core between them.
fn on_one_thread<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Error::Runtime)?.block_on(work)
}

#[expect(clippy::print_stdout, reason = "figures are this program's output")]
fn print(report: &dyn Display) -> ExitCode {
    print!("{report}");
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "the one place that tells a person what went wrong")]
fn complain(error: &Error) -> ExitCode {
    eprintln!("playhouse-bench: {error}");
    ExitCode::FAILURE
}
