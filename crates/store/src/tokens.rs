//! What a message costs in a prompt, roughly.

use playhouse_llm::{Message, Part};

const BYTES_PER_TOKEN: usize = 4;
/// Role and separators around each message.
const MESSAGE_TOKENS: usize = 4;
/// Vendors charge an image by its size in pixels, not in bytes; this is a large photograph.
const IMAGE_TOKENS: usize = 1_000;

/// Estimates a message's tokens: one for every 4 bytes of text, 4 around the message, 1,000 for an image.
///
/// Good enough to keep a history within a window; never a bill.
///
/// ```
/// use playhouse_llm::Message;
/// use playhouse_store::estimate_tokens;
///
/// assert_eq!(estimate_tokens(&Message::user("What is the capital of France?")), 4 + 8);
/// ```
pub fn estimate_tokens(message: &Message) -> u32 {
    let parts: usize = message.parts.iter().map(part_tokens).sum();
    u32::try_from(MESSAGE_TOKENS + parts).unwrap_or(u32::MAX)
}

fn part_tokens(part: &Part) -> usize {
    match part {
        Part::Text { text, .. } | Part::Refusal { text } | Part::Reasoning { text, .. } => {
            text_tokens(text.len())
        }
        Part::Image { .. } => IMAGE_TOKENS,
        Part::ToolCall(call) => text_tokens(call.id.len() + call.name.len() + call.arguments.len()),
        Part::ToolResult { call_id, parts, .. } => {
            text_tokens(call_id.len()) + parts.iter().map(part_tokens).sum::<usize>()
        }
        Part::Other { value } => text_tokens(value.to_string().len()),
    }
}

fn text_tokens(bytes: usize) -> usize {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use playhouse_llm::{Role, ToolCall};

    #[test]
    fn an_images_bytes_do_not_count() {
        let url = format!("data:image/png;base64,{}", "A".repeat(4_000_000));
        let mut message = Message::user("look");
        message.parts.push(Part::Image { url, extra: Default::default() });
        assert_eq!(estimate_tokens(&message), 4 + 1 + 1_000);
    }

    #[test]
    fn tool_calls_and_results_count_as_text() {
        let call = ToolCall {
            id: "call_1".into(),
            name: "add".into(),
            arguments: "{\"a\":1}".into(),
            ..ToolCall::default()
        };
        let mut message = Message::new(Role::Assistant, "");
        message.parts.push(Part::ToolCall(call));
        assert_eq!(estimate_tokens(&message), 4 + 4);

        let result = Part::tool_result("call_1", vec![Part::text("3")]);
        message.parts = vec![result];
        assert_eq!(estimate_tokens(&message), 4 + 2 + 1);
    }
}
