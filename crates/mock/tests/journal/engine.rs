//! An engine that holds journals and scripts and does nothing else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, Uri};
use playhouse_llm::Error;
use playhouse_mock::journal::Journal;
use playhouse_mock::server::control::{
    Control, ControlRequest, NamespaceState, Origin, Reset, Scope, ScriptAccepted, ScriptInfo, ScriptRefused,
    ScriptSource, answer,
};
use playhouse_mock::verify::RuleState;
use serde_json::{Value, json};

/// An engine whose scripts are texts: one that contains `wrong` cannot be used.
#[derive(Default)]
pub(crate) struct Engine {
    journals: Mutex<BTreeMap<String, Arc<Journal>>>,
    scripts: Mutex<BTreeMap<Option<String>, String>>,
    resets: Mutex<Vec<(Option<String>, Reset)>>,
    rules: Mutex<Vec<RuleState>>,
}

impl Engine {
    pub(crate) fn journal_of(&self, namespace: &str) -> Arc<Journal> {
        self.journals.lock().unwrap().entry(namespace.to_owned()).or_default().clone()
    }

    pub(crate) fn script_of(&self, namespace: Option<&str>) -> Option<String> {
        self.scripts.lock().unwrap().get(&namespace.map(str::to_owned)).cloned()
    }

    pub(crate) fn resets(&self) -> MutexGuard<'_, Vec<(Option<String>, Reset)>> {
        self.resets.lock().unwrap()
    }

    pub(crate) fn set_rules(&self, rules: Vec<RuleState>) {
        *self.rules.lock().unwrap() = rules;
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, &body.to_string()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let response = self.exchange(method, path, &[], body.to_owned()).await;
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    }

    pub(crate) async fn exchange(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: impl Into<Bytes>,
    ) -> Response<Bytes> {
        let uri: Uri = format!("/__playhouse{path}").parse().unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        answer(self, ControlRequest { method: &method, uri: &uri, headers: &map, body: body.into() }).await
    }
}

fn owned(scope: Scope<'_>) -> Option<String> {
    match scope {
        Scope::Server => None,
        Scope::Namespace(name) => Some(name.to_owned()),
    }
}

impl Control for Engine {
    fn put_script(
        &self,
        scope: Scope<'_>,
        source: ScriptSource<'_>,
    ) -> Result<ScriptAccepted, ScriptRefused> {
        if source.text.contains("wrong") {
            let problem = json!({"message": "unknown key 'wrong'", "line": 2, "column": 5});
            return Err(ScriptRefused {
                text: "1 problem in the script".to_owned(),
                problems: vec![problem],
            });
        }
        let script = format!("{} as {}", source.text, source.content_type.unwrap_or("nothing"));
        self.scripts.lock().unwrap().insert(owned(scope), script);
        Ok(ScriptAccepted {
            rules: 1,
            warnings: vec![json!({"message": "rule 2 can never match", "line": 3})],
        })
    }

    fn add_rules(&self, namespace: &str, rules: &str) -> Result<ScriptAccepted, ScriptRefused> {
        let text = format!("{{\"rules\": {rules}}}");
        self.put_script(
            Scope::Namespace(namespace),
            ScriptSource { text: &text, content_type: None, folder: None },
        )
    }

    fn script(&self, scope: Scope<'_>) -> Option<ScriptInfo> {
        let scripts = self.scripts.lock().unwrap();
        scripts.get(&owned(scope))?;
        let rules = self.rules.lock().unwrap().clone();
        Some(ScriptInfo { origin: Origin::ControlApi, rules, problems: Vec::new() })
    }

    fn problems(&self) -> Vec<Value> {
        Vec::new()
    }

    fn namespaces(&self) -> Vec<NamespaceState> {
        let names = self.journals.lock().unwrap();
        names.keys().map(|name| NamespaceState { name: name.clone(), ..NamespaceState::default() }).collect()
    }

    fn journal(&self, namespace: &str) -> Result<Arc<Journal>, Error> {
        Ok(self.journal_of(namespace))
    }

    fn rules(&self, _namespace: &str) -> Vec<RuleState> {
        self.rules.lock().unwrap().clone()
    }

    fn reset(&self, scope: Scope<'_>, what: Reset) {
        self.resets().push((owned(scope), what));
    }

    fn delete(&self, namespace: &str) -> bool {
        self.journals.lock().unwrap().remove(namespace).is_some()
    }
}
