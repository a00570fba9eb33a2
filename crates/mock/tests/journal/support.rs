//! Calls as tests need them, and conditions without the engine.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use playhouse_llm::{FinishReason, Role};
use playhouse_mock::call::Call;
use playhouse_mock::fault::Fault;
use playhouse_mock::journal::{Answer, Ended, Entry, HeaderLines, Journal, Received, Recording};
use playhouse_mock::protocols::{Violation, protocols};
use playhouse_mock::script::{MessageMatch, TextMatch, When};
use playhouse_mock::verdict::{Hit, Miss, Verdict};
use playhouse_mock::verify::Condition;
use serde_json::{Value, json};
use tokio::time::Instant;

/// A call that is about to be recorded; always at the same time of day.
pub(crate) struct Sample {
    body: Bytes,
    headers: HeaderMap,
    target: String,
    verdict: Verdict,
    violations: Vec<Violation>,
    fault: Option<Fault>,
}

impl Sample {
    /// A chat of these messages: role and text.
    pub(crate) fn chat(messages: &[(&str, &str)]) -> Self {
        let messages: Vec<Value> =
            messages.iter().map(|(role, text)| json!({ "role": role, "content": text })).collect();
        Self::body(json!({ "model": "gpt-4o-mini", "messages": messages }).to_string())
    }

    pub(crate) fn user(text: &str) -> Self {
        Self::chat(&[("user", text)])
    }

    pub(crate) fn body(body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            headers: HeaderMap::new(),
            target: "/v1/chat/completions".to_owned(),
            verdict: Verdict::Unscripted,
            violations: Vec::new(),
            fault: None,
        }
    }

    pub(crate) fn to(self, target: &str) -> Self {
        Self { target: target.to_owned(), ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn met_by(self, rule: &str) -> Self {
        let hit = Hit {
            index: 0,
            name: rule.into(),
            call: 1,
            captures: [("1".to_owned(), "Paris".to_owned())].into(),
        };
        Self { verdict: Verdict::Rule(hit), ..self }
    }

    pub(crate) fn missed(self, nearest: &str, difference: &str) -> Self {
        let miss = Miss { nearest: Some(nearest.into()), differences: vec![difference.to_owned()], ..Miss::default() };
        Self { verdict: Verdict::Miss(miss), ..self }
    }

    pub(crate) fn refused(self, violation: Violation) -> Self {
        Self { verdict: Verdict::Refused(violation), ..self }
    }

    pub(crate) fn reported(self, violation: Violation) -> Self {
        Self { violations: vec![violation], ..self }
    }

    pub(crate) fn faulty(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }

    /// Records the call; its answer is still to come.
    pub(crate) fn begin(self, journal: &Arc<Journal>) -> Recording {
        let path = self.target.split('?').next().unwrap();
        let protocol = protocols().iter().find(|protocol| protocol.claims(path));
        let facts = protocol.and_then(|known| known.read(&Method::POST, path, None, self.body.clone()).ok());
        journal.record(Received {
            namespace: "ns1".into(),
            at: "2026-03-01T12:00:01.123456Z".parse().unwrap(),
            started: Instant::now(),
            method: Method::POST,
            target: &self.target,
            headers: &self.headers,
            facts: facts.map(Arc::new),
            body: self.body,
            verdict: self.verdict,
            violations: self.violations,
            fault: self.fault,
        })
    }

    /// Records the call with an answer that went out whole.
    pub(crate) fn answered(self, journal: &Arc<Journal>) -> Arc<Entry> {
        let mut recording = self.begin(journal);
        recording.begin_answer(answer(r#"{"ok":true}"#));
        recording.sent(11, 0);
        recording.finish(Ended::Complete);
        recording.entry().clone()
    }
}

/// An answer with this body.
pub(crate) fn answer(body: impl Into<Bytes>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    Answer {
        status: 200,
        headers: HeaderLines::of_answer(&headers),
        body: body.into(),
        is_stream: false,
        finish: Some(FinishReason::Stop),
        completion_tokens: Some(14),
    }
}

pub(crate) fn violation() -> Violation {
    Violation {
        rule: "openai-chat/temperature-range",
        status: 400,
        class: "invalid_request_error",
        code: None,
        param: Some("temperature".to_owned()),
        message: "Invalid 'temperature': expected a value <= 2, but got 3 instead.".to_owned(),
    }
}

pub(crate) fn when(json: Value) -> When {
    serde_json::from_value(json).unwrap()
}

/// Conditions on model and texts, enough to see what verification makes of them.
pub(crate) fn compile(when: &When) -> Result<Condition, (String, String)> {
    if when.user.as_ref().is_some_and(|user| user.matches.as_deref() == Some("(")) {
        return Err((".user.matches".to_owned(), "the group is not closed".to_owned()));
    }
    let when = when.clone();
    Ok(Box::new(move |call| {
        let differences = differences(&when, call);
        if differences.is_empty() { Ok(()) } else { Err(differences) }
    }))
}

fn differences(when: &When, call: &Call) -> Vec<String> {
    let facts = &call.facts;
    let model = when.model.as_ref().filter(|model| **model != *facts.model);
    let model = model.map(|model| format!("model: expected {model}, got {}", facts.model));
    let user = when.user.as_ref().filter(|wanted| !is_as(wanted, &facts.user));
    let user = user.map(|_| "user: it says something else".to_owned());
    let system = when.system.as_ref().filter(|wanted| !is_as(wanted, &facts.system));
    let system = system.map(|_| "system: it says something else".to_owned());
    let message = when.message.as_ref().filter(|wanted| !some_message(wanted, call));
    let message = message.map(|_| "message: none is like it".to_owned());
    let header = when.header.iter().find(|(name, wanted)| {
        let value = call.headers.get(name.as_str()).and_then(|value| value.to_str().ok());
        !is_as(wanted, value.unwrap_or_default())
    });
    let header = header.map(|(name, _)| format!("header {name}: it is another"));
    [model, user, system, message, header].into_iter().flatten().collect()
}

fn some_message(wanted: &MessageMatch, call: &Call) -> bool {
    call.facts.messages().iter().any(|message| {
        let speaks = wanted.role.is_none_or(|role: Role| role == message.role);
        speaks && wanted.text.as_ref().is_none_or(|text| is_as(text, &message.text()))
    })
}

fn is_as(wanted: &TextMatch, text: &str) -> bool {
    let contains =
        wanted.contains.as_ref().is_none_or(|parts| parts.0.iter().all(|part| text.contains(part)));
    contains && wanted.is.as_ref().is_none_or(|whole| whole == text)
}
