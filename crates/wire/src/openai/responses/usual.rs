//! Events that are written as nearly all are, as another protocol tells them: read without building anything of
//! what they carry. Some repeat all of the answer and of what was asked.

use playhouse_llm::{ChoiceDelta, Chunk, FinishReason, Role, Usage};

use super::chunk::has_calls;
use super::item::{CUSTOM_CALL, FUNCTION_CALL};
use super::output::finish_of;
use super::usage::scan_usage;
use crate::scan::{Scan, once};

/// The chunk of an event without what it carries; `None` for what is unusual or wrong.
pub(super) fn plain_of(data: &str) -> Option<Chunk> {
    let (mut kind, mut item, mut response) = (None, None, None);
    let mut scan = Scan::new(data);
    scan.object(|scan, key| match key {
        "type" => once(&mut kind, kind_of(scan.plain()?)?),
        "item" => once(&mut item, type_within(scan)?),
        "response" => once(&mut response, Response::scan(scan)?),
        _ => scan.skip(),
    })?;
    let kind = kind.filter(|_| scan.is_at_end())?;
    match kind {
        Kind::Start => Some(response?.start()),
        Kind::Ending => Some(response?.ending()),
        Kind::ItemAdded if !has_calls(item?.into_iter()) => Some(Chunk::default()),
        Kind::ItemDone if matches!(item??, "message" | FUNCTION_CALL | CUSTOM_CALL) => Some(Chunk::default()),
        Kind::ItemAdded | Kind::ItemDone => None,
        Kind::Silent => Some(Chunk::default()),
    }
}

/// What an event says to another protocol.
#[derive(Clone, Copy)]
enum Kind {
    Start,
    Ending,
    ItemAdded,
    ItemDone,
    Silent,
}

fn kind_of(name: &str) -> Option<Kind> {
    Some(match name.strip_prefix("response.")? {
        "created" | "queued" | "in_progress" => Kind::Start,
        "completed" | "incomplete" | "cancelled" => Kind::Ending,
        "output_item.added" => Kind::ItemAdded,
        "output_item.done" => Kind::ItemDone,
        "content_part.added"
        | "content_part.done"
        | "output_text.done"
        | "refusal.done"
        | "reasoning_summary_part.done"
        | "reasoning_summary_text.done"
        | "reasoning_text.done"
        | "function_call_arguments.done"
        | "custom_tool_call_input.done" => Kind::Silent,
        _ => return None,
    })
}

/// What an object says it is.
fn type_within<'a>(scan: &mut Scan<'a>) -> Option<Option<&'a str>> {
    let mut kind = None;
    scan.object(|scan, key| match key {
        "type" => once(&mut kind, scan.plain()?),
        _ => scan.skip(),
    })?;
    Some(kind)
}

/// What an event says of the answer as a whole, where it does; `None` for what is unusual or wrong.
pub(super) fn response_of(data: &str) -> Option<Response<'_>> {
    let (mut scan, mut response) = (Scan::new(data), None);
    scan.object(|scan, key| match key {
        "response" => once(&mut response, Response::scan(scan)?),
        _ => scan.skip(),
    })?;
    response.filter(|_| scan.is_at_end())
}

/// What an event says of the answer as a whole.
pub(super) struct Response<'a> {
    /// The model that answers, where it has a name.
    pub(super) model: Option<&'a str>,
    created: Option<u64>,
    status: Option<&'a str>,
    /// Why it is not complete.
    reason: Option<&'a str>,
    pub(super) usage: Option<Usage>,
    has_calls: bool,
}

impl<'a> Response<'a> {
    fn scan(scan: &mut Scan<'a>) -> Option<Self> {
        let (mut model, mut created, mut status) = (None, None, None);
        let (mut reason, mut usage, mut has_calls) = (None, None, None);
        scan.object(|scan, key| match key {
            "model" => once(&mut model, scan.plain_or_null()?),
            "created_at" => once(&mut created, scan.count_or_null()?),
            "status" => once(&mut status, scan.plain_or_null()?),
            "incomplete_details" => once(&mut reason, reason_within(scan)?),
            "usage" => once(&mut usage, scan_usage(scan)?),
            "output" => once(&mut has_calls, calls_among(scan)?),
            _ => scan.skip(),
        })?;
        Some(Self {
            model: model.flatten().filter(|model: &&str| !model.is_empty()),
            created: created.flatten(),
            status: status.flatten(),
            reason: reason.flatten(),
            usage: usage.flatten(),
            has_calls: has_calls.unwrap_or_default(),
        })
    }

    fn start(&self) -> Chunk {
        self.chunk(ChoiceDelta { role: Some(Role::Assistant), ..ChoiceDelta::default() })
    }

    /// Why the answer ended, where it has.
    pub(super) fn finish(&self) -> Option<FinishReason> {
        finish_of(self.status, self.reason, self.has_calls)
    }

    fn ending(self) -> Chunk {
        let chunk = self.chunk(ChoiceDelta { finish: self.finish(), ..ChoiceDelta::default() });
        Chunk { usage: self.usage, ..chunk }
    }

    fn chunk(&self, choice: ChoiceDelta) -> Chunk {
        let (model, created) = (self.model.map(str::to_owned), self.created);
        Chunk { model, created, choices: vec![choice], ..Chunk::default() }
    }
}

fn reason_within<'a>(scan: &mut Scan<'a>) -> Option<Option<&'a str>> {
    if scan.null() {
        return Some(None);
    }
    let mut reason = None;
    scan.object(|scan, key| match key {
        "reason" => once(&mut reason, scan.plain_or_null()?),
        _ => scan.skip(),
    })?;
    Some(reason.flatten())
}

/// Whether there are calls of the caller's tools among items.
fn calls_among(scan: &mut Scan<'_>) -> Option<bool> {
    let mut found = false;
    scan.array(|scan| {
        found |= has_calls(type_within(scan)?.into_iter());
        Some(())
    })?;
    Some(found)
}
