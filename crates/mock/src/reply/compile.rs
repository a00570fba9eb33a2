//! Preparing the replies of a script, and saying what is wrong with them.

use std::path::Path;

use super::callback::Callback;
use super::fixture::{Held, Shelf};
use super::prepared::{Prepared, Source};
use super::template::Templates;
use super::voice::{Said, Voice};
use super::{headers, raw};
use crate::matching::RuleProblem;
use crate::script::{Reply, Rule, Script};

/// What is wrong with a reply, and in which of its fields.
#[derive(Debug)]
pub(super) struct Complaint {
    pub(super) field: String,
    pub(super) message: String,
}

impl Complaint {
    pub(super) fn of(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    fn within(self, outer: &str) -> Self {
        let field = if self.field.is_empty() { outer.to_owned() } else { format!("{outer}.{}", self.field) };
        Self { field, ..self }
    }
}

/// The replies of a script, for each rule its own or those of its sequence.
pub(super) fn compile(
    script: &Script,
    folder: &Path,
) -> Result<(Vec<Vec<Prepared>>, Templates), Vec<RuleProblem>> {
    let mut workshop = Workshop { templates: Templates::new(&script.vars), shelf: Shelf::new(folder) };
    let mut problems = Vec::new();
    let prepared = (0..).zip(&script.rules).map(|(rule, content)| {
        let (prepared, complaints) = workshop.rule(rule, content);
        problems.extend(complaints.into_iter().map(|Complaint { field, message }| RuleProblem {
            rule,
            field,
            message,
        }));
        prepared
    });
    let prepared = prepared.collect();
    if problems.is_empty() { Ok((prepared, workshop.templates)) } else { Err(problems) }
}

/// A reply that came from a callback: whoever sent it has made its content already.
pub(super) fn compile_answered(reply: &Reply) -> Result<Prepared, Vec<Complaint>> {
    prepare(reply, &mut |_, reply| {
        let elsewhere = [
            ("template", reply.template.is_some()),
            ("fixture", reply.fixture.is_some()),
            ("callback", reply.callback.is_some()),
        ];
        match elsewhere.iter().find(|(_, is_said)| *is_said) {
            Some((field, _)) => {
                Err(Complaint::of(*field, format!("`{field}` is for scripts only: send the content itself")))
            }
            None => Said::made(reply).map(Content::Said).ok_or_else(nothing_said),
        }
    })
}

/// What is used while replies are prepared.
struct Workshop<'folder> {
    templates: Templates,
    shelf: Shelf<'folder>,
}

/// What the field that holds a reply's content gives.
enum Content {
    Said(Said),
    Whole(Source),
}

impl Workshop<'_> {
    fn rule(&mut self, index: usize, rule: &Rule) -> (Vec<Prepared>, Vec<Complaint>) {
        let sequence = rule.sequence.iter().flat_map(|sequence| (0..).zip(&sequence.replies));
        let steps = sequence.map(|(step, reply): (usize, _)| (format!("sequence[{step}]"), reply));
        let replies = rule.reply.iter().map(|reply| ("reply".to_owned(), reply)).chain(steps);
        let mut prepared = Vec::new();
        let mut complaints = Vec::new();
        complaints.extend(check_rule(rule));
        for (field, reply) in replies {
            let name = format!("rules[{index}].{field}");
            match prepare(reply, &mut |within, reply| self.content(&format!("{name}{within}"), reply)) {
                Ok(reply) => prepared.push(reply),
                Err(wrong) => complaints.extend(wrong.into_iter().map(|one| one.within(&field))),
            }
        }
        (prepared, complaints)
    }

    /// The content that only a script can have: a template, a file, a callback.
    fn content(&mut self, name: &str, reply: &Reply) -> Result<Content, Complaint> {
        if let Some(source) = &reply.template {
            let complain = |message| Complaint::of("template", message);
            let template = self.templates.add(name, source).map_err(complain)?;
            return Ok(Content::Said(Said::Template(template)));
        }
        if let Some(path) = &reply.fixture {
            let held = self.shelf.take(path).map_err(|message| Complaint::of("fixture", message))?;
            return Ok(match held {
                Held::Text(text) => Content::Said(Said::Text(text)),
                Held::Answer(fixture) => Content::Whole(Source::Fixture(fixture)),
            });
        }
        if let Some(url) = &reply.callback {
            let callback = Callback::new(url).map_err(|message| Complaint::of("callback", message))?;
            return Ok(Content::Whole(Source::Callback(callback)));
        }
        Said::made(reply).map(Content::Said).ok_or_else(nothing_said)
    }
}

