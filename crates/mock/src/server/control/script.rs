//! `…/script`: the script of the server, or of a namespace.

use std::path::PathBuf;

use playhouse_edge::Problem;
use playhouse_llm::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::{ControlRequest, invalid};
use super::response::{Answered, json, problem};
use super::{Control, Scope, ScriptAccepted, ScriptRefused, ScriptSource};

/// What belongs to a script beside its text.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PutParams {
    /// Where relative fixtures are.
    folder: Option<PathBuf>,
}

/// A problem that says at which places of a script it is.
#[derive(Serialize)]
struct ScriptProblem {
    #[serde(flatten)]
    problem: Problem,
    problems: Vec<Value>,
}

/// Takes a script; what is odd about it comes with the answer.
pub(super) fn put(control: &dyn Control, scope: Scope<'_>, request: &ControlRequest<'_>) -> Answered {
    let PutParams { folder } = request.query()?;
    let source = ScriptSource { text: request.text()?, content_type: request.content_type(), folder };
    told(control.put_script(scope, source))
}

/// Adds rules behind those that a namespace uses.
pub(super) fn add(control: &dyn Control, namespace: &str, request: &ControlRequest<'_>) -> Answered {
    told(control.add_rules(namespace, request.text()?))
}

fn told(taken: Result<ScriptAccepted, ScriptRefused>) -> Answered {
    match taken {
        Ok(accepted) => json(&accepted),
        Err(refused) => {
            let what = Problem::from(&invalid(refused.text));
            let status = what.status;
            Ok(problem(&ScriptProblem { problem: what, problems: refused.problems }, status))
        }
    }
}

/// The script that is used, and how far its rules are.
pub(super) fn get(control: &dyn Control, scope: Scope<'_>) -> Answered {
    match control.script(scope) {
        Some(info) => json(&info),
        None => Err(Error::new(ErrorKind::NotFound, "there is no script; put one here")),
    }
}
