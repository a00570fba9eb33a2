//! What the engine made of a request.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::protocols::Violation;

/// Who decided on the answer, and why.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// A rule matched.
    Rule(Hit),
    /// There is no script; the protocol's own answer was given.
    Unscripted,
    /// No rule matched.
    Miss(Miss),
    /// The request is refused as the vendor would.
    Refused(Violation),
    /// The minute's requests or tokens are used up.
    OverQuota,
}

/// A rule that matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The rule's place in its script, from 0.
    pub index: usize,
    /// Its name, or `rule 3` where it has none.
    pub name: Arc<str>,
    /// Which request it is of those the rule answers, from 1.
    pub call: u32,
    /// The groups of its regular expressions: named ones by name, all by number.
    pub captures: BTreeMap<String, String>,
}

/// Why no rule matched.
///
/// As text it is a message of several lines that says it all, for the body of the answer and for the
/// log. It holds no credential.
///
/// ```
/// use playhouse_mock::verdict::Miss;
///
/// let miss = Miss {
///     asked: r#"openai-chat, model "gpt-4o", last user message "What is the time?""#.into(),
///     rules: 3,
///     nearest: Some("greeting".into()),
///     place: Some(2),
///     differences: vec![r#"user: expected to be "Hi", the last user message is "What is the time?""#.into()],
///     ..Miss::default()
/// };
/// assert_eq!(miss.to_string(), r#"no rule matched this request. Nearest: 'greeting' (rule 3), which differs in:
///   user: expected to be "Hi", the last user message is "What is the time?"
/// The request: openai-chat, model "gpt-4o", last user message "What is the time?""#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Miss {
    /// The protocol of the request.
    pub protocol: &'static str,
    /// What was asked, in a line.
    pub asked: String,
    /// How many rules there are.
    pub rules: usize,
    /// Whether there are rules and none of them is for the protocol.
    pub is_foreign: bool,
    /// The rule that came nearest, if there are any: its name, or its number.
    pub nearest: Option<Arc<str>>,
    /// Its place in its script, from 0.
    pub place: Option<usize>,
    /// What differed, a line each: what the rule expects, and what the request has.
    pub differences: Vec<String>,
}

impl fmt::Display for Miss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no rule matched this request")?;
        match (self.rules, self.is_foreign) {
            (0, _) => write!(formatter, ": the script has none")?,
            (1, true) => write!(formatter, ": the only one is not for {}", self.protocol)?,
            (rules, true) => write!(formatter, ": none of the {rules} is for {}", self.protocol)?,
            (_, false) => {}
        }
        if let Some(name) = &self.nearest {
            write!(formatter, ". Nearest: {}, which differs in:", named(name, self.place))?;
        }
        self.differences.iter().try_for_each(|line| write!(formatter, "\n  {line}"))?;
        write!(formatter, "\nThe request: {}", self.asked)
    }
}

/// A rule's name with its number, which may be its name.
fn named(name: &str, place: Option<usize>) -> String {
    let number = place.map(|place| format!("rule {}", place + 1));
    match number {
        Some(number) if number == name => number,
        Some(number) => format!("'{name}' ({number})"),
        None => format!("'{name}'"),
    }
}
