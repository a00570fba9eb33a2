//! The tools of a server, as far as they are wanted.

use std::collections::HashSet;
use std::sync::Arc;

use rmcp::model::ServerResult;
use serde_json::Value;

use super::McpServerConfig;
use super::definition::{Definition, RefusedTool};
use super::naming;

/// The most tools that are taken from one server.
pub(super) const MAX_TOOLS: usize = 512;
/// The most tools that one server may tell of, wanted or not.
const MAX_TOLD: usize = 16 * MAX_TOOLS;

/// The tools of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Listing {
    /// Those that can be used, each with the name models know it by.
    pub(super) tools: Vec<(String, Arc<Definition>)>,
    pub(super) refused: Vec<RefusedTool>,
}

/// A listing being gathered, page by page.
pub(super) struct Gathering<'a> {
    config: &'a McpServerConfig,
    told: usize,
    seen: HashSet<String>,
    tools: Vec<Definition>,
    refused: Vec<RefusedTool>,
}

/// One page of a listing.
struct Page {
    tools: Vec<Result<Definition, RefusedTool>>,
    next: Option<String>,
}

impl<'a> Gathering<'a> {
    /// Nothing yet.
    pub(super) fn new(config: &'a McpServerConfig) -> Self {
        Self { config, told: 0, seen: HashSet::new(), tools: Vec::new(), refused: Vec::new() }
    }

    /// Takes a page and says where the next one is.
    ///
    /// # Errors
    /// When it is none, or there are too many tools.
    pub(super) fn take(&mut self, page: ServerResult) -> Result<Option<String>, String> {
        let page = Page::of(page)?;
        for tool in page.tools {
            self.told += 1;
            match tool {
                Ok(tool) if self.wants(&tool.own_name) => self.add(tool),
                Err(refused) if self.wants(&refused.name) => self.refused.push(refused),
                _ => {}
            }
        }
        if self.tools.len() + self.refused.len() > MAX_TOOLS {
            return Err(format!("it offers more than {MAX_TOOLS}; name those you want in `tools`"));
        }
        // Pages without tools count too: a listing must end.
        self.told += 1;
        if self.told > MAX_TOLD {
            return Err("its list of tools does not come to an end".to_owned());
        }
        Ok(page.next)
    }

    fn wants(&self, own_name: &str) -> bool {
        self.config.tools.as_ref().is_none_or(|wanted| wanted.iter().any(|name| name == own_name))
    }

    /// Of two tools with the same name a server can only run one.
    fn add(&mut self, tool: Definition) {
        if self.seen.insert(tool.own_name.clone()) {
            self.tools.push(tool);
        }
    }

    /// The listing.
    ///
    /// # Errors
    /// When a tool that the configuration names is not there.
    pub(super) fn finish(self) -> Result<Listing, String> {
        for wanted in self.config.tools.iter().flatten() {
            self.expect(wanted)?;
        }
        let own_names: Vec<&str> = self.tools.iter().map(|tool| tool.own_name.as_str()).collect();
        let names = naming::names(&own_names);
        let marked = self.config.idempotent.as_ref();
        let with_marks = self.tools.into_iter().map(|mut tool| {
            tool.is_idempotent = marked.map_or(tool.is_idempotent, |marked| marked.contains(&tool.own_name));
            Arc::new(tool)
        });
        Ok(Listing { tools: names.into_iter().zip(with_marks).collect(), refused: self.refused })
    }

    fn expect(&self, wanted: &str) -> Result<(), String> {
        if self.tools.iter().any(|tool| tool.own_name == wanted) {
            return Ok(());
        }
        match self.refused.iter().find(|tool| tool.name == wanted) {
            Some(refused) => {
                Err(format!("'{wanted}', which `tools` names, cannot be used: {}", refused.reason))
            }
            None => Err(format!("`tools` names '{wanted}', which it does not offer")),
        }
    }
}

impl Page {
    fn of(page: ServerResult) -> Result<Self, String> {
        match page {
            ServerResult::ListToolsResult(page) => Ok(Self {
                tools: page.tools.into_iter().map(Definition::of).collect(),
                next: page.next_cursor,
            }),
            ServerResult::CustomResult(page) => Self::of_json(&page.0),
            _ => Err("it answered with something else than a list of tools".to_owned()),
        }
    }

