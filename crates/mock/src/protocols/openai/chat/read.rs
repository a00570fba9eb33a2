//! Reading a chat request, with OpenAI's words for what cannot be read.

use bytes::{BufMut, Bytes, BytesMut};
use playhouse_llm::Error;
use playhouse_wire::{Codec, OpenAiChat};
use serde_json::Value;

use super::{NAME, rules};
use crate::call::{Facts, Form};
use crate::protocols::Vendor;
use crate::protocols::openai::deployment::model_of_path;
use crate::protocols::openai::{OpenAi, unparsable};

/// Reads a request that came on this path.
pub(super) fn read(path: &str, body: Bytes) -> Result<Facts, Error> {
    let readable = OpenAiChat.read_request(body.clone()).or_else(|error| {
        let named = model_of_path(path).and_then(|model| with_model(&model, &body));
        named.map_or_else(
            || Err(refusal(&body, error)),
            |body| OpenAiChat.read_request(body.clone()).map_err(|error| refusal(&body, error)),
        )
    })?;
    let form = Form { include_usage: readable.include_usage, ..Form::default() };
    Ok(Facts::chat(NAME, readable.request, form, body))
}

/// The body with a model's name, if it is an object that has none.
fn with_model(model: &str, body: &Bytes) -> Option<Bytes> {
    let members: Value = serde_json::from_slice(body).ok()?;
    members.as_object().filter(|members| !members.contains_key("model"))?;
    let start = body.iter().position(|byte| *byte == b'{')? + 1;
    let comma = if members.as_object().is_some_and(serde_json::Map::is_empty) { "" } else { "," };
    let mut named = BytesMut::with_capacity(body.len() + model.len() + 12);
    named.put_slice(&body[..start]);
    named.put_slice(format!(r#""model":{}{comma}"#, Value::from(model)).as_bytes());
    named.put_slice(&body[start..]);
    Some(named.freeze())
}

/// What OpenAI says of a body that cannot be read as a request.
fn refusal(body: &[u8], error: Error) -> Error {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return unparsable().to_error(OpenAi.name());
    };
    let model = match members.get("model") {
        None | Some(Value::Null) => "",
        Some(Value::String(name)) => name,
        // OpenAI's parser gives up here, though it is JSON.
        Some(_) => return unparsable().to_error(OpenAi.name()),
    };
    let first = rules::check(&members, model).into_iter().next();
    first.map_or(error, |violation| violation.to_error(OpenAi.name()))
}

#[cfg(test)]
mod tests {
    use playhouse_llm::ErrorKind;

    use super::*;

    fn refused(path: &str, body: &'static str) -> Error {
        read(path, Bytes::from_static(body.as_bytes())).unwrap_err()
    }

    #[test]
    fn what_is_no_object_cannot_be_parsed() {
        for body in ["", "{", "[]", "\"Hi\"", "null", r#"{"model": 7, "messages": []}"#] {
            let error = refused("/v1/chat/completions", body);
            assert!(
                error.message.starts_with("We could not parse the JSON body of your request. (HINT:"),
                "{body}"
            );
            assert_eq!(
                (error.kind, error.upstream_status()),
                (ErrorKind::InvalidRequest, Some(400)),
                "{body}"
            );
        }
    }

    #[test]
    fn what_lacks_its_essentials_is_told_in_openais_words() {
        let without_model =
            refused("/v1/chat/completions", r#"{"messages": [{"role": "user", "content": "Hi"}]}"#);
        assert_eq!(without_model.message, "you must provide a model parameter");
        assert_eq!(without_model.param, None);
        let without_messages = refused("/v1/chat/completions", r#"{"model": "gpt-4o", "top_k": 1}"#);
        assert_eq!(without_messages.message, "Missing required parameter: 'messages'.");
        let empty = refused("/v1/chat/completions", r#"{"model": "gpt-4o", "messages": []}"#);
        assert_eq!(empty.param.as_deref(), Some("messages"));
    }

    #[test]
    fn azure_names_the_model_in_the_path() {
        let path = "/openai/deployments/gpt-4o-mini/chat/completions";
        let body = r#" {"messages": [{"role": "user", "content": "Hi"}]}"#;
        let facts = read(path, Bytes::from_static(body.as_bytes())).unwrap();
        assert_eq!(
            (&*facts.model, facts.user.as_str(), &facts.body[..]),
            ("gpt-4o-mini", "Hi", body.as_bytes())
        );
        let own = r#"{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}"#;
        assert_eq!(&*read(path, Bytes::from_static(own.as_bytes())).unwrap().model, "gpt-4o");
        let spaced = read(&path.replace("gpt-4o-mini", "my%20model"), Bytes::from_static(body.as_bytes()));
        assert_eq!(&*spaced.unwrap().model, "my model");
        assert_eq!(refused(path, "{}").message, "Missing required parameter: 'messages'.");
    }
}
