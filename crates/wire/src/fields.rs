//! Taking understood fields out of a JSON object, and putting them back.

use playhouse_llm::Extra;
use serde_json::{Map, Value};

/// Takes a string.
pub(crate) fn take_string(map: &mut Extra, key: &str) -> Option<String> {
    match map.get_mut(key) {
        Some(Value::String(text)) => {
            let text = std::mem::take(text);
            map.shift_remove(key);
            Some(text)
        }
        _ => None,
    }
}

/// Takes a string that says something; an empty one is left.
pub(crate) fn take_filled_string(map: &mut Extra, key: &str) -> Option<String> {
    let is_filled = map.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if is_filled { take_string(map, key) } else { None }
}

/// Takes a count.
pub(crate) fn take_u64(map: &mut Extra, key: &str) -> Option<u64> {
    let count = map.get(key)?.as_u64()?;
    map.shift_remove(key);
    Some(count)
}

/// Takes a count that fits an index.
pub(crate) fn take_index(map: &mut Extra, key: &str) -> Option<u32> {
    let index = u32::try_from(map.get(key)?.as_u64()?).ok()?;
    map.shift_remove(key);
    Some(index)
}

/// Takes an object.
pub(crate) fn take_object(map: &mut Extra, key: &str) -> Option<Extra> {
    match map.get_mut(key) {
        Some(Value::Object(object)) => {
            let object = std::mem::take(object);
            map.shift_remove(key);
            Some(object)
        }
        _ => None,
    }
}

/// Reads a field; it leaves the map only if writing gives the very same value.
pub(crate) fn take_exact<T>(
    map: &mut Extra,
    key: &str,
    read: impl Fn(&Value) -> Option<T>,
    write: impl Fn(&T) -> Value,
) -> Option<T> {
    let value = map.get(key)?;
    let typed = read(value)?;
    if write(&typed) == *value {
        map.shift_remove(key);
    }
    Some(typed)
}

/// An object being written: typed fields first, carried ones behind.
pub(crate) struct Writing<'a> {
    map: Extra,
    carried: &'a Extra,
    outdated: Vec<&'static str>,
}

impl<'a> Writing<'a> {
    pub(crate) fn new(carried: &'a Extra) -> Self {
        Self { map: Map::new(), carried, outdated: Vec::new() }
    }

    /// Writes a field that was taken whole.
    pub(crate) fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        self.map.insert(key.to_owned(), value.into());
    }

    /// Writes a field that was taken whole, if it is there.
    pub(crate) fn set_some(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Writes a field whose original may have been kept; that one is written while it still says
    /// what the typed one says.
    pub(crate) fn set_kept<T: PartialEq>(
        &mut self,
        key: &'static str,
        typed: Option<&T>,
        read: impl Fn(&Value) -> Option<T>,
        write: impl Fn(&T) -> Value,
    ) {
        let kept = self.carried.get(key).and_then(read);
        if kept.as_ref() == typed {
            return;
        }
        match typed {
            Some(typed) => self.set(key, write(typed)),
            None => self.drop_carried(key),
        }
    }

    /// Leaves a carried field out.
    pub(crate) fn drop_carried(&mut self, key: &'static str) {
        self.outdated.push(key);
    }

    /// The object.
    pub(crate) fn done(mut self) -> Extra {
        let carried = self.carried.iter().filter(|(key, _)| !self.outdated.contains(&key.as_str()));
        for (key, value) in carried {
            if !self.map.contains_key(key) {
                self.map.insert(key.clone(), value.clone());
            }
        }
        self.map
    }
}

/// An object inside another whose known fields were taken and whose others were left.
pub(crate) fn carried_object(extra: &Extra, key: &str) -> Extra {
    extra.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Puts back what was left of an inner object, if anything was.
pub(crate) fn leave_rest(extra: &mut Extra, key: &str, rest: Extra) {
    if !rest.is_empty() {
        extra.insert(key.to_owned(), Value::Object(rest));
    }
}
