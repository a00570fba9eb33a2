//! Real traffic: what OpenAI took is taken, what it refused is refused in its words.

use std::fs;
use std::path::{Path, PathBuf};

use playhouse_llm::{EmbedRequest, Extra};
use playhouse_mock::call::{Facts, Form};
use playhouse_mock::protocols::openai::embeddings::Embeddings;
use playhouse_mock::protocols::{MockProtocol, Violation};
use serde_json::Value;

use crate::subject::{Refusal, refusal, violations};

/// How many there are at least: a walk that finds fewer looks in a wrong place.
const TAKEN_BY_OPENAI: usize = 80;
const TAKEN_BY_OTHERS: usize = 60;
const REFUSED: usize = 14;
const EMBEDDINGS: usize = 5;

/// Errors that no double can find in the request: they need the network.
const BEYOND_REACH: [&str; 1] = ["Error while downloading "];

#[test]
fn what_openai_took_is_taken() {
    let taken = exchanges().filter(|exchange| exchange.vendor == "openai" && exchange.status == 200);
    let checked: Vec<_> = taken.map(|exchange| (exchange.name, refusal(&exchange.request))).collect();
    assert!(!has_recordings() || checked.len() >= TAKEN_BY_OPENAI, "only {} exchanges", checked.len());
    let refused: Vec<_> = checked.into_iter().filter(|(_, refused)| refused.is_some()).collect();
    assert_eq!(refused, []);
}

/// Their models are none of OpenAI's, as when a script names them.
#[test]
fn what_others_took_is_taken() {
    let taken = exchanges().filter(|exchange| exchange.vendor != "openai" && exchange.status == 200);
    let checked: Vec<_> = taken.map(|exchange| (first_but_the_model(&exchange.request), exchange)).collect();
    assert!(!has_recordings() || checked.len() >= TAKEN_BY_OTHERS, "only {} exchanges", checked.len());
    let refused =
        checked.into_iter().filter_map(|(first, exchange)| Some((exchange.vendor, exchange.name, first?)));
    assert_eq!(refused.collect::<Vec<_>>(), []);
}

fn first_but_the_model(request: &str) -> Option<Violation> {
    let request: Value = serde_json::from_str(request).unwrap();
    violations(&request).into_iter().find(|found| found.rule != "openai/model-exists")
}

#[test]
fn what_openai_refused_is_refused_in_its_words() {
    let lines =
        folder().map(|folder| fs::read_to_string(folder.join("errors.jsonl")).unwrap()).unwrap_or_default();
    let errors = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let concerned: Vec<Value> = errors.filter(is_for_us).collect();
    assert!(!has_recordings() || concerned.len() >= REFUSED, "only {} errors", concerned.len());
    for recorded in concerned {
        let request = recorded["request"].as_str().unwrap();
        let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
        let expected = Refusal { status, error: recorded["body"]["error"].clone() };
        assert_eq!(refusal(request), Some(expected), "{request}");
    }
}

/// Refusals of chat requests by what they say; those for their key have no key here.
fn is_for_us(recorded: &Value) -> bool {
    let message = recorded["body"]["error"]["message"].as_str().unwrap_or_default();
    let is_openais =
        recorded["provider"] == "openai" && recorded["endpoint"] == "chat" && recorded["status"] != 401;
    is_openais
        && recorded["request"].as_str().is_some_and(is_whole)
        && !BEYOND_REACH.iter().any(|reason| message.starts_with(reason))
}

/// Some are kept in part only.
fn is_whole(request: &str) -> bool {
    serde_json::from_str::<Value>(request).is_ok()
}

#[test]
fn what_openai_took_to_embed_is_taken_and_what_it_refused_is_refused() {
    let exchanges = exchanges_of("embeddings").filter(|exchange| exchange.vendor == "openai");
    let checked: Vec<_> =
        exchanges.map(|exchange| (exchange.status, embedding_refusal(&exchange.request))).collect();
    assert!(!has_recordings() || checked.len() >= EMBEDDINGS, "only {} exchanges", checked.len());
    for (status, refused) in checked {
        assert_eq!(refused.map_or(200, |refused| u64::from(refused.status)), status);
    }
}

fn embedding_refusal(request: &str) -> Option<Violation> {
    let json: Value = serde_json::from_str(request).unwrap();
    let model = json["model"].as_str().unwrap().into();
    let request = EmbedRequest { model, inputs: Vec::new(), dimensions: None, extra: Extra::default() };
    let body = json.to_string().into();
    let facts = Facts::embeddings("openai-embeddings", request, Form::default(), body);
    Embeddings.unknown_model(&facts).or_else(|| Embeddings.check(&facts).into_iter().next())
}

pub(crate) struct Exchange {
    pub(crate) name: String,
    pub(crate) vendor: String,
    pub(crate) request: String,
    pub(crate) status: u64,
}

fn exchanges() -> impl Iterator<Item = Exchange> {
    exchanges_of("chat")
}

pub(crate) fn exchanges_of(endpoint: &str) -> impl Iterator<Item = Exchange> {
    let vendors = folder().map_or_else(Vec::new, |folder| entries(&folder.join(endpoint))).into_iter();
    vendors.flat_map(|vendor| entries(&vendor)).map(|path| {
        let recorded: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let vendor = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        Exchange {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            vendor: vendor.trim_end_matches("-stream").to_owned(),
            request: recorded["request"]["body"].as_str().unwrap().to_owned(),
            status: recorded["response"]["status"].as_u64().unwrap(),
        }
    })
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

pub(crate) fn has_recordings() -> bool {
    folder().is_some()
}

/// The folder of recordings, which is not part of the repository.
pub(crate) fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recorded");
    let folder = std::env::var_os("PLAYHOUSE_RECORDED").map_or_else(beside, PathBuf::from);
    if folder.join("chat").is_dir() {
        return Some(folder);
    }
    let is_required =
        ["CI", "PLAYHOUSE_REQUIRE_RECORDED"].iter().any(|name| std::env::var_os(name).is_some());
    assert!(!is_required, "there is no recorded traffic in {}; set PLAYHOUSE_RECORDED", folder.display());
    println!("skipped: there is no recorded traffic in {}; set PLAYHOUSE_RECORDED", folder.display());
    None
}
