//! What a person types at the prompt.

/// One line at the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Nothing.
    Empty,
    /// A question.
    Question(&'a str),
    /// `/new`: leave this conversation for a new one.
    New,
    /// `/session ID`: go on with that conversation; without an id, tell the current one.
    Session(Option<&'a str>),
    /// `/model NAME`: ask that model from here; without a name, tell the current one.
    Model(Option<&'a str>),
    /// `/agent NAME`: ask that agent from here; without a name, tell the current one.
    Agent(Option<&'a str>),
    /// `/help`.
    Help,
    /// `/quit`.
    Quit,
    /// A command that is none.
    Unknown(&'a str),
}

/// The text of `/help`.
pub(super) const HELP: &str = "\
  /new            begin a new conversation
  /session ID     go on with another one; without ID: which this is
  /model NAME     ask another model; without NAME: which this is
  /agent NAME     ask an agent, whose steps are shown; without NAME: which this is
  /help           this list
  /quit           leave (so does Ctrl-D)
  Ctrl-C          stop the answer
  //text          a question that begins with a slash";

/// Reads a line.
pub(super) fn read(line: &str) -> Line<'_> {
    let line = line.trim();
    let Some(command) = line.strip_prefix('/') else {
        return if line.is_empty() { Line::Empty } else { Line::Question(line) };
    };
    if command.starts_with('/') {
        return Line::Question(command);
    }
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let value = Some(rest.trim()).filter(|value| !value.is_empty());
    match name {
        "new" | "clear" => Line::New,
        "session" => Line::Session(value),
        "model" => Line::Model(value),
        "agent" => Line::Agent(value),
        "help" | "?" => Line::Help,
        "quit" | "exit" | "q" => Line::Quit,
        _ => Line::Unknown(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_meant() {
        let cases = [
            ("  ", Line::Empty),
            (" hello there ", Line::Question("hello there")),
            ("/new", Line::New),
            ("/session  ada ", Line::Session(Some("ada"))),
            ("/session", Line::Session(None)),
            ("/model openai/gpt-4o-mini", Line::Model(Some("openai/gpt-4o-mini"))),
            ("/agent math", Line::Agent(Some("math"))),
            ("/quit", Line::Quit),
            ("/help", Line::Help),
            ("/etc/passwd is what?", Line::Unknown("/etc/passwd is what?")),
            ("//etc/passwd is what?", Line::Question("/etc/passwd is what?")),
        ];
        for (typed, meant) in cases {
            assert_eq!(read(typed), meant, "{typed}");
        }
    }
}
