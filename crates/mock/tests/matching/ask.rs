//! A request of a case.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use playhouse_mock::call::{Call, Facts, ModelsQuery, Page};
use playhouse_mock::protocols::protocols;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A request, and who must answer it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// The name of the rule, or `miss`.
    pub(crate) expect: String,
    /// The text of the only message, and what the transcript calls the request.
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    messages: Vec<Value>,
    #[serde(default)]
    model: Option<String>,
    /// What else is in the body.
    #[serde(default)]
    body: Map<String, Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Asks for the list of models in place of a chat.
    #[serde(default)]
    models: bool,
}

impl Ask {
    pub(crate) fn call(&self) -> Call {
        let facts = if self.models {
            Facts::models("openai-models", ModelsQuery::List(Page::default()))
        } else {
            self.chat()
        };
        Call { namespace: "test".into(), headers: Arc::new(self.header_map()), facts: Arc::new(facts) }
    }

    fn chat(&self) -> Facts {
        let chat = protocols().iter().find(|protocol| protocol.name() == "openai-chat").unwrap();
        let body = serde_json::to_vec(&self.json()).unwrap();
        chat.read(&Method::POST, "/v1/chat/completions", None, body.into()).unwrap()
    }

    fn json(&self) -> Value {
        let user = self.user.iter().map(|user| json!({"role": "user", "content": user}));
        let messages: Vec<_> = self.messages.iter().cloned().chain(user).collect();
        let mut body = self.body.clone();
        body.insert("model".to_owned(), json!(self.model.as_deref().unwrap_or("gpt-4o")));
        body.insert("messages".to_owned(), json!(messages));
        Value::Object(body)
    }

    fn header_map(&self) -> HeaderMap {
        let headers = self.headers.iter();
        headers
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    /// What the transcript calls it.
    pub(crate) fn title(&self) -> String {
        let model = self.model.iter().map(|model| format!("model {model}"));
        let messages = (!self.messages.is_empty()).then(|| format!("after {} messages", self.messages.len()));
        let body = (!self.body.is_empty()).then(|| Value::Object(self.body.clone()).to_string());
        let headers = self.headers.keys().map(|name| format!("with {name}"));
        let user = self.user.iter().map(|user| shortened(user));
        let models = self.models.then(|| "the list of models".to_owned());
        model
            .chain(headers)
            .chain(body)
            .chain(messages)
            .chain(models)
            .chain(user)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
