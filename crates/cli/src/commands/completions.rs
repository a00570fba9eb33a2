//! `playhouse completions`: a script that teaches a shell the commands and flags.

use clap::CommandFactory;
use clap_complete::generate;

use crate::args::{Args, CompletionsArgs};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

pub(super) fn run(args: &CompletionsArgs, console: &Console) -> Result<u8, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut Args::command(), "playhouse", &mut script);
    console.write(&String::from_utf8_lossy(&script))?;
    Ok(exit::OK)
}
