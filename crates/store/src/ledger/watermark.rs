//! How far the ledger is in the database, kept beside the segments.
//!
//! It is written after the database has committed. Lost or late it does no harm: what lies behind it is sent
//! once more, and the database leaves records alone that it has.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::segment::{self, Position};

const NAME: &str = "watermark";

/// The watermark of a folder; `None` where there is none that can be read.
pub(super) fn load(folder: &Path) -> Option<Position> {
    let text = fs::read(path(folder)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Writes a watermark in place of the one before. A durable one outlasts a power cut.
pub(super) fn save(folder: &Path, position: Position, durable: bool) -> io::Result<()> {
    let path = path(folder);
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(&serde_json::to_vec(&position)?)?;
    if durable {
        file.sync_all()?;
    }
    fs::rename(&new, &path)?;
    if durable { segment::sync_folder(folder) } else { Ok(()) }
}

fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}