/// A rule has one reply, or several in sequence, or a fault that needs none.
fn check_rule(rule: &Rule) -> Option<Complaint> {
    match (&rule.reply, &rule.sequence) {
        (Some(_), Some(_)) => {
            Some(Complaint::of("sequence", "`sequence` stands beside `reply`: keep one of them"))
        }
        (None, Some(sequence)) if sequence.replies.is_empty() => {
            Some(Complaint::of("sequence", "the sequence is empty: list the replies"))
        }
        (None, None) if rule.fault.is_none() => {
            Some(Complaint::of("reply", "the rule has no `reply`: say what is answered, or a `fault`"))
        }
        _ => None,
    }
}

/// How the content is found of a reply, or of this choice in it (`.choices[1]`), where it does not
/// simply stand there.
type FindContent<'find> = &'find mut dyn FnMut(&str, &Reply) -> Result<Content, Complaint>;

fn prepare(reply: &Reply, find: FindContent<'_>) -> Result<Prepared, Vec<Complaint>> {
    let headers = headers::headers(&reply.headers);
    let source = source("", reply, find);
    match (source, headers) {
        (Ok(source), Ok(headers)) => Ok(Prepared {
            source,
            headers,
            usage: reply.usage,
            model: reply.model.clone(),
            id: reply.id.clone(),
            pace: reply.pace.clone(),
            fault: reply.fault.clone(),
        }),
        (source, headers) => Err(source.err().into_iter().chain(headers.err()).collect()),
    }
}

fn source(within: &str, reply: &Reply, find: FindContent<'_>) -> Result<Source, Complaint> {
    check_one_content(reply)?;
    if let Some(respond) = &reply.respond {
        return Ok(Source::Closure(respond.clone()));
    }
    if let Some(vector) = &reply.embedding {
        return Ok(Source::Embedding(vector.clone()));
    }
    if let Some(content) = &reply.raw {
        return raw::content(content).map(Source::Raw);
    }
    if !reply.choices.is_empty() {
        let choices = (0..).zip(&reply.choices);
        let voices = choices.map(|(at, choice): (usize, _)| {
            let field = format!("choices[{at}]");
            self::choice(&format!("{within}.{field}"), choice, find)
                .map_err(|complaint| complaint.within(&field))
        });
        return Ok(Source::Voices(voices.collect::<Result<_, _>>()?));
    }
    match find(within, reply)? {
        Content::Said(said) => Ok(Source::Voices(vec![Voice::new(said, reply)?])),
        Content::Whole(source) => Ok(source),
    }
}

fn choice(within: &str, reply: &Reply, find: FindContent<'_>) -> Result<Voice, Complaint> {
    match source(within, reply, find)? {
        Source::Voices(voices) => match <[Voice; 1]>::try_from(voices) {
            Ok([voice]) => Ok(voice),
            Err(_) => Err(Complaint::of("choices", "a choice cannot have choices of its own")),
        },
        other => {
            let name = other.name();
            let message =
                format!("`{name}` is for a whole reply: a choice says a text, a refusal or tool calls");
            Err(Complaint::of(name, message))
        }
    }
}

fn check_one_content(reply: &Reply) -> Result<(), Complaint> {
    let contents = [
        ("text", reply.text.is_some()),
        ("template", reply.template.is_some()),
        ("echo", reply.echo),
        ("json", reply.json.is_some()),
        ("generate", reply.generate),
        ("refusal", reply.refusal.is_some()),
        ("choices", !reply.choices.is_empty()),
        ("fixture", reply.fixture.is_some()),
        ("callback", reply.callback.is_some()),
        ("raw", reply.raw.is_some()),
        ("embedding", reply.embedding.is_some()),
    ];
    let mut said = contents.iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name);
    match (said.next(), said.next()) {
        (Some(first), Some(second)) => {
            let message = format!(
                "`{second}` stands beside `{first}`, and both say what the content is: keep one of them"
            );
            Err(Complaint::of(*second, message))
        }
        _ => Ok(()),
    }
}

fn nothing_said() -> Complaint {
    Complaint::of("", "the reply says nothing: give it a `text`, or another content")
}
