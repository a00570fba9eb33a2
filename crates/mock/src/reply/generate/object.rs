//! Objects.

use serde_json::{Map, Value};

use super::value::{Generator, Unmet};

impl Generator<'_> {
    /// An object with its properties, and with others where it must have more or says what they are.
    pub(super) fn object(&mut self, fields: &Map<String, Value>) -> Result<Value, Unmet> {
        let mut object = Map::new();
        let max = count(fields, "maxProperties").unwrap_or(usize::MAX);
        self.add_properties(fields, max, &mut object)?;
        self.add_required(fields, &mut object)?;
        self.add_others(fields, max, &mut object)?;
        Ok(Value::Object(object))
    }

    fn add_properties(
        &mut self,
        fields: &Map<String, Value>,
        max: usize,
        object: &mut Map<String, Value>,
    ) -> Result<(), Unmet> {
        let properties = fields.get("properties").and_then(Value::as_object);
        let mut optional = max.saturating_sub(required(fields).count());
        for (name, schema) in properties.into_iter().flatten() {
            let is_required = required(fields).any(|required| required == name);
            if !is_required && (self.is_spare() || optional == 0) {
                continue;
            }
            match self.within(name, schema) {
                Ok(value) => drop(object.insert(name.clone(), value)),
                Err(unmet) if is_required => return Err(unmet),
                Err(_) => continue,
            }
            optional -= usize::from(!is_required);
        }
        Ok(())
    }

    /// What is required without being described.
    fn add_required(
        &mut self,
        fields: &Map<String, Value>,
        object: &mut Map<String, Value>,
    ) -> Result<(), Unmet> {
        for name in required(fields) {
            if !object.contains_key(name) {
                let value = self.within(name, others(fields))?;
                object.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }

    /// A map has an entry at least where it is not spare.
    fn add_others(
        &mut self,
        fields: &Map<String, Value>,
        max: usize,
        object: &mut Map<String, Value>,
    ) -> Result<(), Unmet> {
        let is_map = others(fields).is_object() && !self.is_spare();
        let min = count(fields, "minProperties").unwrap_or(0).max(usize::from(is_map && object.is_empty()));
        let mut names = (1..).map(|number| format!("key{number}"));
        while object.len() < min.min(max) {
            let free = names.find(|name| !object.contains_key(name));
            let Some(name) = free else { break };
            let value = self.within(&name, others(fields))?;
            object.insert(name, value);
        }
        Ok(())
    }
}

fn required(fields: &Map<String, Value>) -> impl Iterator<Item = &str> {
    fields.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn others(fields: &Map<String, Value>) -> &Value {
    fields.get("additionalProperties").unwrap_or(&Value::Bool(true))
}

/// A bound in counts.
pub(super) fn count(fields: &Map<String, Value>, word: &str) -> Option<usize> {
    usize::try_from(fields.get(word)?.as_u64()?).ok()
}
