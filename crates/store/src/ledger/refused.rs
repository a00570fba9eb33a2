//! Records that the database refuses for good, set aside for a person to look at.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The file, within the ledger's folder: one JSON object a line.
pub(super) const NAME: &str = "refused.jsonl";
/// More than this is a defect that floods; a person has seen enough of it.
const MAX_BYTES: u64 = 16 << 20;

/// A record that is set aside, and why.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refused {
    /// What the database or the decoder said.
    pub(super) reason: String,
    /// The record, or what there is of it as text.
    pub(super) record: Value,
}

/// Sets records aside, on the disk itself. `false` when there is no room for more.
pub(super) fn set_aside(folder: &Path, refused: &[Refused]) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(folder.join(NAME))?;
    if file.metadata()?.len() >= MAX_BYTES {
        return Ok(false);
    }
    let mut lines = Vec::new();
    for one in refused {
        serde_json::to_writer(&mut lines, one)?;
        lines.push(b'\n');
    }
    file.write_all(&lines)?;
    file.sync_data()?;
    Ok(true)
}

/// The ids of the records that are set aside, and how many lines there are.
pub(super) fn ids(folder: &Path) -> io::Result<(Vec<String>, u64)> {
    let text = match fs::read_to_string(folder.join(NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Refused>(line).ok());
    let ids = lines.filter_map(|line| Some(line.record.get("id")?.as_str()?.to_owned())).collect();
    Ok((ids, text.lines().count() as u64))
}
