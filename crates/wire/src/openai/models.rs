//! OpenAI's models: the list as vendors send it, one of them, and one that is deleted.

use std::sync::Arc;

use playhouse_llm::{Extra, Malformed, ModelInfo};
use serde_json::{Map, Value, json};

use crate::json;

/// A vendor's list of models, with everything it says of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelList {
    /// The models, in the vendor's order.
    pub models: Vec<ListedModel>,
    /// Carried fields of the list.
    pub extra: Extra,
    /// Whether the list came bare, without an object around it.
    is_bare: bool,
}

/// One model of a vendor's list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedModel {
    /// What the vocabulary knows of it.
    pub info: ModelInfo,
    /// Carried fields.
    pub extra: Extra,
}

impl ModelList {
    /// Decodes a list.
    ///
    /// # Errors
    /// When the body is no list of objects that each have an `id`.
    pub fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let (items, extra, is_bare) = match json::parse(body).map_err(Malformed::new)? {
            Value::Array(items) => (items, Extra::new(), true),
            Value::Object(mut fields) => match fields.shift_remove("data") {
                Some(Value::Array(items)) => (items, fields, false),
                _ => return Err(Malformed::at("data", "the list of models has no 'data' that is a list")),
            },
            _ => return Err(Malformed::new("the list of models is neither an object nor a list")),
        };
        let models = items.into_iter().enumerate().map(|(at, item)| decode_listed(item, at));
        Ok(Self { models: models.collect::<Result<_, _>>()?, extra, is_bare })
    }

    /// Encodes the list; what was decoded gives an equal value.
    pub fn encode(&self) -> Value {
        let models = self.models.iter().map(encode_model).collect();
        if self.is_bare {
            return models;
        }
        let mut fields = self.extra.clone();
        fields.insert("data".to_owned(), models);
        Value::Object(fields)
    }
}

/// Decodes the models of a list.
///
/// ```
/// let body = br#"{"object":"list","data":[{"id":"gpt-4o","object":"model","owned_by":"openai"}]}"#;
/// let models = playhouse_wire::openai::models::decode_list(body).unwrap();
/// assert_eq!(&*models[0].id, "gpt-4o");
/// ```
///
/// # Errors
/// When the body is no list of objects that each have an `id`.
pub fn decode_list(body: &[u8]) -> Result<Vec<ModelInfo>, Malformed> {
    Ok(ModelList::decode(body)?.models.into_iter().map(|model| model.info).collect())
}

/// Decodes one model, as it is answered when asked for by name.
///
/// # Errors
/// When the body is no object that has an `id`.
pub fn decode_one(body: &[u8]) -> Result<ModelInfo, Malformed> {
    let nameless = || Malformed::at("id", "the model has no 'id'");
    let value = json::parse(body).map_err(Malformed::new)?;
    Ok(decode_model(value).ok_or_else(nameless)?.info)
}

/// Encodes models as the body of a list.
pub fn encode_list(models: &[ModelInfo]) -> Vec<u8> {
    let data: Vec<Value> = models.iter().map(model_value).collect();
    json!({ "object": "list", "data": data }).to_string().into_bytes()
}

/// Encodes one model, as it is answered when asked for by name.
pub fn encode_one(model: &ModelInfo) -> Vec<u8> {
    model_value(model).to_string().into_bytes()
}

/// Encodes what is answered when a model has been deleted.
///
/// <https://platform.openai.com/docs/api-reference/models/delete>
pub fn encode_deleted(id: &str) -> Vec<u8> {
    json!({ "id": id, "object": "model", "deleted": true }).to_string().into_bytes()
}

fn model_value(model: &ModelInfo) -> Value {
    json!({
        "id": *model.id,
        "object": "model",
        "created": model.created.unwrap_or(0),
        "owned_by": *model.owned_by,
    })
}

fn decode_listed(value: Value, at: usize) -> Result<ListedModel, Malformed> {
    let nameless = || Malformed::at(format!("data[{at}].id"), format!("model {at} of the list has no 'id'"));
    decode_model(value).ok_or_else(nameless)
}

/// Decodes one model; `None` where it has no name.
fn decode_model(value: Value) -> Option<ListedModel> {
    let Value::Object(mut extra) = value else { return None };
    let id = take_name(&mut extra, "id")?;
    let owned_by = take_name(&mut extra, "owned_by").unwrap_or_default();
    let created = extra.get("created").and_then(Value::as_u64);
    if created.is_some() {
        extra.shift_remove("created");
    }
    Some(ListedModel { info: ModelInfo { id, owned_by, created }, extra })
}

fn encode_model(model: &ListedModel) -> Value {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), (*model.info.id).into());
    if !model.info.owned_by.is_empty() {
        fields.insert("owned_by".to_owned(), (*model.info.owned_by).into());
    }
    if let Some(created) = model.info.created {
        fields.insert("created".to_owned(), created.into());
    }
    fields.extend(model.extra.clone());
    Value::Object(fields)
}

/// Takes a string that is not empty.
fn take_name(fields: &mut Extra, key: &str) -> Option<Arc<str>> {
    let name = fields.get(key)?.as_str().filter(|name| !name.is_empty())?;
    let name = Arc::from(name);
    fields.shift_remove(key);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_model_survives() {
        let info = ModelInfo { id: "ft:gpt-4o:acme".into(), owned_by: "acme".into(), created: Some(7) };
        let body = encode_one(&info);
        assert_eq!(
            std::str::from_utf8(&body).unwrap(),
            r#"{"id":"ft:gpt-4o:acme","object":"model","created":7,"owned_by":"acme"}"#
        );
        assert_eq!(decode_one(&body), Ok(info));
    }

    #[test]
    fn what_is_no_model_is_said() {
        for body in ["[]", "{}", r#"{"id":""}"#, r#"{"id":7}"#, "null"] {
            assert_eq!(decode_one(body.as_bytes()).unwrap_err().param.as_deref(), Some("id"), "{body}");
        }
        assert!(decode_one(b"{").is_err());
    }

    #[test]
    fn a_deleted_model_says_so() {
        let body = String::from_utf8(encode_deleted("ft:a/b")).unwrap();
        assert_eq!(body, r#"{"id":"ft:a/b","object":"model","deleted":true}"#);
    }
}
