//! Parameters that are none, or none for this model.

use crate::protocols::openai::catalog::Reasoning;
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::wording;

use super::parameters::PARAMETERS;

pub(super) static KNOWN: Rule = Rule {
    id: "openai-chat/parameters",
    source: "https://github.com/coroot/coroot/issues/698",
    takes: &[r#"{"store": false}"#, r#"{"reasoning_effort": null}"#],
    refuses: &[
        r#"{"top_k": 3}"#,
        r#"{"reasoning_effort": "low"}"#,
        r#"{"model": "gpt-5", "temperatur": 1}"#,
        r#"{"model": "gpt-5", "modalities": ["text"]}"#,
        r#"{"model": "o3-mini", "web_search_options": {}}"#,
    ],
    find: unknown,
};

/// Only of OpenAI's own models: others take what their vendors say.
fn unknown(request: &Request<'_>) -> Option<Complaint> {
    let family = request.model?.family;
    let is_known = |name: &str| name == "model" || PARAMETERS.fields.iter().any(|field| field.name == name);
    let is_foreign = |name: &str| family.unknown.contains(&name) && request.has(name);
    let names = request.members().keys().map(String::as_str);
    let mut strange = names.filter(|name| !is_known(name) || is_foreign(name));
    if family.reasoning == Reasoning::ByEffort {
        let name = strange.next()?;
        return Some(wording::unknown(name.to_owned(), &near(name, request)));
    }
    let strange: Vec<&str> = strange.collect();
    (!strange.is_empty()).then(|| wording::unrecognized(&strange))
}

/// The parameters that the caller may have meant: a letter away, and not sent.
fn near(name: &str, request: &Request<'_>) -> Vec<&'static str> {
    let parameters = PARAMETERS.fields.iter().map(|field| field.name);
    let unsent = parameters.filter(|known| !request.members().contains_key(*known));
    let mut near: Vec<&str> = unsent.filter(|known| strsim::levenshtein(known, name) == 1).collect();
    near.sort_unstable();
    near
}

/// Held against each parameter in its turn, so that one that is wrong before it is told first.
pub(super) static SUPPORTED: Rule = Rule {
    id: "openai-chat/model-parameters",
    source: "https://platform.openai.com/docs/guides/reasoning",
    takes: &[r#"{"model": "o3", "max_completion_tokens": 8}"#, r#"{"max_tokens": null}"#],
    refuses: &[
        r#"{"model": "o3", "max_tokens": 8}"#,
        r#"{"model": "o3", "max_tokens": null}"#,
        r#"{"model": "gpt-5-nano", "max_tokens": 0, "temperature": -0.5, "messages": [{"role": "user", "content": null}]}"#,
        r#"{"model": "o1-mini", "stop": ["stop"]}"#,
        r#"{"model": "gpt-5", "logit_bias": {"1": 1}}"#,
    ],
    find: |request| PARAMETERS.fields.iter().find_map(|field| unsupported(field.name, request)),
};

/// The refusal of a parameter that the model knows and does not take, whatever it says; not even
/// that it is nothing: <https://github.com/microsoft/graphrag/issues/1976>.
pub(super) fn unsupported(name: &str, request: &Request<'_>) -> Option<Complaint> {
    let value = request.members().get(name)?;
    let refused = request.model?.family.unsupported.contains(&name);
    refused
        .then(|| if value.is_null() { wording::unsupported_null(name) } else { wording::unsupported(name) })
}
