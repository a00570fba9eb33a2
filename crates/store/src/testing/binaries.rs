//! Where the servers' binaries are, and what happens when they are missing.

use std::env;
use std::path::{Path, PathBuf};

/// The program of this name on the search path.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// The folder that holds PostgreSQL's programs: one on the search path, or the newest of Debian's.
pub(super) fn of_postgres() -> Option<PathBuf> {
    let has_server =
        |folder: &Path| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    // Debian puts links to the clients on the path, and the server beside the real ones.
    let found = on_path("postgres").and_then(|program| program.canonicalize().ok());
    let found =
        found.and_then(|program| program.parent().map(Path::to_owned)).filter(|folder| has_server(folder));
    found.or_else(|| debians().into_iter().rev().find(|folder| has_server(folder)))
}

/// The folders of the versions that Debian's packages install, oldest first.
fn debians() -> Vec<PathBuf> {
    let Ok(entries) = Path::new("/usr/lib/postgresql").read_dir() else { return Vec::new() };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin")))
        })
        .collect();
    versions.sort();
    versions.into_iter().map(|(_, folder)| folder).collect()
}

/// Says that a test is skipped for want of a server; fails where all servers are expected.
pub(super) fn missing(server: &str) {
    let required = env::var_os("PLAYHOUSE_REQUIRE_SERVICES").is_some_and(|value| value == "1");
    assert!(!required, "{server} is not installed, and PLAYHOUSE_REQUIRE_SERVICES=1 asks for it");
    eprintln!("skipped: {server} is not installed");
}
