//! The scripts that Redis runs, each of them whole or not at all.

use redis::Script;

/// Every script; a server that does not know one is told it when it is first used there.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) reserve: Script,
    pub(super) settle: Script,
    pub(super) append: Script,
    pub(super) read: Script,
    pub(super) raise: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            reserve: Script::new(include_str!("scripts/reserve.lua")),
            settle: Script::new(include_str!("scripts/settle.lua")),
            append: Script::new(include_str!("scripts/append.lua")),
            read: Script::new(include_str!("scripts/read.lua")),
            raise: Script::new(include_str!("scripts/raise.lua")),
        }
    }
}
