//! A call as one line that a person can read.

use super::entry::{Ended, Entry};
use super::fault;
use super::shorten::one_line;
use crate::verdict::Verdict;

/// How much of what the user said fits the line.
const USER_CHARS: usize = 40;

/// How much of any other text from outside fits it.
const NAME_CHARS: usize = 60;

/// A call as one line, for lists; the time is UTC.
///
/// `12:00:01.123 ns1 #3 POST chat gpt-4o-mini "What is the weather…" → rule 'weather' 200 stream 14 tokens 12 ms`
pub fn describe(entry: &Entry) -> String {
    format!("{} {}", entry.at.strftime("%H:%M:%S%.3f"), timeless(entry))
}

/// The same without the time, for a log that says it itself.
pub(crate) fn timeless(entry: &Entry) -> String {
    let asked = asked(entry);
    let made = [Some(decision(&entry.verdict)), answer(entry), fault(entry), end(entry)];
    let made: Vec<_> = made.into_iter().flatten().collect();
    let (namespace, number) = (one_line(&entry.namespace, NAME_CHARS), entry.number);
    format!("{namespace} #{number} {asked} → {}", made.join(" "))
}

/// What a call asks: method, protocol, model, and what the user said.
pub(crate) fn asked(entry: &Entry) -> String {
    let user = one_line(entry.user(), USER_CHARS);
    let parts = [
        entry.method.as_str().to_owned(),
        place(entry),
        one_line(entry.model(), NAME_CHARS),
        if user.is_empty() { user } else { format!("\"{user}\"") },
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The protocol without its vendor (`chat`); the path of a request that could not be read.
fn place(entry: &Entry) -> String {
    match entry.protocol() {
        Some(protocol) => protocol.split_once('-').map_or(protocol, |(_, name)| name).to_owned(),
        None => one_line(entry.path(), NAME_CHARS),
    }
}

/// Who decided on the answer, in a few words.
pub(crate) fn decision(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Rule(hit) => rule(&hit.name),
        Verdict::Unscripted => "no script".to_owned(),
        Verdict::Miss(miss) => match &miss.nearest {
            Some(nearest) => format!("NO RULE (nearest {})", rule(nearest)),
            None => "NO RULE".to_owned(),
        },
        Verdict::Refused(violation) => format!("REFUSED ({})", violation.rule),
        Verdict::OverQuota => "over quota".to_owned(),
    }
}

/// A rule by its name, or by the number that it has in place of one.
pub(crate) fn rule(name: &str) -> String {
    let number = name.strip_prefix("rule ").and_then(|number| number.parse::<u32>().ok());
    match number {
        Some(_) => name.to_owned(),
        None => format!("rule '{}'", one_line(name, NAME_CHARS)),
    }
}

fn answer(entry: &Entry) -> Option<String> {
    let answer = entry.answer()?;
    let stream = if answer.is_stream { " stream" } else { "" };
    let tokens = answer.completion_tokens.map(|tokens| match tokens {
        1 => " 1 token".to_owned(),
        tokens => format!(" {tokens} tokens"),
    });
    Some(format!("{}{stream}{}", answer.status, tokens.unwrap_or_default()))
}

fn fault(entry: &Entry) -> Option<String> {
    let fault = entry.fault.as_ref()?;
    Some(format!("fault {}", one_line(&fault::name(&fault.spec), NAME_CHARS)))
}

fn end(entry: &Entry) -> Option<String> {
    let sent = entry.sent();
    let time =
        sent.duration_ms().map(|ms| if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") });
    match sent.ended() {
        Ended::Running => Some("running".to_owned()),
        Ended::Complete => time,
        Ended::ClientLeft => Some(format!("client left after {}", time?)),
        Ended::Cut => Some(format!("cut after {}", time?)),
    }
}
