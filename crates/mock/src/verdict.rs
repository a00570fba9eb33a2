//! What the engine made of a request.

use std::collections::BTreeMap;
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Miss {
    /// The rule that came nearest, if there are any.
    pub nearest: Option<Arc<str>>,
    /// What differed, a line each: what the rule expects, and what the request has.
    pub differences: Vec<String>,
}
