//! Arrays.

use serde_json::{Map, Value};

use super::object::count;
use super::value::{Generator, Unmet};

/// Items made where nothing says how many.
const USUAL_ITEMS: usize = 2;
/// Tries to find an item that is not there yet.
const TRIES: usize = 32;

impl Generator<'_> {
    /// An array with as many items as it must have, and a few more where it may.
    pub(super) fn array(&mut self, fields: &Map<String, Value>) -> Result<Value, Unmet> {
        let first = first_items(fields);
        let min = count(fields, "minItems").unwrap_or(0);
        let max = count(fields, "maxItems").unwrap_or(usize::MAX);
        let wanted = if self.is_spare() { 0 } else { first.len().max(USUAL_ITEMS) };
        let is_unique = fields.get("uniqueItems") == Some(&Value::Bool(true));
        let mut items = Vec::new();
        while items.len() < wanted.clamp(min.min(max), max) {
            let schema = first.get(items.len()).unwrap_or_else(|| later_items(fields));
            match self.item(schema, &items, is_unique) {
                Ok(item) => items.push(item),
                Err(unmet) if items.len() < min => return Err(unmet),
                Err(_) => break,
            }
        }
        Ok(Value::Array(items))
    }

    fn item(&mut self, schema: &Value, others: &[Value], is_unique: bool) -> Result<Value, Unmet> {
        for _ in 0..TRIES {
            let item = self.within(others.len().to_string(), schema)?;
            if !is_unique || !others.contains(&item) {
                return Ok(item);
            }
        }
        Err(self.unmet("must have more different items than were found"))
    }
}

/// The items that have schemas of their own; older schemas list them under `items`.
fn first_items(fields: &Map<String, Value>) -> &[Value] {
    let listed =
        [fields.get("prefixItems"), fields.get("items")].into_iter().flatten().find_map(Value::as_array);
    listed.map_or(&[], Vec::as_slice)
}

fn later_items(fields: &Map<String, Value>) -> &Value {
    let word = match fields.get("items") {
        Some(Value::Array(_)) => "additionalItems",
        _ => "items",
    };
    fields.get(word).unwrap_or(&Value::Bool(true))
}
