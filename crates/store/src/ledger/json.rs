//! A record as JSON, written by hand.
//!
//! Every call pays for this before its caller sees the end. Going through the record's own `Serialize` would cost
//! three times as much: keys are escaped letter by letter there, and what is empty is written too.

use playhouse_llm::{CallRecord, Usage};
use serde::Serialize;

/// Appends a record to a buffer, as `Serialize` would write it, without what is empty.
pub(super) fn write(record: &CallRecord, buffer: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    // A field that is added to records cannot be forgotten here.
    let CallRecord {
        id,
        request_id,
        session_id,
        turn_id,
        run_id,
        key_id,
        started_at_us,
        operation,
        model,
        model_served,
        provider,
        stream,
        outcome,
        status,
        error,
        finish_reason,
        attempts,
        ttft_ms,
        duration_ms,
        usage,
        cost_usd,
        upstream_request_id,
    } = record;
    let mut object = Object { buffer };
    object.text(r#"{"id":""#, id)?;
    object.text(r#","request_id":""#, request_id)?;
    object.text_if(r#","session_id":""#, session_id.as_deref())?;
    object.text_if(r#","turn_id":""#, turn_id.as_deref())?;
    object.text_if(r#","run_id":""#, run_id.as_deref())?;
    object.text_if(r#","key_id":""#, key_id.as_deref())?;
    object.value(r#","started_at_us":"#, started_at_us)?;
    object.text_if(r#","operation":""#, (!operation.is_usual()).then_some(operation.as_str()))?;
    object.text(r#","model":""#, model)?;
    object.text_if(r#","model_served":""#, model_served.as_deref())?;
    object.text_if(r#","provider":""#, provider.as_deref())?;
    object.bytes(if *stream { r#","stream":true"# } else { r#","stream":false"# });
    object.text(r#","outcome":""#, outcome.as_str())?;
    object.value_if(r#","status":"#, status.as_ref())?;
    object.text_if(r#","error":""#, error.as_deref())?;
    object.text_if(r#","finish_reason":""#, finish_reason.as_deref())?;
    object.value(r#","attempts":"#, attempts)?;
    object.value_if(r#","ttft_ms":"#, ttft_ms.as_ref())?;
    object.value(r#","duration_ms":"#, duration_ms)?;
    object.usage(usage.as_ref())?;
    object.value_if(r#","cost_usd":"#, cost_usd.as_ref())?;
    object.text_if(r#","upstream_request_id":""#, upstream_request_id.as_deref())?;
    object.bytes("}");
    Ok(())
}

/// An object that is being written. Keys come with their quotes, and with what separates them from what is before.
struct Object<'a> {
    buffer: &'a mut Vec<u8>,
}

impl Object<'_> {
    fn bytes(&mut self, bytes: &str) {
        self.buffer.extend_from_slice(bytes.as_bytes());
    }

    fn value(&mut self, key: &str, value: &impl Serialize) -> Result<(), serde_json::Error> {
        self.bytes(key);
        serde_json::to_writer(&mut *self.buffer, value)
    }

    fn value_if(&mut self, key: &str, value: Option<&impl Serialize>) -> Result<(), serde_json::Error> {
        value.map_or(Ok(()), |value| self.value(key, value))
    }

    /// The key of a text comes with the quote that opens the text.
    fn text(&mut self, key: &str, text: &str) -> Result<(), serde_json::Error> {
        if needs_escapes(text) {
            return self.value(&key[..key.len() - 1], &text);
        }
        self.bytes(key);
        self.bytes(text);
        self.buffer.push(b'"');
        Ok(())
    }

    fn text_if(&mut self, key: &str, text: Option<&str>) -> Result<(), serde_json::Error> {
        text.map_or(Ok(()), |text| self.text(key, text))
    }

    fn usage(&mut self, usage: Option<&Usage>) -> Result<(), serde_json::Error> {
        let Some(usage) = usage else { return Ok(()) };
        // What is carried beside the counts is not kept.
        let Usage {
            prompt_tokens,
            completion_tokens,
            total_tokens,
            cached_tokens,
            cache_write_tokens,
            reasoning_tokens,
            extra: _,
        } = usage;
        self.value(r#","usage":{"prompt_tokens":"#, prompt_tokens)?;
        self.value(r#","completion_tokens":"#, completion_tokens)?;
        self.value(r#","total_tokens":"#, total_tokens)?;
        self.value_if(r#","cached_tokens":"#, cached_tokens.as_ref())?;
        self.value_if(r#","cache_write_tokens":"#, cache_write_tokens.as_ref())?;
        self.value_if(r#","reasoning_tokens":"#, reasoning_tokens.as_ref())?;
        self.bytes("}");
        Ok(())
    }
}

/// Whether a text cannot stand between quotes as it is. Goes through all of it, for that is done many at a time.
fn needs_escapes(text: &str) -> bool {
    let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    text.bytes().fold(false, |found, byte| found | is_special(byte))
}
