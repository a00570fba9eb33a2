//! The turns that this server answers, and the leases it holds on them.
//!
//! In reading order: [`not_begun`] (why one does not begin) → [`desk`] (how many there are, and how they are
//! stopped) → [`pace`] (when a turn that waits has something to do) → [`lease`] (beats, and what becomes of
//! other servers' turns).

pub(crate) mod desk;
pub(crate) mod lease;
mod not_begun;
pub(crate) mod pace;

pub(crate) use not_begun::NotBegun;
