//! A request body as a prompt, and a prompt as a request body.

use playhouse_llm::{Extra, Malformed, Message, Part, Prompt, Role};
use serde_json::{Number, Value};

use super::{input, tools, wishes};
use crate::fields::{Writing, take_exact, take_filled_string, take_u64};
use crate::json;
use crate::openai::complaint;

/// Decodes a request body. The model and the wish for a stream stay in the carried fields, and so does the
/// conversation, beside its types.
pub(super) fn decode_prompt(body: &[u8]) -> Result<Prompt, Malformed> {
    let mut fields = json::parse_object(body).map_err(|reason| complaint::unparsable(&reason))?;
    Ok(Prompt {
        messages: read_conversation(&fields)?,
        tools: tools::take_tools(&mut fields),
        tool_choice: tools::take_choice(&mut fields),
        parallel_tools: take_exact(&mut fields, "parallel_tool_calls", Value::as_bool, |parallel| {
            (*parallel).into()
        }),
        output: wishes::read_output(&fields),
        reasoning: wishes::read_reasoning(&fields),
        max_tokens: take_u64(&mut fields, "max_output_tokens"),
        temperature: take_exact(&mut fields, "temperature", Value::as_f64, write_f64),
        top_p: take_exact(&mut fields, "top_p", Value::as_f64, write_f64),
        top_k: None,
        stop: Vec::new(),
        end_user: take_filled_string(&mut fields, "user"),
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
/// use playhouse_wire::openai::responses::encode_prompt;
///
/// let body = encode_prompt(&Prompt::new(vec![Message::system("Be brief."), Message::user("Hello")]));
/// assert_eq!(body["instructions"], "Be brief.");
/// assert_eq!(body["input"][0]["content"], "Hello");
/// ```
pub fn encode_prompt(prompt: &Prompt) -> Value {
    let mut out = Writing::new(&prompt.extra);
    set_conversation(&mut out, prompt);
    tools::set_tools(&mut out, &prompt.tools);
    tools::set_choice(&mut out, prompt.tool_choice.as_ref());
    out.set_kept("parallel_tool_calls", prompt.parallel_tools.as_ref(), Value::as_bool, |parallel| {
        (*parallel).into()
    });
    wishes::set_wishes(&mut out, prompt);
    out.set_some("max_output_tokens", prompt.max_tokens);
    out.set_kept("temperature", prompt.temperature.as_ref(), Value::as_f64, write_f64);
    out.set_kept("top_p", prompt.top_p.as_ref(), Value::as_f64, write_f64);
    out.set_some("user", prompt.end_user.as_deref());
    Value::Object(out.done())
}

/// The instructions, which stand above everything, and the input.
fn read_conversation(fields: &Extra) -> Result<Vec<Message>, Malformed> {
    let instructions = fields.get("instructions").and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut messages: Vec<Message> = instructions.map(Message::system).into_iter().collect();
    input::read(fields.get("input"), &mut messages)?;
    Ok(messages)
}

/// Writes the conversation, unless what is carried says the same.
fn set_conversation(out: &mut Writing<'_>, prompt: &Prompt) {
    if read_conversation(&prompt.extra).is_ok_and(|carried| carried == prompt.messages) {
        return;
    }
    let (above, said) = match prompt.messages.split_first() {
        Some((first, rest)) if plain_system(first).is_some() => (plain_system(first), rest),
        _ => (None, prompt.messages.as_slice()),
    };
    match above {
        Some(text) => out.set("instructions", text),
        None => out.drop_carried("instructions"),
    }
    out.set("input", input::write(said));
}

/// The text of a system prompt that is nothing but one.
fn plain_system(message: &Message) -> Option<&str> {
    match (message.role, message.parts.as_slice()) {
        (Role::System, [Part::Text { text, .. }]) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn write_f64(number: &f64) -> Value {
    Number::from_f64(*number).map_or(Value::Null, Value::Number)
}
