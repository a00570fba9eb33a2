//! The items of an answer that is being written, in the order in which they began.
//!
//! A message or reasoning ends where something else begins; a call ends there too if its arguments are all
//! there. Fragments of other calls may come in between until then: each event names its item.

use playhouse_llm::{ChoiceDelta, Chunk, Extra, FinishReason, PartDelta, Quoted, ToolCall};
use serde_json::Value;

use super::events::Events;
use super::item::{Item, Said, is_custom};
use super::reasoning;

/// The items so far.
#[derive(Debug)]
pub(super) struct Items {
    /// What the items' ids end with.
    answer: String,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    item: Item,
    is_open: bool,
    status: &'static str,
}

impl Items {
    /// No items yet of an answer of this id.
    pub(super) fn of(answer_id: &str) -> Self {
        let answer = answer_id.strip_prefix("resp_").unwrap_or(answer_id).to_owned();
        Self { answer, entries: Vec::new() }
    }

    /// Takes an addition of a chunk in; one answer has one choice.
    pub(super) fn add_all(&mut self, chunk: &Chunk, events: &mut Events) {
        let first = |choice: &&ChoiceDelta| choice.index == 0;
        for choice in chunk.choices.iter().filter(first) {
            choice.parts.iter().for_each(|part| self.add(part, events));
        }
    }

    fn add(&mut self, part: &PartDelta, events: &mut Events) {
        match part {
            PartDelta::Text(text) => self.say(false, text, events),
            PartDelta::Refusal(text) => self.say(true, text, events),
            PartDelta::Reasoning { text, .. } => self.reason(text, events),
            PartDelta::Seal { field, extra } if field == reasoning::FIELD => {
                let at = self.reasoning(events);
                if let Some(Item::Reasoning { seal, .. }) = self.item_mut(at) {
                    seal.clone_from(extra);
                }
                self.close(at, "completed", events);
            }
            PartDelta::ToolCall { .. } => self.call(part, events),
            PartDelta::Other { value } if value.get("type").is_some_and(Value::is_string) => {
                let at = self.open(Item::Other { value: value.clone() }, events);
                self.close(at, "completed", events);
            }
            PartDelta::Seal { .. } | PartDelta::Other { .. } => {}
        }
    }

    /// Ends everything; what an answer was cut off in is not complete.
    pub(super) fn finish(&mut self, finish: Option<&FinishReason>, events: &mut Events) {
        let is_cut = matches!(finish, Some(FinishReason::Length | FinishReason::ContentFilter));
        let last = self.entries.len().saturating_sub(1);
        for at in 0..self.entries.len() {
            let status = if is_cut && at == last { "incomplete" } else { "completed" };
            self.close(at, status, events);
        }
    }

    /// The items as they are told.
    pub(super) fn value(&self) -> Value {
        self.entries.iter().map(|entry| entry.item.value(entry.status)).collect()
    }

    /// The items as they are told, written.
    pub(super) fn json(&self) -> String {
        let items: Vec<String> = self.entries.iter().map(|entry| entry.item.json(entry.status)).collect();
        format!("[{}]", items.join(","))
    }

    fn say(&mut self, is_refusal: bool, text: &str, events: &mut Events) {
        if text.is_empty() {
            return;
        }
        let at = self.message(events);
        let Some(entry) = self.entries.get_mut(at) else { return };
        let is_same = matches!(&entry.item, Item::Message { said, .. } if said.last().is_some_and(|last| last.is_refusal == is_refusal));
        if !is_same {
            entry.item.end_part(at, events);
            if let Item::Message { said, .. } = &mut entry.item {
                said.push(Said { is_refusal, escaped: String::new() });
            }
            entry.item.begin_part(at, events);
        }
        if let Item::Message { said, .. } = &mut entry.item
            && let Some(last) = said.last_mut()
        {
            last.escaped.push_str(Quoted::of(text).escaped());
        }
        entry.item.go_on(at, text, events);
    }

    /// Says more of the text that is being said, where one is; says whether it did.
    pub(super) fn go_on_saying(&mut self, text: &Quoted<'_>, events: &mut Events) -> bool {
        let at = self.entries.len().saturating_sub(1);
        let Some(Entry { item: Item::Message { id, said }, is_open: true, .. }) = self.entries.last_mut()
        else {
            return false;
        };
        let part = said.len().saturating_sub(1);
        let Some(last) = said.last_mut().filter(|last| !last.is_refusal) else { return false };
        if !text.is_empty() {
            last.escaped.push_str(text.escaped());
            events.tell_text(id, [at, part], text);
        }
        true
    }

