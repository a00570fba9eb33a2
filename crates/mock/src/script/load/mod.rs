//! Loading scripts: files read, given types, reviewed, and put together.
//!
//! In reading order: [`files`] finds and reads the texts, [`document`] makes trees of them,
//! [`settings`] and [`rules`] give these types; what is wrong is a [`finding`] and becomes a
//! [`problem`] that shows its [`excerpt`]; [`places`] keeps where everything stood.

mod document;
mod excerpt;
mod failure;
pub(crate) mod files;
pub(crate) mod finding;
mod format;
mod places;
mod pointer;
mod problem;
mod rules;
mod secrets;
mod settings;
pub(crate) mod source;

use std::path::{Path, PathBuf};

use self::document::Document;
use self::finding::Finding;
use self::source::Source;
use super::Script;

pub use excerpt::Excerpt;
pub use failure::LoadFailure;
pub use format::Format;
pub use places::Places;
pub use problem::{ScriptProblem, Severity};
pub use source::{Place, Position};

/// A script that can be used.
#[derive(Debug)]
pub struct Loaded {
    /// The script.
    pub script: Script,
    /// The files it was read from, in the order of their rules; none where it was no file.
    pub files: Vec<PathBuf>,
    /// Where everything stood.
    pub places: Places,
    /// What is not wrong but worth knowing.
    pub warnings: Vec<ScriptProblem>,
}

/// A finding and the number of the document it is in.
type Found = (usize, Finding);

/// Loads the scripts at these paths as one: files as they are, and of a folder every `.yaml`,
/// `.yml`, `.json` and `.toml` below it, sorted by name.
///
/// Their rules follow each other in that order; everything else may be set in one of them only.
/// Hidden files and folders named `fixtures` are passed over. A relative `fixture` is looked up
/// from the folder of the file that names it.
///
/// # Errors
/// Everything that is wrong with any of them, not only the first.
pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<Loaded, LoadFailure> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
    let files = files::find(&paths)?;
    let (mut sources, mut unreadable, mut left) = (Vec::new(), Vec::new(), files::MAX_BYTES);
    for file in &files {
        match files::read(file, &mut left) {
            Ok(source) => sources.push((source, Format::of_path(file).unwrap_or_default(), folder_of(file))),
            Err(problem) => unreadable.push(*problem),
        }
    }
    let loaded = assemble(sources, unreadable)?;
    Ok(Loaded { files, ..loaded })
}

/// Loads a script from a text, such as the body of a request; `name` is what problems call it.
///
/// ```
/// use playhouse_mock::script::{Format, parse};
///
/// let loaded = parse("rules: [{reply: Hello}]", Format::Yaml, "hello")?;
/// assert_eq!(loaded.script.rules.len(), 1);
/// # Ok::<(), playhouse_mock::script::LoadFailure>(())
/// ```
///
/// # Errors
/// Everything that is wrong with it, not only the first.
pub fn parse(text: &str, format: Format, name: &str) -> Result<Loaded, LoadFailure> {
    parse_within(text, format, name, None)
}

/// The same; a relative `fixture` is looked up from this folder.
///
/// # Errors
/// Everything that is wrong with it, not only the first.
pub fn parse_within(
    text: &str,
    format: Format,
    name: &str,
    folder: Option<PathBuf>,
) -> Result<Loaded, LoadFailure> {
    match files::source(name, text.as_bytes().to_vec()) {
        Ok(source) => assemble(vec![(source, format, folder)], Vec::new()),
        Err(problem) => Err(vec![*problem].into()),
    }
}

fn folder_of(file: &Path) -> Option<PathBuf> {
    std::path::absolute(file).ok()?.parent().map(Path::to_owned)
}

/// A text, what it is written in, and the folder that its relative paths are looked up in.
type Text = (Source, Format, Option<PathBuf>);

/// Makes a script of texts; `unreadable` is what is wrong with those that could not be had.
fn assemble(texts: Vec<Text>, unreadable: Vec<ScriptProblem>) -> Result<Loaded, LoadFailure> {
    let (mut documents, mut found) = (Vec::new(), Vec::new());
    for (number, (source, format, folder)) in texts.into_iter().enumerate() {
        let (document, finding) = Document::read(source, format, folder);
        documents.push(document);
        found.extend(finding.map(|finding| (number, finding)));
    }
    let mut script = settings::gather(&documents, &mut found);
    let mut places = Vec::new();
    for (place, rule) in rules::gather(&documents, &mut found) {
        places.push(place);
        script.rules.push(rule);
    }
    if !found.is_empty() || !unreadable.is_empty() {
        return Err(failure(&documents, found, unreadable));
    }
    let warnings = rules::warnings(&script.rules, &documents, &places);
    Ok(Loaded { script, files: Vec::new(), places: Places::new(documents, places), warnings })
}

/// Everything that was found, file by file from top to bottom.
fn failure(documents: &[Document], mut found: Vec<Found>, unreadable: Vec<ScriptProblem>) -> LoadFailure {
    found.sort_by_key(|(number, finding)| (*number, finding.span()));
    let problems = found.into_iter().map(|(number, finding)| finding.of(&documents[number].source));
    LoadFailure::of(unreadable, problems)
}
