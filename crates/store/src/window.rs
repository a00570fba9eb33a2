//! Which part of a conversation goes into a prompt. Pure.

use playhouse_llm::{Message, Part, Role};

use crate::{HistoryWindow, TurnEnding, estimate_tokens};

/// What is left of a window while it is filled from the newest turn backwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    messages: u32,
    tokens: u32,
}

impl Room {
    /// A whole window.
    pub(crate) fn of(window: HistoryWindow) -> Self {
        Self { messages: window.max_messages, tokens: window.max_tokens }
    }

    /// Takes the room that something needs, if there is as much.
    pub(crate) fn take(&mut self, messages: u32, tokens: u32) -> bool {
        let fits = messages <= self.messages && tokens <= self.tokens;
        if fits {
            self.messages -= messages;
            self.tokens -= tokens;
        }
        fits
    }
}

/// The last messages of a turn that is too large for the window as a whole.
///
/// A tool's result whose call was cut off goes too: no vendor takes one without the other.
pub(crate) fn last_that_fit(mut messages: Vec<Message>, window: HistoryWindow) -> Vec<Message> {
    let mut room = Room::of(window);
    let fitting = messages.iter().rev().take_while(|message| room.take(1, estimate_tokens(message))).count();
    let kept = messages.split_off(messages.len() - fitting);
    kept.into_iter().skip_while(|message| message.role == Role::Tool).collect()
}

/// Whether later turns see a turn that ended so ([`Sessions`](crate::Sessions) says why).
pub(crate) fn is_in_context(ending: &TurnEnding, answer: &[Message]) -> bool {
    let failed = matches!(ending, TurnEnding::Failed { .. });
    let said = answer.last().is_some_and(|last| last.role == Role::Assistant && says_something(last));
    !failed && said && all_tool_calls_answered(answer)
}

fn says_something(message: &Message) -> bool {
    message.parts.iter().any(|part| match part {
        Part::Text { text, .. } | Part::Refusal { text } => !text.is_empty(),
        Part::Image { .. } | Part::Other { .. } => true,
        Part::Reasoning { .. } | Part::ToolCall(_) | Part::ToolResult { .. } => false,
    })
}

fn all_tool_calls_answered(answer: &[Message]) -> bool {
    let answered = |id: &str| {
        let parts = answer.iter().flat_map(|message| &message.parts);
        parts.into_iter().any(|part| matches!(part, Part::ToolResult { call_id, .. } if call_id == id))
    };
    answer.iter().flat_map(Message::tool_calls).all(|call| answered(&call.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use playhouse_llm::ToolCall;

    const WIDE: u32 = u32::MAX;

    fn window(max_messages: u32, max_tokens: u32) -> HistoryWindow {
        HistoryWindow { max_messages, max_tokens }
    }

    fn call(id: &str) -> Message {
        let call = ToolCall { id: id.into(), name: "add".into(), ..ToolCall::default() };
        Message { parts: vec![Part::ToolCall(call)], ..Message::assistant("") }
    }

    fn result(id: &str) -> Message {
        let part = Part::tool_result(id, vec![Part::text("3")]);
        Message { parts: vec![part], ..Message::new(Role::Tool, "") }
    }

    #[test]
    fn room_is_taken_whole_or_not_at_all() {
        let mut room = Room::of(window(3, 100));
        assert!(room.take(2, 60));
        assert!(!room.take(2, 10), "one message too many");
        assert!(!room.take(1, 41), "one token too many");
        assert!(room.take(1, 40));
        assert!(!room.take(1, 0));
    }

    #[test]
    fn a_turn_too_large_is_cut_to_its_last_messages() {
        let turn = vec![Message::user("a long question"), Message::assistant("short")];
        assert_eq!(last_that_fit(turn.clone(), window(1, WIDE)), [Message::assistant("short")]);
        assert_eq!(last_that_fit(turn.clone(), window(WIDE, 6)), [Message::assistant("short")]);
        assert!(last_that_fit(turn, window(0, WIDE)).is_empty());
    }

    #[test]
    fn a_cut_never_leaves_a_tool_result_without_its_call() {
        let turn = vec![Message::user("1+2?"), call("c1"), result("c1"), Message::assistant("3")];
        assert_eq!(last_that_fit(turn.clone(), window(2, WIDE)), [Message::assistant("3")]);
        assert_eq!(last_that_fit(turn.clone(), window(3, WIDE)), turn[1..]);
    }

    #[test]
    fn context_holds_what_was_answered() {
        let failed = TurnEnding::Failed { error: "timeout_idle".into() };
        let said = [Message::assistant("Once upon a")];
        assert!(is_in_context(&TurnEnding::Completed, &said));
        assert!(is_in_context(&TurnEnding::Interrupted, &said));
        assert!(!is_in_context(&failed, &said));
        assert!(!is_in_context(&TurnEnding::Interrupted, &[]));
        assert!(!is_in_context(&TurnEnding::Completed, &[Message::assistant("")]));
    }

    #[test]
    fn context_leaves_out_open_tool_calls() {
        let open = [call("c1"), Message::assistant("I will look")];
        let closed = [call("c1"), result("c1"), Message::assistant("3")];
        assert!(!is_in_context(&TurnEnding::Completed, &open));
        assert!(!is_in_context(&TurnEnding::Interrupted, &closed[..2]));
        assert!(is_in_context(&TurnEnding::Completed, &closed));
    }
}
