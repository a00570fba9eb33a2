//! Conditions of the script format, held against calls that have come.

use crate::call::Call;
use crate::matching::{Progress, RuleSet};
use crate::script::{Reply, Rule, Script, When};

/// Says whether a call is as wanted, and if not, what differs, a line each.
pub type Condition = Box<dyn Fn(&Call) -> Result<(), Vec<String>>>;

/// Prepares a condition; where an expression in it cannot be used, says where (`.user.matches`) and
/// what is wrong.
pub type Compile<'a> = dyn Fn(&When) -> Result<Condition, (String, String)> + 'a;

/// Conditions as the rules of a script mean them.
///
/// # Errors
/// The first expression that cannot be used.
pub fn by_rules(when: &When) -> Result<Condition, (String, String)> {
    let script = Script::default().rule(Rule::reply(Reply::default()).when(when.clone()));
    let rules = RuleSet::compile(script).map_err(|problems| match problems.into_iter().next() {
        Some(problem) => (problem.field.trim_start_matches("when").to_owned(), problem.message),
        None => (String::new(), "it cannot be used".to_owned()),
    })?;
    Ok(Box::new(move |call| match rules.select(call, &mut Progress::default()) {
        Ok(_) => Ok(()),
        Err(miss) => Err(miss.differences),
    }))
}
