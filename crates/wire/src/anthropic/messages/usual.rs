//! Events that are written as nearly all are, as another protocol tells them: read without building anything of
//! what they carry.

use playhouse_llm::{ChoiceDelta, Chunk, FinishReason, PartDelta, Role, Usage};

use super::reply::finish_of;
use super::usage::scan_usage;
use crate::scan::{Scan, once};

/// The chunk of an event without what it carries; `None` for what is unusual or wrong.
pub(super) fn plain_of(data: &str) -> Option<Chunk> {
    let (mut kind, mut message, mut text, mut finish, mut usage) = (None, None, None, None, None);
    let mut scan = Scan::new(data);
    scan.object(|scan, key| match key {
        "type" => once(&mut kind, scan.plain().filter(|kind| is_usual(kind))?),
        "message" => once(&mut message, started(scan)?),
        "content_block" => once(&mut text, text_block(scan)?),
        "delta" => once(&mut finish, stop_reason(scan)?),
        "usage" => once(&mut usage, scan_usage(scan)?),
        _ => scan.skip(),
    })?;
    let kind = kind.filter(|_| scan.is_at_end())?;
    Some(match kind {
        "message_start" => message?,
        "content_block_start" => {
            let parts = vec![PartDelta::Text(text?.to_owned())];
            of_choice(ChoiceDelta { parts, ..ChoiceDelta::default() })
        }
        "message_delta" => {
            let finish = finish.flatten();
            Chunk { usage: usage.flatten(), ..of_choice(ChoiceDelta { finish, ..ChoiceDelta::default() }) }
        }
        _ => Chunk::default(),
    })
}

fn is_usual(kind: &str) -> bool {
    matches!(
        kind,
        "message_start"
            | "content_block_start"
            | "content_block_stop"
            | "message_delta"
            | "message_stop"
            | "ping"
    )
}

fn of_choice(choice: ChoiceDelta) -> Chunk {
    Chunk { choices: vec![choice], ..Chunk::default() }
}

/// What a message is at its start.
fn started(scan: &mut Scan<'_>) -> Option<Chunk> {
    let (mut model, mut usage): (Option<Option<&str>>, Option<Option<Usage>>) = (None, None);
    scan.object(|scan, key| match key {
        "model" => once(&mut model, scan.plain_or_null()?),
        "usage" => once(&mut usage, scan_usage(scan)?),
        _ => scan.skip(),
    })?;
    let choice = ChoiceDelta { role: Some(Role::Assistant), ..ChoiceDelta::default() };
    let model = model.flatten().filter(|model| !model.is_empty()).map(str::to_owned);
    Some(Chunk { model, usage: usage.flatten(), ..of_choice(choice) })
}

/// The text that a block of text begins with.
fn text_block<'a>(scan: &mut Scan<'a>) -> Option<&'a str> {
    let (mut kind, mut text) = (None, None);
    scan.object(|scan, key| match key {
        "type" => once(&mut kind, scan.plain().filter(|kind| *kind == "text")?),
        "text" => once(&mut text, scan.plain()?),
        _ => scan.skip(),
    })?;
    text.filter(|_| kind.is_some())
}

fn stop_reason(scan: &mut Scan<'_>) -> Option<Option<FinishReason>> {
    let mut reason = None;
    scan.object(|scan, key| match key {
        "stop_reason" => once(&mut reason, scan.plain_or_null()?),
        _ => scan.skip(),
    })?;
    Some(reason.flatten().map(finish_of))
}
