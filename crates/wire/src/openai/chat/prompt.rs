//! A request body as a prompt, and a prompt as a request body.

use playhouse_llm::{Extra, Malformed, Prompt, ReasoningWish};
use serde_json::{Number, Value};

use super::fields::{Writing, take_exact, take_filled_string, take_u64};
use super::message::{decode_messages, encode_message};
use super::{complaint, form, tools};
use crate::json;

/// Decodes a request body. The model and the wish for a stream stay in the carried fields.
pub(super) fn decode_prompt(body: &[u8]) -> Result<Prompt, Malformed> {
    let mut fields = json::parse_object(body).map_err(|reason| complaint::unparsable(&reason))?;
    let messages = fields.shift_remove("messages").ok_or_else(|| complaint::missing("messages"))?;
    Ok(Prompt {
        messages: decode_messages(messages)?,
        tools: tools::take_tools(&mut fields),
        tool_choice: tools::take_choice(&mut fields),
        parallel_tools: take_exact(&mut fields, "parallel_tool_calls", Value::as_bool, |parallel| {
            (*parallel).into()
        }),
        output: take_exact(&mut fields, "response_format", form::read, form::write),
        reasoning: take_exact(&mut fields, "reasoning_effort", read_effort, write_effort),
        max_tokens: take_max_tokens(&mut fields),
        temperature: take_exact(&mut fields, "temperature", Value::as_f64, write_f64),
        top_p: take_exact(&mut fields, "top_p", Value::as_f64, write_f64),
        top_k: take_exact(&mut fields, "top_k", Value::as_u64, |count| (*count).into()),
        end_user: take_filled_string(&mut fields, "user"),
        stop: take_exact(&mut fields, "stop", read_stop, |stop| write_stop(stop)).unwrap_or_default(),
        extra: fields,
    })
}

/// Encodes a prompt as the JSON object of a request body.
///
/// A prompt that was decoded gives an equal object, the model included. One made of types names
/// no model; the codec adds it.
///
/// ```
/// use playhouse_llm::{Message, Prompt};
/// use playhouse_wire::openai::chat::encode_prompt;
///
/// let body = encode_prompt(&Prompt::new(vec![Message::user("Hello")]));
/// assert_eq!(body["messages"][0]["content"], "Hello");
/// ```
pub fn encode_prompt(prompt: &Prompt) -> Value {
    let mut out = Writing::new(&prompt.extra);
    out.set("messages", prompt.messages.iter().flat_map(encode_message).collect::<Value>());
    tools::set_tools(&mut out, &prompt.extra, &prompt.tools);
    tools::set_choice(&mut out, prompt.tool_choice.as_ref());
    out.set_kept("parallel_tool_calls", prompt.parallel_tools.as_ref(), Value::as_bool, |parallel| {
        (*parallel).into()
    });
    out.set_kept("response_format", prompt.output.as_ref(), form::read, form::write);
    out.set_kept("reasoning_effort", prompt.reasoning.as_ref(), read_effort, write_effort);
    set_max_tokens(&mut out, &prompt.extra, prompt.max_tokens);
    out.set_kept("temperature", prompt.temperature.as_ref(), Value::as_f64, write_f64);
    out.set_kept("top_p", prompt.top_p.as_ref(), Value::as_f64, write_f64);
    out.set_kept("top_k", prompt.top_k.as_ref(), Value::as_u64, |count| (*count).into());
    out.set_some("user", prompt.end_user.as_deref());
    let stop = (!prompt.stop.is_empty()).then_some(&prompt.stop);
    out.set_kept("stop", stop, read_stop, |stop| write_stop(stop));
    Value::Object(out.done())
}

/// How many answers a prompt asks for.
///
/// ```
/// use playhouse_llm::Prompt;
/// use playhouse_wire::openai::chat::answers_wanted;
///
/// let mut prompt = Prompt::default();
/// assert_eq!(answers_wanted(&prompt), 1);
/// prompt.extra.insert("n".to_owned(), 3.into());
/// assert_eq!(answers_wanted(&prompt), 3);
/// ```
pub fn answers_wanted(prompt: &Prompt) -> u64 {
    prompt.extra.get("n").and_then(Value::as_u64).unwrap_or(1).max(1)
}

/// `max_tokens` is what every vendor knows and is taken; `max_completion_tokens`, OpenAI's newer
/// name, is read and carried, and so are both where both are there.
fn take_max_tokens(fields: &mut Extra) -> Option<u64> {
    if fields.contains_key("max_completion_tokens") {
        return carried_max_tokens(fields);
    }
    take_u64(fields, "max_tokens")
}

fn carried_max_tokens(extra: &Extra) -> Option<u64> {
    let count = |key| extra.get(key).and_then(Value::as_u64);
    count("max_completion_tokens").or_else(|| count("max_tokens"))
}

fn set_max_tokens(out: &mut Writing<'_>, extra: &Extra, max_tokens: Option<u64>) {
    let carried = carried_max_tokens(extra);
    if carried == max_tokens {
        return;
    }
    if carried.is_some() {
        out.drop_carried("max_completion_tokens");
        out.drop_carried("max_tokens");
    }
    out.set_some("max_tokens", max_tokens);
}

fn read_effort(value: &Value) -> Option<ReasoningWish> {
    value.as_str().map(ReasoningWish::of_effort)
}

fn write_effort(wish: &ReasoningWish) -> Value {
    wish.in_a_word().into()
}

fn write_f64(number: &f64) -> Value {
    Number::from_f64(*number).map_or(Value::Null, Value::Number)
}

fn read_stop(value: &Value) -> Option<Vec<String>> {
    let stop: Option<Vec<String>> = match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(items) => items.iter().map(|item| Some(item.as_str()?.to_owned())).collect(),
        _ => None,
    };
    stop.filter(|stop| !stop.is_empty())
}

fn write_stop(stop: &[String]) -> Value {
    stop.into()
}
