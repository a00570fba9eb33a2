//! A request body as a prompt, and a prompt as a request body.

use playhouse_llm::{Extra, Malformed, Prompt};
use serde_json::{Number, Value, json};

use super::head::{missing, unparsable};
use super::message::{decode_messages, encode_messages, take_system};
use super::{tools, wishes};
use crate::fields::{
    Writing, carried_object, leave_rest, take_exact, take_filled_string, take_object, take_u64,
};
use crate::json;

/// Decodes a request body. The model and the wish for a stream stay in the carried fields.
pub(super) fn decode_prompt(body: &[u8]) -> Result<Prompt, Malformed> {
    let mut fields = json::parse_object(body).map_err(|reason| unparsable(&reason))?;
    let messages = fields.shift_remove("messages").ok_or_else(|| missing("messages"))?;
    let system = take_system(&mut fields);
    let tools = tools::take_tools(&mut fields);
    let (tool_choice, parallel_tools) = tools::take_choice(&mut fields);
    Ok(Prompt {
        messages: system.into_iter().chain(decode_messages(messages)?).collect(),
        tools,
        tool_choice,
        parallel_tools,
        output: wishes::read_output(&fields),
        reasoning: wishes::read_reasoning(&fields),
        max_tokens: take_u64(&mut fields, "max_tokens"),
        temperature: take_exact(&mut fields, "temperature", Value::as_f64, write_f64),
        top_p: take_exact(&mut fields, "top_p", Value::as_f64, write_f64),
        top_k: take_u64(&mut fields, "top_k"),
        stop: take_exact(&mut fields, "stop_sequences", read_stop, |stop| write_stop(stop))
            .unwrap_or_default(),
        end_user: take_end_user(&mut fields),
        extra: fields,
    })
}

/// Encodes a prompt as the JSON object of a request body.
///
/// A prompt that was decoded gives an equal object, the model included. One made of types names no model;
/// the codec adds it.
///
/// ```
/// use playhouse_llm::{Message, Prompt};
/// use playhouse_wire::anthropic::messages::encode_prompt;
///
/// let body = encode_prompt(&Prompt::new(vec![Message::system("Be brief."), Message::user("Hello")]));
/// assert_eq!(body["system"], "Be brief.");
/// assert_eq!(body["messages"][0]["content"], "Hello");
/// ```
pub fn encode_prompt(prompt: &Prompt) -> Value {
    let mut out = Writing::new(&prompt.extra);
    let (system, messages) = encode_messages(&prompt.messages);
    wishes::set_wishes(&mut out, prompt);
    out.set_some("system", system);
    out.set("messages", messages);
    tools::set_tools(&mut out, &prompt.tools);
    tools::set_choice(&mut out, &(prompt.tool_choice.clone(), choice_of_tools(prompt)));
    out.set_kept("temperature", prompt.temperature.as_ref(), Value::as_f64, write_f64);
    out.set_kept("top_p", prompt.top_p.as_ref(), Value::as_f64, write_f64);
    out.set_some("top_k", prompt.top_k);
    let stop = (!prompt.stop.is_empty()).then_some(&prompt.stop);
    out.set_kept("stop_sequences", stop, read_stop, |stop| write_stop(stop));
    set_end_user(&mut out, prompt);
    Value::Object(out.done())
}

/// Whether several tools may be called at once means something only where there are tools.
fn choice_of_tools(prompt: &Prompt) -> Option<bool> {
    prompt.parallel_tools.filter(|_| !prompt.tools.is_empty() || prompt.tool_choice.is_some())
}

fn take_end_user(fields: &mut Extra) -> Option<String> {
    let mut metadata = take_object(fields, "metadata")?;
    let was_empty = metadata.is_empty();
    let user = take_filled_string(&mut metadata, "user_id");
    if was_empty || user.is_none() {
        fields.insert("metadata".to_owned(), Value::Object(metadata));
    } else {
        leave_rest(fields, "metadata", metadata);
    }
    user
}

fn set_end_user(out: &mut Writing<'_>, prompt: &Prompt) {
    let Some(user) = &prompt.end_user else { return };
    let rest = carried_object(&prompt.extra, "metadata");
    let mut metadata = Writing::new(&rest);
    metadata.set("user_id", user.as_str());
    out.set("metadata", json!(metadata.done()));
}

fn write_f64(number: &f64) -> Value {
    Number::from_f64(*number).map_or(Value::Null, Value::Number)
}

fn read_stop(value: &Value) -> Option<Vec<String>> {
    let items = value.as_array()?;
    let stop: Option<Vec<String>> = items.iter().map(|item| Some(item.as_str()?.to_owned())).collect();
    stop.filter(|stop| !stop.is_empty())
}

fn write_stop(stop: &[String]) -> Value {
    stop.into()
}
