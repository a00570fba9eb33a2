//! `cases/*.yaml`: scripts, each with the request that its first rule answers; beside each what is
//! said, or what is wrong. `INSTA_UPDATE=always` writes what is expected.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use playhouse_llm::{Chunk, EmbedRequest, Error, PartDelta};
use playhouse_mock::call::{Facts, Form, ModelsQuery, Page};
use playhouse_mock::matching::RuleProblem;
use playhouse_mock::plan::Content;
use playhouse_mock::reply::{Rendered, Replies, Scene};
use playhouse_mock::script::Script;
use playhouse_mock::verdict::Hit;
use serde::Deserialize;
use serde_json::Value;

use crate::support::{call, facts_of};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    asks: Asks,
    #[serde(default)]
    request: Value,
    #[serde(default)]
    captures: BTreeMap<String, String>,
    script: Script,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asks {
    #[default]
    Chat,
    Embeddings,
    Models,
}

#[tokio::test]
async fn replies_say_what_is_expected() {
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    assert!(cases.len() >= 30, "only {} cases", cases.len());
    for path in cases {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let case: Case = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).expect(name);
        let seen = report(case).await;
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, seen));
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replies/cases")
}

async fn report(case: Case) -> String {
    let facts = facts(&case);
    let replies = match Replies::compile(&case.script, &folder()) {
        Ok(replies) => replies,
        Err(problems) => return told(&problems),
    };
    let call = call("tests", facts);
    let mut out = String::new();
    let steps = case.script.rules[0].sequence.as_ref().map_or(1, |sequence| sequence.replies.len());
    for step in 0..steps {
        let hit = Hit { index: 0, name: Arc::from("rule 1"), call: 2, captures: case.captures.clone() };
        let scene = Scene { call: &call, hit: &hit, step, seed: 7 };
        write_answer(&mut out, replies.render(scene).await);
    }
    out
}

fn facts(case: &Case) -> Facts {
    match case.asks {
        Asks::Chat => facts_of("openai-chat", case.request.to_string().into_bytes()),
        Asks::Models => Facts::models("openai-models", ModelsQuery::List(Page::default())),
        Asks::Embeddings => {
            let inputs = case.request["input"].as_array().unwrap().iter();
            let text = |input: &Value| playhouse_llm::EmbedInput::Text(input.as_str().unwrap().to_owned());
            let request = EmbedRequest {
                model: Arc::from(case.request["model"].as_str().unwrap()),
                inputs: inputs.map(text).collect(),
                dimensions: None,
                extra: serde_json::Map::new(),
            };
            Facts::embeddings("openai-embeddings", request, Form::default(), "".into())
        }
    }
}

fn told(problems: &[RuleProblem]) -> String {
    // Where the checkout lies is no part of what is expected.
    let here = folder().display().to_string();
    problems.iter().map(|problem| format!("{problem}\n").replace(&here, "HERE")).collect()
}

fn write_answer(out: &mut String, answer: Result<Rendered, Error>) {
    let Rendered { content, headers, pace, fault } = match answer {
        Ok(rendered) => rendered,
        Err(error) => return writeln!(out, "error {}: {error}", error.kind.as_str()).unwrap(),
    };
    for (name, value) in &headers {
        writeln!(out, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    if let Some(pace) = pace {
        writeln!(out, "{pace:?}").unwrap();
    }
    if let Some(fault) = fault {
        writeln!(out, "fault {:?}", fault.kind()).unwrap();
    }
    match content {
        Content::Chat(chunks) => write_chunks(out, &chunks),
        Content::Raw(raw) => writeln!(out, "{raw:?}").unwrap(),
        Content::Embeddings(reply) => writeln!(out, "{reply:?}").unwrap(),
        other => writeln!(out, "{other:?}").unwrap(),
    }
}

fn write_chunks(out: &mut String, chunks: &[Chunk]) {
    let first = &chunks[0];
    writeln!(out, "id {:?}, model {:?}", first.id, first.model).unwrap();
    for chunk in chunks {
        assert_eq!((&chunk.id, &chunk.model), (&first.id, &first.model));
        for choice in &chunk.choices {
            let role = choice.role.map(|role| format!(" {role:?}")).unwrap_or_default();
            let parts: Vec<String> = choice.parts.iter().map(described).collect();
            let finish = choice.finish.as_ref().map(|finish| format!("finish {finish}")).unwrap_or_default();
            writeln!(out, "{}{role} {}{finish}", choice.index, parts.join(" ")).unwrap();
        }
        if let Some(usage) = &chunk.usage {
            let (prompt, completion) = (usage.prompt_tokens, usage.completion_tokens);
            let (cached, reasoning) = (usage.cached_tokens, usage.reasoning_tokens);
            assert_eq!(usage.total_tokens, prompt + completion);
            writeln!(out, "usage {prompt} + {completion}, cached {cached:?}, reasoning {reasoning:?}")
                .unwrap();
        }
    }
}

fn described(part: &PartDelta) -> String {
    match part {
        PartDelta::Text(text) => format!("{text:?}"),
        PartDelta::Refusal(text) => format!("refusal {text:?}"),
        PartDelta::Reasoning { text, field } => format!("{field} {text:?}"),
        PartDelta::Seal { .. } | PartDelta::Other { .. } => {
            panic!("nothing of the kind is scripted: {part:?}")
        }
        PartDelta::ToolCall { index, id, name, arguments, .. } => {
            let begun = id.iter().zip(name).map(|(id, name)| format!(" {id} {name}")).collect::<String>();
            format!("call {index}{begun} {:?}", arguments.as_deref().unwrap_or_default())
        }
    }
}
