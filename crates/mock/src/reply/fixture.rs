//! Files that hold what is answered.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use playhouse_llm::{Chunk, Error, ErrorKind, Reply};
use playhouse_wire::Codec;

use super::asking::Asking;
use super::mismatch::mismatch;
use super::speech::Speech;
use super::{Scene, chunks};
use crate::call::Asked;
use crate::plan::{Content, RawContent};

const MAX_FILE_BYTES: u64 = 8 << 20;
/// All files of a script together.
const MAX_SHELF_BYTES: u64 = 256 << 20;

/// The files of a script, each read once.
pub(super) struct Shelf<'folder> {
    folder: &'folder Path,
    read: HashMap<PathBuf, Bytes>,
    total_bytes: u64,
}

/// What a file holds, by its name's ending.
pub(super) enum Held {
    /// The text of an answer.
    Text(String),
    /// An answer as a vendor sends it.
    Answer(Fixture),
}

/// A vendor's answer.
#[derive(Clone, Debug)]
pub(super) struct Fixture {
    form: Form,
    bytes: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A whole answer (`.json`).
    Whole,
    /// A streamed one (`.sse`).
    Stream,
}

impl<'folder> Shelf<'folder> {
    pub(super) fn new(folder: &'folder Path) -> Self {
        Self { folder, read: HashMap::new(), total_bytes: 0 }
    }

    /// What a file holds.
    pub(super) fn take(&mut self, path: &Path) -> Result<Held, String> {
        let path = self.folder.join(path);
        let bytes = self
            .bytes(&path)
            .map_err(|error| format!("the file {} cannot be read: {error}", path.display()))?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        match ending {
            "json" => match serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
                Ok(_) => Ok(Held::Answer(Fixture { form: Form::Whole, bytes })),
                Err(error) => {
                    Err(format!("{} is not JSON ({error}): mend it, or send it as `raw`", path.display()))
                }
            },
            "sse" => Ok(Held::Answer(Fixture { form: Form::Stream, bytes })),
            _ => match String::from_utf8(bytes.into()) {
                Ok(text) => Ok(Held::Text(text)),
                Err(_) => Err(format!("{} is not text in UTF-8: send its bytes as `raw`", path.display())),
            },
        }
    }

    fn bytes(&mut self, path: &Path) -> io::Result<Bytes> {
        if let Some(bytes) = self.read.get(path) {
            return Ok(bytes.clone());
        }
        let left = MAX_FILE_BYTES.min(MAX_SHELF_BYTES - self.total_bytes);
        let mut bytes = Vec::new();
        File::open(path)?.take(left + 1).read_to_end(&mut bytes)?;
        let length = bytes.len() as u64;
        if length > left {
            let message =
                format!("a file may have {MAX_FILE_BYTES} bytes, and all together {MAX_SHELF_BYTES}");
            return Err(io::Error::other(message));
        }
        self.total_bytes += length;
        Ok(self.read.entry(path.to_owned()).or_insert(bytes.into()).clone())
    }
}

impl Fixture {
    /// The file as it is where it has the form that was asked for, and else what it says.
    pub(super) fn content(&self, scene: Scene<'_>) -> Result<Content, Error> {
        let facts = scene.facts();
        let is_chat = matches!(facts.asked, Asked::Chat(_));
        match self.form {
            Form::Stream if !is_chat => Err(mismatch(scene, "fixture")),
            Form::Whole if !is_chat || !facts.stream => Ok(self.as_it_is("application/json")),
            Form::Stream if facts.stream => Ok(self.as_it_is("text/event-stream; charset=utf-8")),
            Form::Stream => Ok(Content::Chat(self.recorded_chunks(scene)?.into())),
            Form::Whole => Ok(Content::Chat(self.told_chunks(scene)?.into())),
        }
    }

    fn as_it_is(&self, content_type: &str) -> Content {
        let content_type = Some(content_type.to_owned());
        Content::Raw(RawContent { status: 200, content_type, body: self.bytes.clone() })
    }

    fn recorded_chunks(&self, scene: Scene<'_>) -> Result<Vec<Chunk>, Error> {
        let chunks = codec(scene)?.chunks(&self.bytes).map_err(|error| unreadable(scene, &error.message))?;
        let says_something = chunks.iter().any(|chunk| !chunk.choices.is_empty());
        says_something.then_some(chunks).ok_or_else(|| unreadable(scene, "no choice is in it"))
    }

    /// A whole answer, token by token.
    fn told_chunks(&self, scene: Scene<'_>) -> Result<Vec<Chunk>, Error> {
        let reply = codec(scene)?.reply(&self.bytes).map_err(|error| unreadable(scene, &error.message))?;
        if reply.choices.is_empty() {
            return Err(unreadable(scene, "no choice is in it"));
        }
        let speeches: Vec<Speech> = reply.choices.iter().map(Speech::from).collect();
        let mut told = chunks::chunks(&speeches, &Asking::of(scene.facts()).unbounded(), None);
        told.iter_mut().for_each(|chunk| sign(chunk, &reply));
        Ok(told)
    }
}

fn sign(chunk: &mut Chunk, reply: &Reply) {
    let filled = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    (chunk.id, chunk.model, chunk.created) = (filled(&reply.id), filled(&reply.model), reply.created);
    if chunk.usage.is_some() && reply.usage.is_some() {
        chunk.usage.clone_from(&reply.usage);
    }
}

fn codec(scene: Scene<'_>) -> Result<&'static dyn Codec, Error> {
    let name = scene.facts().protocol;
    let mut codecs = playhouse_wire::codecs().iter();
    let codec = codecs.find(|codec| codec.protocol().as_str() == name);
    codec.copied().ok_or_else(|| unreadable(scene, "answers of this protocol cannot be translated"))
}

fn unreadable(scene: Scene<'_>, reason: &str) -> Error {
    let form = if scene.facts().stream { "a stream" } else { "a whole answer" };
    let (rule, protocol) = (&scene.hit.name, scene.facts().protocol);
    let message = format!(
        "the fixture of the rule `{rule}` cannot be given as {form} of `{protocol}`: {reason}; \
         record it in that form, or say in the rule's `when` which requests it answers"
    );
    Error::new(ErrorKind::Internal, message)
}
