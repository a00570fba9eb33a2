//! The object that tells of an answer as a whole: what it is, what was asked, and how far it has come.

use bytes::Bytes;
use playhouse_llm::{Chunk, Extra, Quoted, Reply, Request};
use serde_json::{Map, Value, json};

use super::codec::PROTOCOL;
use super::reply::encode_reply;
use super::usage::write_whole_usage;
use crate::codec::Envelope;
use crate::json;
use crate::scan::members_of;

/// Members of a request that its answer repeats, with what holds where nothing was said
/// (<https://platform.openai.com/docs/api-reference/responses/object>).
const REPEATED: [(&str, &str); 20] = [
    ("background", "false"),
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("prompt_cache_key", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("safety_identifier", "null"),
    ("service_tier", r#""default""#),
    ("store", "true"),
    ("temperature", "1.0"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("tools", "[]"),
    ("top_logprobs", "0"),
    ("top_p", "1.0"),
    ("truncation", r#""disabled""#),
    ("user", "null"),
];

/// What an answer is, and what it answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) id: String,
    created: u64,
    model: String,
    asked: Extra,
}

impl Answer {
    /// The answer to a request, of which nothing is known yet.
    pub(super) fn to(asked: Option<&Request>, envelope: &Envelope) -> Self {
        let body = asked.and_then(|asked| asked.bytes_in(PROTOCOL));
        Self {
            id: format!("resp_{}", envelope.id),
            created: envelope.created,
            model: envelope.model.as_ref().to_owned(),
            asked: body.map(repeated).unwrap_or_default(),
        }
    }

    /// Takes on what a chunk says of it.
    pub(super) fn learn(&mut self, chunk: &Chunk) {
        if let Some(id) = &chunk.id {
            self.id.clone_from(id);
        }
        if let Some(model) = &chunk.model {
            self.model.clone_from(model);
        }
        self.created = chunk.created.unwrap_or(self.created);
    }

    /// The answer so far, with these items.
    pub(super) fn so_far(&self, status: &str, details: Value, output: Value) -> Map<String, Value> {
        let mut object = Map::from_iter([
            ("id".to_owned(), self.id.as_str().into()),
            ("object".to_owned(), "response".into()),
            ("created_at".to_owned(), self.created.into()),
            ("status".to_owned(), status.into()),
            ("error".to_owned(), Value::Null),
            ("incomplete_details".to_owned(), details),
            ("model".to_owned(), self.model.as_str().into()),
            ("output".to_owned(), output),
        ]);
        for (name, usual) in REPEATED {
            let said = self.asked.get(name).filter(|said| !said.is_null()).cloned();
            let usual = || serde_json::from_str(usual).unwrap_or_default();
            object.insert(name.to_owned(), said.unwrap_or_else(usual));
        }
        object.insert("usage".to_owned(), Value::Null);
        object
    }

    /// The answer so far as it is written, with these items and token counts.
    pub(super) fn json(&self, (status, details): (&str, &Value), output: &str, usage: &str) -> String {
        let (id, model) = (Quoted::of(&self.id), Quoted::of(&self.model));
        let mut json = format!(
            r#"{{"id":"{}","object":"response","created_at":{},"status":"{status}","error":null,"incomplete_details":{details},"model":"{}","output":{output}"#,
            id.escaped(),
            self.created,
            model.escaped(),
        );
        for (name, usual) in REPEATED {
            json.extend([",\"", name, "\":"]);
            match self.asked.get(name).filter(|said| !said.is_null()) {
                Some(said) => json.push_str(&said.to_string()),
                None => json.push_str(usual),
            }
        }
        json.extend([",\"usage\":", usage, "}"]);
        json
    }

    /// A whole answer as OpenAI's always are.
    pub(super) fn dressed(mut self, reply: &Reply) -> Value {
        if !reply.id.is_empty() {
            self.id.clone_from(&reply.id);
        }
        let reply = Reply { id: self.id.clone(), ..reply.clone() };
        let mut object = self.so_far("completed", Value::Null, json!([]));
        if let Value::Object(fields) = encode_reply(&reply) {
            object.extend(fields);
        }
        object.insert("usage".to_owned(), write_whole_usage(&reply.usage.unwrap_or_default()));
        Value::Object(object)
    }
}

/// The members of a request that its answer repeats.
fn repeated(body: &Bytes) -> Extra {
    let is_repeated = |name: &str| REPEATED.iter().any(|(known, _)| *known == name);
    str::from_utf8(body).ok().and_then(|text| members_of(text, is_repeated)).unwrap_or_else(|| {
        let mut fields = json::parse_object(body).unwrap_or_default();
        fields.retain(|name, _| is_repeated(name));
        fields
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_written_as_it_is_made() {
        let envelope = Envelope { id: "\"1".into(), created: 7, model: "mödel".into(), include_usage: true };
        let asked = r#"{"model":"x","store":false,"tools":[{"type":"function", "name":"\u00e4"}],"top_p":null,"temperature":0.50,"input":[{}]}"#;
        let mut answer = Answer::to(None, &envelope);
        for asked in [Extra::new(), repeated(&asked.into())] {
            answer.asked = asked;
            let made = answer.so_far("incomplete", json!({ "reason": "x" }), json!([{ "id": "i" }]));
            let written = answer.json(("incomplete", &json!({ "reason": "x" })), r#"[{"id":"i"}]"#, "null");
            assert_eq!(written, Value::Object(made).to_string());
        }
        assert_eq!(answer.asked.keys().collect::<Vec<_>>(), ["store", "tools", "top_p", "temperature"]);
    }
}
