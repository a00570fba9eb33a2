//! What shall be embedded: one text or list of tokens, or a list of such.

use playhouse_llm::{EmbedInput, Extra, Malformed};
use serde_json::Value;

use crate::json::kind_of;
use crate::openai::complaint;
use crate::openai::fields::Writing;

const KEY: &str = "input";
pub(super) const ANY_SHAPE: &str =
    "a string, an array of strings, an array of tokens or an array of token arrays";
const ONE: &str = "a string or an array of tokens";

/// Takes the inputs. One that came bare stays in the carried fields as well: what is written from
/// types is a list.
pub(super) fn take_inputs(fields: &mut Extra) -> Result<Vec<EmbedInput>, Malformed> {
    match fields.shift_remove(KEY) {
        None => Err(complaint::missing(KEY)),
        Some(Value::Array(items)) if !is_tokens(&items) => read_list(items),
        Some(bare) => {
            let inputs = vec![read_one(bare.clone(), KEY, ANY_SHAPE)?];
            fields.insert(KEY.to_owned(), bare);
            Ok(inputs)
        }
    }
}

/// Writes the inputs, bare where they came bare.
pub(super) fn set_inputs(out: &mut Writing<'_>, inputs: &Vec<EmbedInput>) {
    out.set_kept(KEY, Some(inputs), read_bare, |inputs| inputs.iter().map(write_one).collect());
}

fn read_bare(value: &Value) -> Option<Vec<EmbedInput>> {
    Some(vec![read_one(value.clone(), KEY, ANY_SHAPE).ok()?])
}

fn is_tokens(items: &[Value]) -> bool {
    items.first().is_some_and(Value::is_number)
}

fn read_list(items: Vec<Value>) -> Result<Vec<EmbedInput>, Malformed> {
    let inputs = items.into_iter().enumerate();
    inputs.map(|(at, item)| read_one(item, &format!("{KEY}[{at}]"), ONE)).collect()
}

fn read_one(value: Value, param: &str, expected: &str) -> Result<EmbedInput, Malformed> {
    match value {
        Value::String(text) => Ok(EmbedInput::Text(text)),
        Value::Array(items) => read_tokens(&items, param),
        other => Err(complaint::wrong_type(param, expected, kind_of(&other))),
    }
}

fn read_tokens(items: &[Value], param: &str) -> Result<EmbedInput, Malformed> {
    let tokens = items.iter().enumerate().map(|(at, item)| read_token(item, || format!("{param}[{at}]")));
    Ok(EmbedInput::Tokens(tokens.collect::<Result<_, _>>()?))
}

fn read_token(item: &Value, param: impl Fn() -> String) -> Result<u32, Malformed> {
    let token = item.as_u64().and_then(|token| u32::try_from(token).ok());
    token.ok_or_else(|| match item {
        Value::Number(number) if !number.is_f64() => {
            complaint::unsupported(param(), &number.to_string(), "the ids of the model's tokens")
        }
        other => complaint::wrong_type(param(), "an integer", kind_of(other)),
    })
}

fn write_one(input: &EmbedInput) -> Value {
    match input {
        EmbedInput::Text(text) => text.as_str().into(),
        EmbedInput::Tokens(tokens) => tokens.as_slice().into(),
    }
}
