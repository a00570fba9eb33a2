//! Bodies that hold every field a codec knows, for laws that change them at will.

use serde_json::{Value, json};

pub(crate) fn responses_request_sample() -> Value {
    json!({
        "model": "m", "stream": true, "temperature": 1, "top_p": 0.9, "max_output_tokens": 9, "user": "u", "store": true,
        "instructions": "s", "previous_response_id": "r", "background": false, "include": ["x"], "metadata": { "a": "b" },
        "parallel_tool_calls": true, "reasoning": { "effort": "low", "summary": "auto" },
        "text": { "format": { "type": "json_schema", "name": "n", "schema": {}, "strict": true }, "verbosity": "low" },
        "tool_choice": { "type": "function", "name": "f" },
        "tools": [
            { "type": "function", "name": "f", "description": "d", "parameters": { "type": "object" }, "strict": true },
            { "type": "web_search" }
        ],
        "input": [
            { "role": "user", "content": "t" },
            { "type": "message", "role": "user", "content": [
                { "type": "input_text", "text": "t" },
                { "type": "input_image", "image_url": "u", "detail": "low" },
                { "type": "input_file", "file_id": "f" }
            ] },
            { "type": "reasoning", "id": "r", "summary": [{ "type": "summary_text", "text": "h" }], "encrypted_content": "e" },
            { "type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [
                { "type": "output_text", "text": "t", "annotations": [] }, { "type": "refusal", "refusal": "n" }
            ] },
            { "type": "function_call", "id": "i", "call_id": "c", "name": "f", "arguments": "{}" },
            { "type": "custom_tool_call", "call_id": "d", "name": "f", "input": "x" },
            { "type": "function_call_output", "call_id": "c", "output": "4" },
            { "type": "custom_tool_call_output", "call_id": "d", "output": [{ "type": "input_text", "text": "4" }] },
            { "type": "item_reference", "id": "i" }
        ]
    })
}

pub(crate) fn response_sample() -> Value {
    json!({
        "id": "i", "object": "response", "created_at": 1, "model": "m", "status": "incomplete", "error": null,
        "incomplete_details": { "reason": "max_output_tokens" }, "instructions": null,
        "output": [
            { "type": "reasoning", "id": "r", "encrypted_content": "e", "summary": [{ "type": "summary_text", "text": "h" }],
              "content": [{ "type": "reasoning_text", "text": "g" }] },
            { "type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [
                { "type": "output_text", "text": "t", "annotations": [], "logprobs": [] }, { "type": "refusal", "refusal": "n" }
            ] },
            { "type": "function_call", "id": "f", "call_id": "c", "name": "f", "arguments": "{}", "status": "completed" },
            { "type": "custom_tool_call", "id": "g", "call_id": "d", "name": "f", "input": "x" },
            { "type": "web_search_call", "id": "w", "status": "completed" }
        ],
        "usage": { "input_tokens": 1, "output_tokens": 2, "total_tokens": 3, "cost": 0.5,
            "input_tokens_details": { "cached_tokens": 1, "cache_write_tokens": 0 },
            "output_tokens_details": { "reasoning_tokens": 1, "x": 1 } }
    })
}

