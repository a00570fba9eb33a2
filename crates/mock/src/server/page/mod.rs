//! The page at `/__playhouse/`: namespaces, their calls as they come, and why each was answered so.

/// The page is one file that asks nobody but this server.
pub(super) const PAGE: &str = include_str!("page.html");
