//! What the control API does to a double.

use std::sync::Arc;

use playhouse_llm::Error;
use serde_json::Value;

use super::Double;
use super::control::{
    Control, NamespaceState, Origin, Reset, Scope, ScriptAccepted, ScriptInfo, ScriptRefused, ScriptSource,
};
use crate::engine::{CompiledScript, Namespace, is_name};
use crate::journal::Journal;
use crate::script::{self, Format, LoadFailure};
use crate::verify::RuleState;

/// What problems call a script that came over the control API.
const NAME: &str = "script";

impl Control for Double {
    fn put_script(
        &self,
        scope: Scope<'_>,
        source: ScriptSource<'_>,
    ) -> Result<ScriptAccepted, ScriptRefused> {
        let (compiled, accepted) = compile(source)?;
        match scope {
            Scope::Server => self.engine().put_script(Some(compiled)),
            Scope::Namespace(name) => self.named(name)?.set_script(Some(Arc::new(compiled))),
        }
        Ok(accepted)
    }

    fn add_rules(&self, namespace: &str, rules: &str) -> Result<ScriptAccepted, ScriptRefused> {
        let text = format!("{{\"rules\": {rules}}}");
        let loaded = script::parse(&text, Format::Json, "rules").map_err(refused)?;
        let namespace = self.named(namespace)?;
        let added = loaded.script.rules.len();
        match self.engine().add_rules(&namespace, loaded.script.rules) {
            Ok(()) => Ok(ScriptAccepted { rules: added, warnings: Vec::new() }),
            Err(errors) => Err(ScriptRefused { text: errors.to_string(), problems: Vec::new() }),
        }
    }

    fn script(&self, scope: Scope<'_>) -> Option<ScriptInfo> {
        let engine = self.engine();
        let server = if engine.has_put_script() { Origin::ControlApi } else { Origin::Files };
        let (origin, rules) = match scope {
            Scope::Server => (server, engine.script().rule_names()),
            Scope::Namespace(name) => {
                let namespace = engine.existing(name)?;
                let own = namespace.own_script().map(|_| Origin::Namespace);
                (own.unwrap_or(server), engine.rule_states(&namespace))
            }
        };
        Some(ScriptInfo { origin, rules, problems: self.problems() })
    }

    fn problems(&self) -> Vec<Value> {
        as_json(self.engine().problems())
    }

    fn namespaces(&self) -> Vec<NamespaceState> {
        let state = |namespace: Arc<Namespace>| NamespaceState {
            name: namespace.name().to_string(),
            has_script: namespace.own_script().is_some(),
            state: namespace.state_name(),
        };
        self.engine().namespaces().into_iter().map(state).collect()
    }

    fn journal(&self, namespace: &str) -> Result<Arc<Journal>, Error> {
        self.named_or_refused(namespace).map(|namespace| namespace.journal().clone())
    }

    fn rules(&self, namespace: &str) -> Vec<RuleState> {
        let namespace = self.engine().existing(namespace);
        namespace.map(|namespace| self.engine().rule_states(&namespace)).unwrap_or_default()
    }

    fn reset(&self, scope: Scope<'_>, what: Reset) {
        match scope {
            Scope::Server => {
                if what.script {
                    self.engine().put_script(None);
                }
                self.engine().namespaces().iter().for_each(|namespace| begin_anew(namespace, what));
            }
            Scope::Namespace(name) => {
                if let Some(namespace) = self.engine().existing(name) {
                    begin_anew(&namespace, what);
                }
            }
        }
    }

    fn delete(&self, namespace: &str) -> bool {
        self.engine().forget(namespace)
    }
}

impl Double {
    fn named_or_refused(&self, name: &str) -> Result<Arc<Namespace>, Error> {
        match is_name(name) {
            true => self.engine().namespace(name),
            false => Err(super::target::refuse(name)),
        }
    }

    fn named(&self, name: &str) -> Result<Arc<Namespace>, ScriptRefused> {
        self.named_or_refused(name)
            .map_err(|error| ScriptRefused { text: error.message, problems: Vec::new() })
    }
}

fn compile(source: ScriptSource<'_>) -> Result<(CompiledScript, ScriptAccepted), ScriptRefused> {
    let format = source.content_type.and_then(Format::of_content_type).unwrap_or_default();
    let loaded = script::parse_within(source.text, format, NAME, source.folder).map_err(refused)?;
    let (compiled, warnings) = CompiledScript::of_loaded(loaded).map_err(refused)?;
    let rules = compiled.rules.script().rules.len();
    Ok((compiled, ScriptAccepted { rules, warnings: as_json(warnings) }))
}

fn refused(failure: LoadFailure) -> ScriptRefused {
    ScriptRefused { text: failure.to_string(), problems: as_json(failure.problems) }
}

fn as_json(problems: impl IntoIterator<Item = impl serde::Serialize>) -> Vec<Value> {
    problems.into_iter().filter_map(|problem| serde_json::to_value(problem).ok()).collect()
}

fn begin_anew(namespace: &Namespace, what: Reset) {
    if what.script {
        namespace.set_script(None);
    }
    if what.progress {
        namespace.reset_progress();
    }
    if what.quota {
        namespace.reset_quota();
    }
    if what.journal {
        namespace.journal().clear();
    }
}
