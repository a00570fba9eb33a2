//! What the process tells whoever started it.

/// All went well.
pub const OK: u8 = 0;

/// The command could not do its work.
pub const FAILURE: u8 = 1;

/// The command line or the configuration is wrong; nothing was tried.
pub const USAGE: u8 = 2;
