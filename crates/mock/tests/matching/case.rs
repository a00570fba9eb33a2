//! A case, and the transcript of it.

use std::fmt::Write;

use playhouse_mock::matching::{Progress, RuleSet, Selected};
use playhouse_mock::script::Script;
use serde::Deserialize;

use crate::ask::Ask;

/// A script, and requests one after the other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What it is about.
    about: String,
    script: Script,
    #[serde(default)]
    ask: Vec<Ask>,
}

impl Case {
    pub(crate) fn read(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Asks everything and writes down what comes, holding it against what must come.
    pub(crate) fn run(self, name: &str) -> String {
        let mut transcript = format!("{}\n", self.about);
        let rules = match RuleSet::compile(self.script) {
            Ok(rules) => rules,
            Err(problems) => {
                problems.iter().for_each(|problem| writeln!(transcript, "problem: {problem}").unwrap());
                return transcript;
            }
        };
        for (later, earlier) in rules.hidden() {
            writeln!(transcript, "rule {} is hidden by rule {}", later + 1, earlier + 1).unwrap();
        }
        let mut progress = Progress::default();
        for ask in &self.ask {
            writeln!(transcript, "\n> {}", ask.title()).unwrap();
            let answered = answer(&rules, ask, &mut progress, &mut transcript);
            assert_eq!(answered, ask.expect, "{name}:\n{transcript}");
        }
        transcript
    }
}

/// Asks once; gives the name of the rule that answered, or `miss`.
fn answer(rules: &RuleSet, ask: &Ask, progress: &mut Progress, transcript: &mut String) -> String {
    match rules.select(&ask.call(), progress) {
        Ok(Selected { hit, step }) => {
            let captures = (!hit.captures.is_empty()).then(|| format!(", captured {:?}", hit.captures));
            let state = progress.state.as_ref().map(|state| format!(", state '{state}'"));
            let (captures, state) = (captures.unwrap_or_default(), state.unwrap_or_default());
            writeln!(transcript, "'{}', call {}, step {step}{captures}{state}", hit.name, hit.call).unwrap();
            hit.name.to_string()
        }
        Err(miss) => {
            writeln!(transcript, "{miss}").unwrap();
            "miss".to_owned()
        }
    }
}
