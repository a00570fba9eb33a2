//! How messages are kept: a plain text as it is, anything richer as JSON.
//!
//! Nearly every message is one plain text. Keeping it bare spares the hot path an encoder and a
//! decoder, and leaves the database readable to a person with a SQL prompt.

use playhouse_llm::{Message, Part, Role, Shape};

/// Messages in the form they are kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The text, or the JSON.
    pub(crate) content: String,
    /// Whether it is JSON.
    pub(crate) is_json: bool,
}

impl Stored {
    /// A turn's question: a plain text is the user's.
    pub(crate) fn question(message: Message) -> Result<Self, serde_json::Error> {
        Self::one(message, Role::User)
    }

    /// What followed a question, if anything did: a plain text is the model's.
    pub(crate) fn answer(messages: Vec<Message>) -> Result<Option<Self>, serde_json::Error> {
        if messages.is_empty() {
            return Ok(None);
        }
        Self::several(messages, Role::Assistant).map(Some)
    }

    /// The conversation that a run begins with: a plain text is the user's.
    pub(crate) fn input(messages: Vec<Message>) -> Result<Self, serde_json::Error> {
        Self::several(messages, Role::User)
    }

    /// What a model said in a step: a plain text is the model's.
    pub(crate) fn said(message: Message) -> Result<Self, serde_json::Error> {
        Self::one(message, Role::Assistant)
    }

    /// The question, as a message again.
    pub(crate) fn into_question(self) -> Result<Message, serde_json::Error> {
        self.into_one(Role::User)
    }

    /// What followed it, as messages again.
    pub(crate) fn into_answer(self) -> Result<Vec<Message>, serde_json::Error> {
        self.into_several(Role::Assistant)
    }

    /// The conversation, as messages again.
    pub(crate) fn into_input(self) -> Result<Vec<Message>, serde_json::Error> {
        self.into_several(Role::User)
    }

    /// What the model said, as a message again.
    pub(crate) fn into_said(self) -> Result<Message, serde_json::Error> {
        self.into_one(Role::Assistant)
    }

    /// One message; a plain text of this role is kept bare.
    fn one(message: Message, role: Role) -> Result<Self, serde_json::Error> {
        match plain_text(message, role) {
            Ok(text) => Ok(Self::plain(text)),
            Err(message) => Self::json(&message),
        }
    }

    /// Several messages; a single plain text of this role is kept bare.
    fn several(mut messages: Vec<Message>, role: Role) -> Result<Self, serde_json::Error> {
        let alone = messages.len() == 1;
        match messages.pop() {
            Some(only) if alone => match plain_text(only, role) {
                Ok(text) => Ok(Self::plain(text)),
                Err(only) => Self::json(&[only]),
            },
            last => {
                messages.extend(last);
                Self::json(&messages)
            }
        }
    }

    fn into_one(self, role: Role) -> Result<Message, serde_json::Error> {
        match self.is_json {
            false => Ok(Message::new(role, self.content)),
            true => serde_json::from_str(&self.content),
        }
    }

    fn into_several(self, role: Role) -> Result<Vec<Message>, serde_json::Error> {
        match self.is_json {
            false => Ok(vec![Message::new(role, self.content)]),
            true => serde_json::from_str(&self.content),
        }
    }

    fn plain(content: String) -> Self {
        Self { content, is_json: false }
    }

    fn json(messages: &impl serde::Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { content: serde_json::to_string(messages)?, is_json: true })
    }
}

/// The text of a message that is nothing but a plain text of this role; else the message again.
fn plain_text(mut message: Message, role: Role) -> Result<String, Message> {
    let bare = message.role == role && message.shape == Shape::Plain && message.extra.is_empty();
    match message.parts.as_mut_slice() {
        // PostgreSQL has no form for a NUL but the one that JSON gives it.
        [Part::Text { text, extra }] if bare && extra.is_empty() && !text.contains('\0') => {
            Ok(std::mem::take(text))
        }
        _ => Err(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use playhouse_llm::ToolCall;
    use serde_json::json;

    #[test]
    fn plain_texts_are_kept_bare() {
        let question = Stored::question(Message::user("Hello")).unwrap();
        assert_eq!(question, Stored { content: "Hello".into(), is_json: false });
        let answer = Stored::answer(vec![Message::assistant("Hi")]).unwrap().unwrap();
        assert_eq!(answer, Stored { content: "Hi".into(), is_json: false });
    }

    #[test]
    fn no_kept_text_holds_a_nul() {
        let question = Stored::question(Message::user("a\0b")).unwrap();
        assert!(question.is_json && !question.content.contains('\0'));
        assert_eq!(question.into_question().unwrap(), Message::user("a\0b"));
        let answer = Stored::answer(vec![Message::assistant("\0")]).unwrap().unwrap();
        assert!(answer.is_json && !answer.content.contains('\0'));
        assert_eq!(answer.into_answer().unwrap(), [Message::assistant("\0")]);
    }

    #[test]
    fn everything_comes_back_as_it_was() {
        let mut carried = Message::assistant("Hi");
        carried.extra.insert("annotations".into(), json!([]));
        let parts = Message { shape: Shape::Parts, ..Message::user("Hello\0there") };
        let call =
            ToolCall { id: "c1".into(), name: "add".into(), arguments: "{".into(), ..ToolCall::default() };
        let tool = Message { parts: vec![Part::ToolCall(call)], ..Message::assistant("") };

        for question in [Message::user(""), Message::system("S"), parts] {
            assert_eq!(Stored::question(question.clone()).unwrap().into_question().unwrap(), question);
        }
        for answer in
            [vec![carried], vec![Message::user("not the model")], vec![tool, Message::assistant("x")]]
        {
            assert_eq!(Stored::answer(answer.clone()).unwrap().unwrap().into_answer().unwrap(), answer);
        }
        assert_eq!(Stored::answer(Vec::new()).unwrap(), None);
    }

    #[test]
    fn a_run_is_kept_as_its_messages_are() {
        let input = Stored::input(vec![Message::user("What is 1 + 2?")]).unwrap();
        assert_eq!(input, Stored { content: "What is 1 + 2?".into(), is_json: false });
        let said = Stored::said(Message::assistant("3")).unwrap();
        assert_eq!(said, Stored { content: "3".into(), is_json: false });

        let long = vec![Message::system("Be brief"), Message::user("Hi"), Message::assistant("Hello")];
        for input in [Vec::new(), vec![Message::assistant("Hi")], long] {
            assert_eq!(Stored::input(input.clone()).unwrap().into_input().unwrap(), input);
        }
        for said in [Message::user("not the model"), Message::assistant("")] {
            assert_eq!(Stored::said(said.clone()).unwrap().into_said().unwrap(), said);
        }
    }
}
