//! One question: from the command line or a pipe, its answer to standard output.

use std::io::{self, IsTerminal, Read};
use std::time::Instant;

use super::Thread;
use super::api::ChatClient;
use super::printer::{Stop, print, summary};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

/// No server takes a larger message by default.
const MAX_INPUT_BYTES: u64 = 16 << 20;

/// Reads the whole of standard input as one question.
pub(super) fn read_input() -> Result<String, Failure> {
    let mut input = String::new();
    io::stdin()
        .take(MAX_INPUT_BYTES + 1)
        .read_to_string(&mut input)
        .map_err(|error| Failure::work(format!("cannot read the question from standard input: {error}")))?;
    if input.len() as u64 > MAX_INPUT_BYTES {
        return Err(Failure::Usage(format!("the question is longer than {MAX_INPUT_BYTES} bytes")));
    }
    match input.trim() {
        "" => Err(Failure::Usage(
            "there is no question: type one after `playhouse chat`, or pipe one in".to_owned(),
        )),
        question => Ok(question.to_owned()),
    }
}

/// Asks, and writes the answer to its end.
pub(super) async fn ask(
    client: &ChatClient,
    thread: &Thread,
    message: &str,
    console: &Console,
) -> Result<u8, Failure> {
    let started = Instant::now();
    let failed = |error: &dyn std::fmt::Display| Failure::work(error.to_string());
    let mut answer = client.ask(thread, message).await.map_err(|error| failed(&error))?;
    match print(&mut answer, console).await {
        Ok(done) => {
            if io::stderr().is_terminal() {
                console.remark(&console.err.dim(&summary(&done, started)));
            }
            Ok(exit::OK)
        }
        Err(Stop::Output(failure)) => Err(failure),
        Err(Stop::Chat(error)) => Err(failed(&error)),
    }
}
