//! Anthropic's models: the list, part by part, and one of them.

mod page;

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, ErrorKind, ModelInfo};
use playhouse_wire::Envelope;
use playhouse_wire::anthropic::messages::{ModelCard, encode_model_card, encode_model_cards};

use super::catalog::{self, Model};
use super::{Anthropic, complaint, unknown_model};
use crate::call::{Asked, Facts, ModelsQuery, Page};
use crate::plan::Content;
use crate::protocols::model_path::id_of_path;
use crate::protocols::{Frames, MockProtocol, Vendor, Violation};

const NAME: &str = "anthropic-models";

/// Anthropic's models.
#[derive(Clone, Copy, Debug)]
pub struct Models;

impl MockProtocol for Models {
    fn name(&self) -> &'static str {
        NAME
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &Anthropic
    }

    fn claims(&self, path: &str) -> bool {
        id_of_path(path).is_some()
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET]
    }

    fn read(&self, _method: &Method, path: &str, query: Option<&str>, _body: Bytes) -> Result<Facts, Error> {
        let query = match id_of_path(path).filter(|id| !id.is_empty()) {
            Some(id) => ModelsQuery::One(id),
            None => ModelsQuery::List(Page::of_query(query.unwrap_or_default())),
        };
        Ok(Facts::models(NAME, query))
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        match &facts.asked {
            Asked::Models(ModelsQuery::List(page)) => page::check(page).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn unknown_model(&self, facts: &Facts) -> Option<Violation> {
        (!facts.model.is_empty()).then(|| unknown_model(&facts.model)).flatten()
    }

    fn unscripted(&self, facts: &Facts) -> Content {
        match &facts.asked {
            Asked::Models(ModelsQuery::One(id)) => Content::Model(info_of(id)),
            _ => Content::Models(
                catalog::all().filter(|model| model.is_listed).map(|model| info_of(model.name)).collect(),
            ),
        }
    }

    fn write(&self, content: &Content, facts: &Facts, _envelope: &Envelope) -> Result<Frames, Error> {
        let body = match (content, &facts.asked) {
            (Content::Models(models), Asked::Models(ModelsQuery::List(page))) => {
                let (part, has_more) = page::part_of(models, page);
                encode_model_cards(&part.iter().map(card_of).collect::<Vec<_>>(), has_more)
            }
            (Content::Model(model), _) => encode_model_card(&card_of(model)),
            _ => {
                let message =
                    "the reply is none to a question about models: give it `raw` bytes, or no rule at all";
                return Err(Error::new(ErrorKind::Internal, message));
            }
        };
        Ok(Frames::whole("application/json", body.to_string().into()))
    }
}

/// What is said of a model, whether there is one or not.
fn info_of(id: &str) -> ModelInfo {
    let model = catalog::find(id);
    let name = model.map_or(id, |model| model.name);
    ModelInfo { id: name.into(), owned_by: "anthropic".into(), created: model.and_then(Model::created) }
}

fn card_of(info: &ModelInfo) -> ModelCard<'_> {
    let bare = ModelCard { info, display_name: &info.id, ..ModelCard::of(info) };
    catalog::find(&info.id).map_or(bare, |model| ModelCard {
        info,
        display_name: model.display_name,
        max_input_tokens: Some(model.window_tokens),
        max_tokens: Some(model.max_output_tokens),
        efforts: &model.efforts,
        thinking: &model.thinking,
    })
}

#[cfg(test)]
mod tests;
