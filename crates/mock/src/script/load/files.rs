//! The files that a script is read from.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::format::Format;
use super::problem::ScriptProblem;
use super::source::Source;

/// What a function here fails with; as a whole it is large.
type Problem = Box<ScriptProblem>;

/// Some five times a script of 10,000 rules.
const MAX_FILE_BYTES: u64 = 8 << 20;

/// No more is read of all files of a script.
pub(super) const MAX_BYTES: u64 = 64 << 20;

/// No folder of scripts has more.
const MAX_FILES: usize = 1000;

/// Folders deeper than this are most probably a link to one of those above.
const MAX_FOLDERS: usize = 16;

/// What replies read as they are lies in folders of this name; nothing in them is a script.
const FIXTURES: &str = "fixtures";

/// What some editors write before the text.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The script files that these paths mean: files as they are, and all below a folder, sorted.
///
/// # Errors
/// When a path is not there, is no script, or is a folder without one.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<ScriptProblem>> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match files_of(path) {
            Ok(more) => files.extend(more),
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_dir() {
        return match Format::of_path(path) {
            Some(_) => Ok(vec![path.to_owned()]),
            None => {
                Err(of_path(path, "this is no script").help("name it .yaml, .yml, .json or .toml").into())
            }
        };
    }
    let mut files = Vec::new();
    walk(path, 0, &mut files)?;
    match files.len() {
        0 => Err(of_path(path, "there is no script in this folder")
            .help("scripts end in .yaml, .yml, .json or .toml")
            .into()),
        _ => Ok(files),
    }
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let mut entries = entries.map_err(|error| unreadable(folder, &error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        // Hidden are the files of editors, of version control and behind mounted configuration.
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if path.is_dir() {
            if name != FIXTURES && depth < MAX_FOLDERS {
                walk(&path, depth + 1, files)?;
            }
        } else if path.is_file() && Format::of_path(&path).is_some() {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            let message = format!("there are more than {MAX_FILES} scripts in this folder");
            return Err(of_path(folder, message).into());
        }
    }
    Ok(())
}

/// The text of a file; `left` is how many bytes scripts may still have together.
///
/// # Errors
/// When it cannot be read, is too large, or is no text.
pub(super) fn read(path: &Path, left: &mut u64) -> Result<Source, Problem> {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
    file.map_err(|error| unreadable(path, &error))?;
    *left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
        let message = format!("the scripts up to here are larger than {MAX_BYTES} bytes together");
        of_path(path, message)
    })?;
    source(&path.display().to_string(), bytes)
}

/// Bytes as the source of a script.
///
/// # Errors
/// When they are too many, or no text.
pub(super) fn source(name: &str, bytes: Vec<u8>) -> Result<Source, Problem> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!("the script is larger than {MAX_FILE_BYTES} bytes");
        return Err(ScriptProblem::of_file(name, message).into());
    }
    let text =
        String::from_utf8(bytes).map_err(|_| ScriptProblem::of_file(name, "the script is not UTF-8"))?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).map(str::to_owned).unwrap_or(text);
    Ok(Source { name: name.into(), text })
}

fn of_path(path: &Path, message: impl Into<String>) -> ScriptProblem {
    ScriptProblem::of_file(path.display().to_string(), message)
}

fn unreadable(path: &Path, error: &io::Error) -> ScriptProblem {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    of_path(path, format!("cannot read the script: {reason}"))
}
