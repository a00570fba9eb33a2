//! The `playhouse` binary.

use std::process::ExitCode;

use playhouse_cli::Environment;

/// Requests allocate many small things for a short time; the system's allocator spends about twice
/// the time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    playhouse_cli::run(std::env::args_os(), std::env::vars_os().collect::<Environment>())
}