    fn reason(&mut self, text: &str, events: &mut Events) {
        if text.is_empty() {
            return;
        }
        let at = self.reasoning(events);
        if let Some(Item::Reasoning { text: all, .. }) = self.item_mut(at) {
            all.push_str(text);
        }
        self.go_on(at, text, events);
    }

    fn call(&mut self, part: &PartDelta, events: &mut Events) {
        let PartDelta::ToolCall { index, id, name, arguments, extra } = part else { return };
        let id = id.as_deref().filter(|id| !id.is_empty());
        let at = self.known_call(*index, id).unwrap_or_else(|| {
            let call_id = id.map_or_else(|| self.id("call"), str::to_owned);
            let name = name.clone().unwrap_or_default();
            let call = ToolCall { id: call_id, name, arguments: String::new(), extra: extra.clone() };
            let prefix = if is_custom(extra) { "ctc" } else { "fc" };
            let item = Item::Call { id: self.id(prefix), index: *index, call, has_own_id: id.is_some() };
            self.open(item, events)
        });
        let Some(arguments) = arguments.as_deref().filter(|arguments| !arguments.is_empty()) else { return };
        if !self.entries.get(at).is_some_and(|entry| entry.is_open) {
            return;
        }
        if let Some(Item::Call { call, .. }) = self.item_mut(at) {
            call.arguments.push_str(arguments);
        }
        self.go_on(at, arguments, events);
    }

    /// The call that a fragment belongs to: the last one of its index, unless it has another id.
    fn known_call(&self, wanted: u32, id: Option<&str>) -> Option<usize> {
        let of_index = |entry: &Entry| matches!(&entry.item, Item::Call { index, .. } if *index == wanted);
        let at = self.entries.iter().rposition(of_index)?;
        match &self.entries[at].item {
            Item::Call { call, has_own_id: true, .. } if id.is_some_and(|id| id != call.id) => None,
            _ => Some(at),
        }
    }

    /// The message that is open, or a new one.
    fn message(&mut self, events: &mut Events) -> usize {
        let is_open = |item: &Item| matches!(item, Item::Message { .. });
        self.last_open(is_open).unwrap_or_else(|| {
            let item = Item::Message { id: self.id("msg"), said: Vec::new() };
            self.open(item, events)
        })
    }

    /// The reasoning that is open, or a new piece of it.
    fn reasoning(&mut self, events: &mut Events) -> usize {
        let is_open = |item: &Item| matches!(item, Item::Reasoning { .. });
        self.last_open(is_open).unwrap_or_else(|| {
            let (id, text) = (self.id("rs"), String::new());
            self.open(Item::Reasoning { id, text, seal: Extra::new() }, events)
        })
    }

    fn last_open(&self, is_kind: impl Fn(&Item) -> bool) -> Option<usize> {
        let last = self.entries.last().filter(|entry| entry.is_open && is_kind(&entry.item));
        last.map(|_| self.entries.len() - 1)
    }

    fn open(&mut self, item: Item, events: &mut Events) -> usize {
        for at in 0..self.entries.len() {
            if is_whole(&self.entries[at].item) {
                self.close(at, "completed", events);
            }
        }
        let at = self.entries.len();
        item.begin(at, events);
        self.entries.push(Entry { item, is_open: true, status: "in_progress" });
        at
    }

    fn close(&mut self, at: usize, status: &'static str, events: &mut Events) {
        if let Some(entry) = self.entries.get_mut(at).filter(|entry| entry.is_open) {
            entry.is_open = false;
            entry.status = status;
            entry.item.end(at, status, events);
        }
    }

    fn go_on(&self, at: usize, more: &str, events: &mut Events) {
        if let Some(entry) = self.entries.get(at) {
            entry.item.go_on(at, more, events);
        }
    }

    fn item_mut(&mut self, at: usize) -> Option<&mut Item> {
        Some(&mut self.entries.get_mut(at)?.item)
    }

    /// The id of the next item.
    fn id(&self, prefix: &str) -> String {
        format!("{prefix}_{}_{}", self.answer, self.entries.len())
    }
}

/// Whether an item is all there once something else begins. Nothing can follow a whole object.
fn is_whole(item: &Item) -> bool {
    match item {
        Item::Call { call, .. } => {
            call.arguments.trim_start().starts_with('{')
                && serde_json::from_str::<serde::de::IgnoredAny>(&call.arguments).is_ok()
        }
        _ => true,
    }
}
