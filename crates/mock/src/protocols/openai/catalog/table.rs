//! The table of models, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Endpoint, Family, Model};

static TABLE: &str = include_str!("../../../../data/openai_models.csv");

static MODELS: LazyLock<HashMap<&'static str, Model>> =
    LazyLock::new(|| TABLE.lines().skip(1).filter_map(model_of).map(|model| (model.name, model)).collect());

/// The row of this very name.
pub(super) fn row(name: &str) -> Option<&'static Model> {
    MODELS.get(name)
}

/// Every row, by name.
pub(super) fn rows() -> Vec<&'static Model> {
    let mut rows: Vec<&Model> = MODELS.values().collect();
    rows.sort_by_key(|model| model.name);
    rows
}

fn model_of(line: &'static str) -> Option<Model> {
    let fields: Vec<&str> = line.split(',').collect();
    let [name, endpoint, family, window, max_output, images, json, schemas, efforts, default_effort, retired] =
        fields[..]
    else {
        return None;
    };
    Some(Model {
        name,
        endpoint: endpoint_of(endpoint)?,
        family: Family::of_name(family)?,
        window_tokens: number_of(window)?,
        max_output_tokens: number_of(max_output)?,
        sees_images: images != "0",
        takes_json: json != "0",
        takes_schemas: schemas != "0",
        efforts: efforts.split('|').filter(|effort| !effort.is_empty()).collect(),
        reasons_by_default: !matches!(default_effort, "" | "none"),
        is_retired: retired == "1",
    })
}

fn endpoint_of(name: &str) -> Option<Endpoint> {
    match name {
        "chat" => Some(Endpoint::Chat),
        "embeddings" => Some(Endpoint::Embeddings),
        "responses" => Some(Endpoint::Responses),
        "completions" => Some(Endpoint::Completions),
        "other" => Some(Endpoint::Other),
        _ => None,
    }
}

fn number_of(text: &str) -> Option<u64> {
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_model_of_its_own() {
        let lines = TABLE.lines().skip(1).count();
        assert!(lines > 150, "only {lines} models");
        assert_eq!(MODELS.len(), lines);
    }

    #[test]
    fn a_line_that_says_something_else_is_none() {
        for line in [
            "",
            "gpt-9,chat,gpt",
            "gpt-9,nowhere,gpt,,,,,,,,",
            "gpt-9,chat,nobody,,,,,,,,",
            "gpt-9,chat,gpt,x,,,,,,,",
        ] {
            assert_eq!(model_of(line), None, "{line}");
        }
    }
}
