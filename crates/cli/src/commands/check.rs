//! `playhouse check`: the merged configuration, or everything that is wrong with it; or scripts.

use super::mock;
use crate::args::CheckArgs;
use crate::config::{Purpose, load};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

pub(super) fn run(args: &CheckArgs, console: &Console) -> Result<u8, Failure> {
    if !args.scripts.is_empty() {
        return mock::check(&args.scripts, console);
    }
    let loaded = load(&args.flags, &console.environment, Purpose::Serve)?;
    console.write(&loaded.to_toml())?;
    Ok(exit::OK)
}
