//! Checks of `[providers]`: that there is one, where it is, and that its key can be sent.

use http::{HeaderName, HeaderValue, Uri};
use playhouse_provider::catalog::{vendor, vendors};
use playhouse_provider::{CACHE_PROVIDER, ProviderConfig};
use secrecy::ExposeSecret;

use super::View;
use crate::config::problem::Problem;
use crate::config::variables::name_of;
use crate::config::vendors::key_variables;
use crate::config::{Config, suggest};

pub(super) fn review(view: &View<'_>, problems: &mut Vec<Problem>) {
    if view.config.providers.is_empty()
        && view.tree.get(&["providers"]).is_none_or(|node| node.entries().is_some_and(|all| all.is_empty()))
    {
        problems.push(none_at_all());
    }
    for (name, provider) in &view.config.providers {
        problems.extend(name_problem(view, name));
        problems.extend(address_problem(view, name, provider));
        problems.extend(key_problem(view, name, provider));
        problems.extend(header_problems(view, name, provider));
    }
}

/// The default provider, where native chat would not know which model to ask it for.
pub(super) fn without_default_model(config: &Config) -> Option<String> {
    let (name, provider) = config.providers.first()?;
    let has_default = vendor(&provider.vendor).is_some_and(|vendor| vendor.default_model.is_some());
    (config.chat.model.is_none() && !has_default).then(|| {
        format!("the provider '{name}' has no default model: set chat.model, or name a model in every chat request")
    })
}

fn none_at_all() -> Problem {
    let keys = key_variables();
    let (first, others) =
        keys.split_first().map_or(("OPENAI_API_KEY", &[][..]), |(first, rest)| (*first, rest));
    Problem::new("no provider is configured, so there is nobody to answer")
        .concerning(&["providers"])
        .help(format!("set {first}, or one of {}", others.join(", ")))
        .help(OWN_SERVER)
        .help("or try everything without a provider: playhouse demo")
}

const OWN_SERVER: &str = "\
or name a server of your own in playhouse.toml: [providers.ollama] alone is enough for Ollama here,
and any other address goes like this:
[providers.mine]
base_url = \"http://127.0.0.1:8001/v1\"";

