//! The environment as a value, so that tests bring their own.

use std::collections::BTreeMap;
use std::ffi::OsString;

use secrecy::{ExposeSecret, SecretString};

/// The environment variables, each held as a secret. An empty variable counts as unset.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, SecretString>);

impl Environment {
    /// What this variable is set to.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name)
    }

    /// The same, for variables that hold no secret.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(|value| value.expose_secret())
    }

    /// Every variable that is set, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        let set = variables.into_iter().filter(|(_, value)| !value.trim().is_empty());
        Self(set.map(|(name, value)| (name, value.into())).collect())
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    /// What is not UTF-8 is kept with replacement marks: it is refused where it is read.
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        let text = |text: OsString| text.to_string_lossy().into_owned();
        variables.into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }
}
