//! Texts that are filled in.

use std::collections::{BTreeMap, HashMap, HashSet};

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use playhouse_llm::{Error, ErrorKind, Message};

use super::Scene;

/// Steps that filling in may take: enough for any text, too few to hang.
const FUEL: u64 = 1_000_000;

/// The templates of a script.
#[derive(Debug, Default)]
pub(super) struct Templates {
    environment: Environment<'static>,
    vars: Value,
    /// For each template the names it uses, so that nothing else is put together for it.
    names: HashMap<String, HashSet<String>>,
}

impl Templates {
    /// No templates yet; all will know these values.
    pub(super) fn new(vars: &BTreeMap<String, serde_json::Value>) -> Self {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        // Conditions may ask for what is not there; a text that names it is a mistake.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        Self { environment, vars: Value::from(Serde(vars)), names: HashMap::new() }
    }

    /// Parses a template; its name for [`render`](Self::render).
    pub(super) fn add(&mut self, name: &str, source: &str) -> Result<String, String> {
        let added = self.environment.add_template_owned(name.to_owned(), source.to_owned());
        added.map_err(|error| format!("the template cannot be parsed: {error}"))?;
        let template = self.environment.get_template(name).map_err(|error| error.to_string())?;
        self.names.insert(name.to_owned(), template.undeclared_variables(false));
        Ok(name.to_owned())
    }

    /// A template's text for this request.
    pub(super) fn render(&self, name: &str, scene: Scene<'_>) -> Result<String, Error> {
        let template = self.environment.get_template(name);
        let rendered = template.and_then(|template| template.render(self.context(name, scene)));
        rendered.map_err(|error| {
            let message =
                format!("the template of the rule `{}` cannot be filled in: {error}", scene.hit.name);
            Error::new(ErrorKind::Internal, message)
        })
    }

    fn context(&self, name: &str, scene: Scene<'_>) -> Value {
        let uses = |value: &str| self.names.get(name).is_some_and(|names| names.contains(value));
        let (facts, hit) = (scene.facts(), scene.hit);
        context! {
            request => uses("request").then(|| Value::from(Serde(facts.json()))),
            user => uses("user").then_some(facts.user.as_str()),
            system => uses("system").then_some(facts.system.as_str()),
            model => &*facts.model,
            messages => uses("messages").then(|| facts.messages().iter().map(message).collect::<Vec<_>>()),
            captures => uses("captures").then(|| Value::from(Serde(&hit.captures))),
            call => hit.call,
            turn => facts.turn,
            vars => self.vars.clone(),
            namespace => &*scene.call.namespace,
            tool_results => uses("tool_results").then(|| tool_results(scene)),
        }
    }
}

fn message(message: &Message) -> Value {
    context! { role => Value::from(Serde(message.role)), content => message.text() }
}

fn tool_results(scene: Scene<'_>) -> Vec<Value> {
    let results = scene.facts().tool_results.iter();
    results
        .map(|result| context! { name => result.name.as_str(), content => result.content.as_str() })
        .collect()
}
