//! The database's file: where it is, which one it is, and that it is ours alone.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use crate::StoreError;

/// Which file lies at a path; another one after a move, a restore or a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file at this path, if there is one.
    pub(super) fn at(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[cfg(unix)]
    fn of(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Without inodes only a missing file can be told.
    #[cfg(not(unix))]
    fn of(_: &fs::Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }
}

/// Makes sure that there is a file, readable by its owner alone: it will hold conversations.
///
/// SQLite gives its side files the same permissions.
pub(super) fn create_private(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| unusable(path, &error))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unusable(path, &error)),
        _ => Ok(()),
    }
}

/// Claims the database for this process until the returned file is closed.
///
/// The lock lies on a file of its own: opening and closing the database's file beside SQLite would
/// drop SQLite's locks.
///
/// # Errors
/// [`StoreError::InUse`] when another process has claimed it.
pub(super) fn claim(path: &Path) -> Result<File, StoreError> {
    let claimed = crate::claim::claim(&path.with_added_extension("lock"));
    claimed
        .map_err(|error| unusable(path, &error))?
        .ok_or_else(|| StoreError::InUse { path: path.to_owned() })
}

/// The database cannot be used because of its file.
pub(super) fn unusable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::unavailable(format!(
        "'{}' cannot be used: {error}; check that its directory exists and that this user may write there",
        path.display()
    ))
}
