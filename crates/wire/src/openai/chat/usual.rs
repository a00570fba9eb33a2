//! Pieces that are written as nearly all are, as another protocol tells them: read without building anything of
//! what they carry.

use playhouse_llm::{ChoiceDelta, Chunk, FinishReason, PartDelta, Role};

use super::message::role_of;
use super::outline::scan_usage;
use super::reply::finish_of;
use crate::scan::{Scan, once};

/// The chunk of a piece without what it carries; `None` for what is unusual or wrong.
pub(super) fn plain_of(data: &str) -> Option<Chunk> {
    let (mut model, mut created, mut choices, mut usage) = (None, None, None, None);
    let mut scan = Scan::new(data);
    scan.object(|scan, key| match key {
        "model" => once(&mut model, scan.plain_or_null()?),
        "created" => once(&mut created, scan.count_or_null()?),
        "choices" => once(&mut choices, plain_choices(scan)?),
        "usage" if scan.null() => once(&mut usage, None),
        "usage" => once(&mut usage, Some(scan_usage(scan)?)),
        // Who sends this may count tokens there.
        "x_groq" => None,
        _ => scan.skip(),
    })?;
    scan.is_at_end().then_some(Chunk {
        model: model.flatten().map(str::to_owned),
        created: created.flatten(),
        choices: choices.unwrap_or_default(),
        usage: usage.flatten(),
        ..Chunk::default()
    })
}

fn plain_choices(scan: &mut Scan<'_>) -> Option<Vec<ChoiceDelta>> {
    let mut choices = Vec::new();
    scan.array(|scan| {
        choices.push(plain_choice(scan)?);
        Some(())
    })?;
    Some(choices)
}

fn plain_choice(scan: &mut Scan<'_>) -> Option<ChoiceDelta> {
    let (mut index, mut delta, mut finish) = (None, None, None);
    scan.object(|scan, key| match key {
        "index" => once(&mut index, u32::try_from(scan.count()?).ok()?),
        "delta" => once(&mut delta, Delta::scan(scan)?),
        "finish_reason" => once(&mut finish, finish_reason(scan)?),
        _ => scan.skip(),
    })?;
    let Delta { role, text } = delta.unwrap_or_default();
    let parts = text.map(|text| PartDelta::Text(text.to_owned())).into_iter().collect();
    Some(ChoiceDelta { index: index?, role, parts, finish: finish.flatten(), ..ChoiceDelta::default() })
}

/// Some vendors send an empty reason before the end.
fn finish_reason(scan: &mut Scan<'_>) -> Option<Option<FinishReason>> {
    let name = scan.plain_or_null()?;
    Some(name.filter(|name| !name.is_empty()).map(finish_of))
}

/// An addition that says no more than who speaks, and a text.
#[derive(Default)]
struct Delta<'a> {
    role: Option<Role>,
    text: Option<&'a str>,
}

impl<'a> Delta<'a> {
    fn scan(scan: &mut Scan<'a>) -> Option<Self> {
        let (mut role, mut text) = (None, None);
        scan.object(|scan, key| match key {
            "role" => once(&mut role, role_of(scan.plain()?)?),
            "content" => once(&mut text, scan.plain_or_null()?),
            _ => scan.null().then_some(()),
        })?;
        Some(Self { role, text: text.flatten() })
    }
}