fn name_problem(view: &View<'_>, name: &str) -> Option<Problem> {
    if name == CACHE_PROVIDER {
        let problem = view.problem(&["providers", name], "no provider can be named 'cache'");
        return Some(problem.label("in the call log, that is who gives kept answers"));
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let fits = !name.is_empty() && name.len() <= 64 && name.chars().all(is_plain);
    (!fits).then(|| {
        view.problem(&["providers", name], format!("'{name}' cannot be the name of a provider"))
            .label("up to 64 letters, digits, '-', '_' and '.'")
    })
}

fn address_problem(view: &View<'_>, name: &str, provider: &ProviderConfig) -> Option<Problem> {
    let Some(vendor) = vendor(&provider.vendor) else {
        return Some(unknown_vendor(view, name, &provider.vendor));
    };
    let path = ["providers", name, "base_url"];
    let Some(base_url) = provider.base_url.as_deref().or(vendor.base_url) else {
        let variable = vendor.base_url_variable.map_or_else(|| name_of(&path), str::to_owned);
        let problem = view.problem(&path, format!("the provider '{name}' has no address"));
        let example = if vendor.name == "azure" {
            "https://NAME.openai.azure.com"
        } else {
            "https://api.example.com/v1"
        };
        let problem = problem.label(format!("add base_url = \"{example}\""));
        return Some(problem.help(format!("or set {variable}{}", meant_vendor(name))));
    };
    let (reason, may_hold_secret) = flaw_of_url(base_url)?;
    let problem =
        view.problem(&path, format!("the address of the provider '{name}' cannot be used")).label(reason);
    let problem = problem.help("an address looks like https://api.example.com/v1");
    Some(if may_hold_secret { problem.hidden() } else { problem })
}

fn unknown_vendor(view: &View<'_>, name: &str, said: &str) -> Problem {
    let names: Vec<&str> = vendors().iter().map(|vendor| vendor.name).collect();
    let label =
        suggest::nearest(said, names.iter().copied()).map(|meant| format!("did you mean \"{meant}\"?"));
    view.problem(&["providers", name, "vendor"], format!("unknown vendor of the provider '{name}'"))
        .label(label.unwrap_or_default())
        .help(format!("the vendors are: {}", names.join(", ")))
}

/// A hint where a section's name is nearly a vendor's.
fn meant_vendor(name: &str) -> String {
    let meant = suggest::nearest(name, vendors().iter().map(|vendor| vendor.name));
    meant
        .filter(|meant| *meant != name)
        .map(|meant| format!("; if '{meant}' is meant, add vendor = \"{meant}\""))
        .unwrap_or_default()
}

/// Why this cannot be the address of a provider, and whether a secret may be in it.
fn flaw_of_url(url: &str) -> Option<(&'static str, bool)> {
    let is_http = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
    let uri = url.parse::<Uri>().ok();
    let authority = uri.as_ref().and_then(Uri::authority);
    match authority {
        _ if url.contains('@') => Some(("it holds a user name or password: use api_key or headers", true)),
        _ if url.contains('?') => Some(("it must end before the '?'", true)),
        _ if url.trim_end_matches('/').ends_with("/chat/completions") => {
            Some(("it must end before /chat/completions", false))
        }
        _ if url.trim_end_matches('/').ends_with("/messages") => {
            Some(("it must end before /messages", false))
        }
        _ if url.trim_end_matches('/').ends_with("/responses") => {
            Some(("it must end before /responses", false))
        }
        _ if !is_http && url.contains("://") => Some(("only http and https are spoken", false)),
        _ if !is_http => Some(("it does not begin with http:// or https://", false)),
        Some(authority) if !authority.host().is_empty() => None,
        _ => Some(("this is not an address", false)),
    }
}

fn key_problem(view: &View<'_>, name: &str, provider: &ProviderConfig) -> Option<Problem> {
    let path = ["providers", name, "api_key"];
    let vendor = vendor(&provider.vendor)?;
    let Some(key) = &provider.api_key else {
        let asks_vendor = provider.base_url.is_none() || provider.base_url.as_deref() == vendor.base_url;
        let refuses =
            vendor.needs_key && (asks_vendor || vendor.base_url.is_none()) && provider.headers.is_empty();
        let variable =
            vendor.key_variable.filter(|_| name == vendor.name).map_or_else(|| name_of(&path), str::to_owned);
        return refuses.then(|| {
            view.problem(
                &path,
                format!("the provider '{name}' has no key, and {} refuses requests without one", vendor.name),
            )
            .help(format!("set {variable}, or {variable}_FILE to the file that holds the key"))
        });
    };
    let reason = flaw_of_key(key.expose_secret())?;
    Some(view.problem(&path, format!("the key of the provider '{name}' cannot be sent")).label(reason))
}

/// Why this text cannot be a key.
pub(super) fn flaw_of_key(key: &str) -> Option<&'static str> {
    match key {
        _ if key.trim().is_empty() => Some("it is empty"),
        _ if key.trim() != key => Some("it begins or ends with a space or line break"),
        _ if key.starts_with(['"', '\'']) => Some("it begins with a quote that belongs to no key"),
        _ if HeaderValue::try_from(key).is_err() || !key.is_ascii() => {
            Some("it has characters that no header can carry")
        }
        _ => None,
    }
}

fn header_problems(view: &View<'_>, name: &str, provider: &ProviderConfig) -> Vec<Problem> {
    let problem = |header: &str, reason: &str| {
        view.problem(&["providers", name, "headers", header], format!("the header '{header}' cannot be sent"))
            .label(reason)
    };
    let flaw = |(header, value): (&String, &String)| {
        if HeaderName::try_from(header.as_str()).is_err() {
            return Some(problem(header, "the name has characters that no header's name has"));
        }
        HeaderValue::try_from(value.as_str())
            .is_err()
            .then(|| problem(header, "the value has characters that no header can carry"))
    };
    provider.headers.iter().filter_map(flaw).collect()
}