    /// A page with a tool that is not as the protocol wants it: the others can be used all the same.
    fn of_json(page: &Value) -> Result<Self, String> {
        let Some(tools) = page.get("tools").and_then(Value::as_array) else {
            return Err("it answered with something else than a list of tools".to_owned());
        };
        let next = page.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { tools: tools.iter().map(Definition::of_json).collect(), next })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(tools: Value, next: Option<&str>) -> ServerResult {
        serde_json::from_value(json!({"tools": tools, "nextCursor": next})).unwrap()
    }

    fn tool(name: &str) -> Value {
        json!({"name": name, "inputSchema": {"type": "object"}})
    }

    fn names(listing: &Listing) -> Vec<&str> {
        listing.tools.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn pages_are_put_together_and_a_second_tool_of_a_name_is_left_out() {
        let config = McpServerConfig::default();
        let mut gathering = Gathering::new(&config);
        let next = gathering.take(page(json!([tool("a.x"), tool("b")]), Some("2"))).unwrap();
        assert_eq!(next.as_deref(), Some("2"));
        assert_eq!(gathering.take(page(json!([tool("b"), tool("c")]), None)).unwrap(), None);
        let listing = gathering.finish().unwrap();
        assert_eq!(names(&listing), ["a_x", "b", "c"]);
        assert_eq!(listing.tools[0].1.own_name, "a.x");
    }

    #[test]
    fn a_tool_that_cannot_be_used_spoils_no_other() {
        let config = McpServerConfig::default();
        let mut gathering = Gathering::new(&config);
        let bad = json!({"name": "bad", "inputSchema": "a string"});
        gathering.take(page(json!([tool("a"), bad, 7]), None)).unwrap();
        let listing = gathering.finish().unwrap();
        assert_eq!(names(&listing), ["a"]);
        assert_eq!(listing.refused[0].name, "bad");
        assert_eq!(listing.refused.len(), 2);
    }

    #[test]
    fn only_the_tools_that_are_wanted_are_taken() {
        let config = McpServerConfig { tools: Some(vec!["b".to_owned()]), ..McpServerConfig::default() };
        let mut gathering = Gathering::new(&config);
        gathering.take(page(json!([tool("a"), tool("b")]), None)).unwrap();
        assert_eq!(names(&gathering.finish().unwrap()), ["b"]);
    }

    #[test]
    fn a_wanted_tool_that_is_not_there_is_an_error_that_names_it() {
        let wanted = Some(vec!["missing".to_owned()]);
        let config = McpServerConfig { tools: wanted, ..McpServerConfig::default() };
        assert!(Gathering::new(&config).finish().unwrap_err().contains("'missing'"));
        let mut gathering = Gathering::new(&config);
        gathering.take(page(json!([{"name": "missing", "inputSchema": {"type": "string"}}]), None)).unwrap();
        assert!(gathering.finish().unwrap_err().contains("must be an object"));
    }

    #[test]
    fn the_configuration_overrules_what_the_server_says_of_harm() {
        let read_only = json!({"name": "r", "inputSchema": {}, "annotations": {"readOnlyHint": true}});
        let told = |config: &McpServerConfig| {
            let mut gathering = Gathering::new(config);
            gathering.take(page(json!([read_only, tool("w")]), None)).unwrap();
            let listing = gathering.finish().unwrap();
            listing.tools.iter().map(|(_, tool)| tool.is_idempotent).collect::<Vec<_>>()
        };
        assert_eq!(told(&McpServerConfig::default()), [true, false]);
        let idempotent = Some(vec!["w".to_owned()]);
        assert_eq!(told(&McpServerConfig { idempotent, ..McpServerConfig::default() }), [false, true]);
    }

    #[test]
    fn too_many_tools_and_endless_pages_are_refused() {
        let config = McpServerConfig::default();
        let many: Vec<Value> = (0..=MAX_TOOLS).map(|number| tool(&format!("t{number}"))).collect();
        let refused = Gathering::new(&config).take(page(json!(many), None)).unwrap_err();
        assert!(refused.contains("more than 512"), "{refused}");
        let mut gathering = Gathering::new(&config);
        let end = (0..=MAX_TOLD).find_map(|_| gathering.take(page(json!([]), Some("again"))).err());
        assert!(end.unwrap().contains("does not come to an end"));
    }

    #[test]
    fn something_else_than_a_list_is_told() {
        let config = McpServerConfig::default();
        let other = serde_json::from_value(json!("nonsense")).unwrap();
        assert!(Gathering::new(&config).take(other).unwrap_err().contains("something else"));
    }
}
