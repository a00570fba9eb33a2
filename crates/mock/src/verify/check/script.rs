//! Whether the script has given all of its answers.

use super::MAX_TOLD;
use crate::journal::rule;
use crate::verify::evidence::RuleState;
use crate::verify::report::Failure;

pub(super) fn check(rules: &[RuleState]) -> Option<Failure> {
    let unused: Vec<&RuleState> = rules.iter().filter(|rule| rule.remaining > 0).collect();
    let more = unused.len().saturating_sub(MAX_TOLD);
    let told = unused.iter().take(MAX_TOLD).map(|rule| told(rule));
    (!unused.is_empty()).then(|| Failure {
        place: "script_consumed".to_owned(),
        expected: "every rule to have given all of its answers".to_owned(),
        actual: match unused.len() {
            1 => format!("1 of {} rules has not", rules.len()),
            unused => format!("{unused} of {} rules have not", rules.len()),
        },
        details: told.chain((more > 0).then(|| format!("… and {more} more"))).collect(),
        nearest: None,
    })
}

fn told(state: &RuleState) -> String {
    let RuleState { name, answered, remaining } = state;
    let calls = if *answered == 1 { "1 call".to_owned() } else { format!("{answered} calls") };
    let answers =
        if *remaining == 1 { "1 answer is left".to_owned() } else { format!("{remaining} answers are left") };
    format!("{} answered {calls}; {answers}", rule(name))
}