/// A stream of every kind of event there is.
pub(crate) fn response_events_sample() -> Value {
    let response =
        |status: &str| json!({ "id": "i", "model": "m", "created_at": 1, "status": status, "output": [] });
    let place = |kind: &str, at: u32, more: Value| {
        let mut event = json!({ "type": kind, "sequence_number": 1, "item_id": "x", "output_index": at, "content_index": 0 });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    json!([
        { "type": "response.created", "sequence_number": 0, "response": response("in_progress") },
        { "type": "response.in_progress", "sequence_number": 1, "response": response("in_progress") },
        place("response.output_item.added", 0, json!({ "item": { "type": "reasoning", "id": "r", "summary": [] } })),
        place("response.reasoning_summary_part.added", 0, json!({ "summary_index": 1 })),
        place("response.reasoning_summary_text.delta", 0, json!({ "delta": "h", "summary_index": 0 })),
        place("response.reasoning_text.delta", 0, json!({ "delta": "g" })),
        place("response.output_item.done", 0, json!({ "item": { "type": "reasoning", "id": "r", "encrypted_content": "e" } })),
        place("response.output_item.added", 1, json!({ "item": { "type": "message", "id": "m" } })),
        place("response.content_part.added", 1, json!({ "part": {} })),
        place("response.output_text.delta", 1, json!({ "delta": "t" })),
        place("response.output_text.done", 1, json!({ "text": "t" })),
        place("response.refusal.delta", 1, json!({ "delta": "n" })),
        place("response.output_item.done", 1, json!({ "item": { "type": "message", "id": "m" } })),
        place("response.output_item.added", 2, json!({ "item": { "type": "function_call", "call_id": "c", "name": "f", "arguments": "" } })),
        place("response.function_call_arguments.delta", 2, json!({ "delta": "{}" })),
        place("response.output_item.added", 3, json!({ "item": { "type": "custom_tool_call", "call_id": "d", "name": "f", "input": "" } })),
        place("response.custom_tool_call_input.delta", 3, json!({ "delta": "x" })),
        place("response.output_item.done", 4, json!({ "item": { "type": "web_search_call", "id": "w" } })),
        { "type": "response.completed", "sequence_number": 9, "response": response_sample() }
    ])
}

pub(crate) fn messages_request_sample() -> Value {
    json!({
        "model": "m", "max_tokens": 9, "stream": true, "temperature": 1, "top_p": 0.9, "top_k": 3,
        "stop_sequences": ["a"], "metadata": { "user_id": "u", "x": 1 }, "service_tier": "auto",
        "thinking": { "type": "enabled", "budget_tokens": 1024 },
        "output_config": { "effort": "low", "format": { "type": "json_schema", "schema": {} } },
        "tool_choice": { "type": "tool", "name": "f", "disable_parallel_tool_use": true },
        "tools": [
            { "name": "f", "description": "d", "input_schema": { "type": "object" }, "strict": true },
            { "type": "web_search_20250305", "name": "web_search" }
        ],
        "system": [{ "type": "text", "text": "s", "cache_control": { "type": "ephemeral" } }],
        "messages": [
            { "role": "user", "content": "t" },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "h", "signature": "s" },
                { "type": "redacted_thinking", "data": "d" },
                { "type": "text", "text": "t", "citations": [] },
                { "type": "tool_use", "id": "c", "name": "f", "input": { "x": 1 } }
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "c", "content": [{ "type": "text", "text": "4" }], "is_error": true },
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "aa" } },
                { "type": "image", "source": { "type": "url", "url": "u" } },
                { "type": "document", "source": {} }
            ] }
        ]
    })
}

pub(crate) fn message_sample() -> Value {
    json!({
        "id": "i", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "stop_sequence": null,
        "content": [
            { "type": "thinking", "thinking": "h", "signature": "s" },
            { "type": "redacted_thinking", "data": "d" },
            { "type": "text", "text": "t", "citations": null },
            { "type": "tool_use", "id": "c", "name": "f", "input": {} },
            { "type": "server_tool_use", "id": "d", "name": "web_search", "input": {} }
        ],
        "usage": { "input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3,
            "cache_creation_input_tokens": 4, "service_tier": "standard" }
    })
}

/// A stream of every kind of event there is.
pub(crate) fn message_events_sample() -> Value {
    let start = |index: u32, block: Value| json!({ "type": "content_block_start", "index": index, "content_block": block });
    let delta =
        |index: u32, delta: Value| json!({ "type": "content_block_delta", "index": index, "delta": delta });
    let stop = |index: u32| json!({ "type": "content_block_stop", "index": index });
    json!([
        { "type": "message_start", "message": { "id": "i", "type": "message", "role": "assistant", "model": "m",
            "content": [], "usage": { "input_tokens": 1, "output_tokens": 1 } } },
        start(0, json!({ "type": "thinking", "thinking": "", "signature": "" })),
        { "type": "ping" },
        delta(0, json!({ "type": "thinking_delta", "thinking": "h" })),
        delta(0, json!({ "type": "signature_delta", "signature": "s" })),
        stop(0),
        start(1, json!({ "type": "redacted_thinking", "data": "d" })),
        stop(1),
        start(2, json!({ "type": "text", "text": "" })),
        delta(2, json!({ "type": "text_delta", "text": "t" })),
        delta(2, json!({ "type": "citations_delta", "citation": {} })),
        stop(2),
        start(3, json!({ "type": "tool_use", "id": "c", "name": "f", "input": {} })),
        delta(3, json!({ "type": "input_json_delta", "partial_json": "{}" })),
        stop(3),
        { "type": "message_delta", "delta": { "stop_reason": "tool_use" }, "usage": { "output_tokens": 5 } },
        { "type": "message_stop" }
    ])
}

