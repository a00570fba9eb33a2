//! Segments: the ledger's files. Each has a number, a head, and frames one behind the other.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

const MAGIC: [u8; 8] = *b"PHLEDGER";
const VERSION: u32 = 1;
const EXTENSION: &str = "seg";
/// The head: magic, version, number, checksum of these, and room for later.
pub(super) const HEAD: u64 = 32;

/// A place in the ledger: behind all that comes before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Position {
    /// The segment's number.
    pub(super) segment: u64,
    /// How far into its file.
    pub(super) offset: u64,
}

/// What the head of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Frames as this program writes them follow.
    Fine,
    /// A later program has written it.
    Newer(u32),
    /// It cannot be read; the frames behind it perhaps can.
    Damaged,
}

/// The beginning of a segment.
pub(super) fn first(segment: u64) -> Position {
    Position { segment, offset: HEAD }
}

/// A segment's file.
pub(super) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.{EXTENSION}"))
}

/// Makes a new segment, with its head. What is written to it goes to its end.
pub(super) fn create(folder: &Path, number: u64) -> io::Result<File> {
    let path = path(folder, number);
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path)?;
    if let Err(error) = file.write_all(&head(number)) {
        let _ = fs::remove_file(&path);
        return Err(error);
    }
    Ok(file)
}

/// Removes a segment; one that is gone already is no failure.
pub(super) fn remove(folder: &Path, number: u64) -> io::Result<()> {
    match fs::remove_file(path(folder, number)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The numbers of the segments in a folder, lowest first, with their sizes.
pub(super) fn list(folder: &Path) -> io::Result<Vec<(u64, u64)>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(number) = number_of(&entry.path()) {
            // One may go while the others are listed.
            segments.extend(entry.metadata().ok().map(|metadata| (number, metadata.len())));
        }
    }
    segments.sort_unstable();
    Ok(segments)
}

/// The bytes of a segment from an offset on, up to another if one is given.
pub(super) fn read(folder: &Path, from: Position, to: Option<u64>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path(folder, from.segment))?;
    file.seek(SeekFrom::Start(from.offset))?;
    let mut bytes = Vec::new();
    file.take(to.map_or(u64::MAX, |to| to.saturating_sub(from.offset))).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads the head at the beginning of a segment's bytes.
pub(super) fn check_head(bytes: &[u8], number: u64) -> Head {
    let wanted = head(number);
    if bytes.get(..wanted.len()) == Some(&wanted) {
        return Head::Fine;
    }
    let is_head = |found: &&[u8; HEAD as usize]| found[..8] == MAGIC && sum(&found[..20]) == found[20..24];
    let version = bytes.first_chunk().filter(is_head).map(|found| [found[8], found[9], found[10], found[11]]);
    match version.map(u32::from_le_bytes) {
        Some(version) if version > VERSION => Head::Newer(version),
        _ => Head::Damaged,
    }
}

/// Has the folder's entries reach the disk, where the system can be told so.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn number_of(path: &Path) -> Option<u64> {
    let is_segment = path.extension().is_some_and(|extension| extension == EXTENSION);
    path.file_stem().filter(|_| is_segment)?.to_str()?.parse().ok()
}

fn head(number: u64) -> [u8; HEAD as usize] {
    let mut head = [0; HEAD as usize];
    head[..8].copy_from_slice(&MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[12..20].copy_from_slice(&number.to_le_bytes());
    let sum = sum(&head[..20]);
    head[20..24].copy_from_slice(&sum);
    head
}

fn sum(bytes: &[u8]) -> [u8; 4] {
    crc32fast::hash(bytes).to_le_bytes()
}
