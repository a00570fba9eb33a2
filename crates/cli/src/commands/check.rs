//! `playhouse check`: the merged configuration, or everything that is wrong with it.

use crate::args::ServeArgs;
use crate::config::{Purpose, load};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

pub(super) fn run(args: &ServeArgs, console: &Console) -> Result<u8, Failure> {
    let loaded = load(&args.flags, &console.environment, Purpose::Serve)?;
    console.write(&loaded.to_toml())?;
    Ok(exit::OK)
}