/// Events as a stream; their names are what their data says, where that is a word.
pub(crate) fn stream_of(events: &Value) -> String {
    let frames = events.as_array().into_iter().flatten().map(|event| {
        let name = event["type"].as_str().unwrap_or("x");
        format!("event: {name}\ndata: {event}\n\n")
    });
    frames.collect()
}

pub(crate) fn request_sample() -> Value {
    json!({
        "model": "m", "stream": true, "stream_options": { "include_usage": true }, "temperature": 1, "top_p": 0.9,
        "max_tokens": 5, "max_completion_tokens": 5, "stop": ["a"], "tool_choice": "auto",
        "tools": [{ "type": "function", "function": { "name": "f", "description": "d", "parameters": { "type": "object" }, "strict": true } }],
        "functions": [{ "name": "f", "description": "d", "parameters": { "type": "object" } }],
        "messages": [
            { "role": "system", "content": "s" },
            { "role": "user", "name": "n", "content": [
                { "type": "text", "text": "t", "cache_control": {} },
                { "type": "image_url", "image_url": { "url": "u", "detail": "low" } },
                { "type": "image_url", "image_url": "u" },
                { "type": "input_audio", "input_audio": {} }
            ] },
            { "role": "assistant", "content": null, "reasoning": "r", "reasoning_content": "r", "refusal": "no",
              "tool_calls": [
                { "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } },
                { "id": "d", "type": "custom", "custom": { "name": "f", "input": "x" } }
              ],
              "function_call": { "name": "f", "arguments": "{}" } },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": [{ "type": "text", "text": "h" }], "closed": true },
                { "type": "thinking", "thinking": "h" }
            ] },
            { "role": "tool", "tool_call_id": "c", "content": "4", "refusal": "x" },
            { "role": "function", "name": "f", "tool_call_id": "f", "content": [{ "type": "text", "text": "4" }] }
        ]
    })
}

pub(crate) fn reply_sample() -> Value {
    json!({
        "id": "i", "object": "chat.completion", "created": 1, "model": "m", "service_tier": null,
        "choices": [
            { "index": 0, "logprobs": null, "finish_reason": "stop", "message": {
                "role": "assistant", "content": "x", "refusal": null, "reasoning": "r",
                "tool_calls": [{ "id": "c", "type": "function", "index": 0, "function": { "name": "f", "arguments": "{}" } }] } },
            { "index": 1, "finish_reason": "length", "message": { "role": "assistant", "content": [{ "type": "text", "text": "y" }] } }
        ],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "prompt_cache_hit_tokens": 1,
            "prompt_tokens_details": { "cached_tokens": 1, "audio_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 1 } },
        "x_groq": { "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 } }
    })
}

pub(crate) fn chunk_sample() -> Value {
    json!({
        "id": "i", "object": "chat.completion.chunk", "created": 1, "model": "m", "error": null,
        "choices": [
            { "index": 0, "logprobs": null, "finish_reason": "stop", "delta": {
                "role": "assistant", "content": "x", "refusal": "f", "reasoning": "r", "reasoning_content": "r",
                "tool_calls": [
                    { "index": 0, "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } },
                    { "index": 0, "function": { "arguments": "{}" } },
                    { "index": 1, "id": "d", "type": "custom", "custom": { "name": "f", "input": "x" } }
                ],
                "function_call": { "name": "f", "arguments": "" } } },
            { "index": 1, "delta": { "content": [
                { "type": "thinking", "thinking": [{ "type": "text", "text": "h" }] }, { "type": "text", "text": "t" }
            ] } }
        ],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "cached_tokens": 1,
            "prompt_tokens_details": { "cached_tokens": 1, "cache_write_tokens": 1 } },
        "x_groq": { "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 } }
    })
}

pub(crate) fn embed_request_sample() -> Value {
    json!({ "model": "m", "input": ["a", [1, 2]], "dimensions": 2, "encoding_format": "base64", "user": "u" })
}

pub(crate) fn embed_reply_sample() -> Value {
    let item = |index: u32| json!({ "object": "embedding", "index": index, "embedding": [0.5, -0.25] });
    let usage = json!({ "prompt_tokens": 1, "total_tokens": 1, "cost": 0.5 });
    json!({ "object": "list", "data": [item(0), item(1)], "model": "m", "usage": usage })
}
