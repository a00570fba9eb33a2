//! What a header must be like.

use std::collections::BTreeMap;

use http::HeaderName;

use super::text::TextTest;
use crate::matching::problem::Problems;
use crate::matching::view::{Text, View};
use crate::script::TextMatch;

/// Parts of the names of headers that hold what nobody may see.
const SECRET_PARTS: &[&str] =
    &["auth", "cookie", "credential", "key", "password", "secret", "signature", "token"];

/// A header, and what one of its values must be like.
#[derive(Clone, Debug)]
pub(in crate::matching) struct HeaderTest {
    pub(in crate::matching) name: HeaderName,
    pub(in crate::matching) value: TextTest,
}

impl HeaderTest {
    pub(super) fn new(name: &str, spec: &TextMatch, problems: &mut Problems) -> Option<Self> {
        let field = format!("when.header.{name}");
        let parsed = HeaderName::try_from(name).map_err(|_| {
            format!(
                "'{name}' cannot be the name of a header: letters, digits and `-` are what names are made of"
            )
        });
        let name = problems.keep(&field, parsed)?;
        Some(Self { name, value: TextTest::new(spec, &field, problems) })
    }

    pub(super) fn holds(&self, view: &View<'_>) -> bool {
        self.fitting(view).is_some()
    }

    /// Adds the groups of its expression, but never those of a credential: they would be kept.
    pub(super) fn capture(&self, view: &View<'_>, captured: &mut BTreeMap<String, String>) {
        if !self.is_secret()
            && let Some(value) = self.fitting(view)
        {
            self.value.capture(&value, captured);
        }
    }

    pub(super) fn follows_from(&self, other: &Self) -> bool {
        self.name == other.name && self.value.follows_from(&other.value)
    }

    /// Whether its value may be a credential.
    pub(in crate::matching) fn is_secret(&self) -> bool {
        SECRET_PARTS.iter().any(|part| self.name.as_str().contains(part))
    }

    fn fitting<'a>(&self, view: &View<'a>) -> Option<Text<'a>> {
        view.header(&self.name).find(|value| self.value.holds(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> HeaderTest {
        HeaderTest::new(name, &TextMatch::default(), &mut Problems::default()).unwrap()
    }

    #[test]
    fn credentials_are_known_by_their_headers() {
        for name in ["Authorization", "api-key", "X-Api-Key", "x-goog-api-key", "Cookie", "x-auth-token"] {
            assert!(of(name).is_secret(), "{name}");
        }
        for name in ["x-request-id", "user-agent", "openai-organization", "anthropic-version"] {
            assert!(!of(name).is_secret(), "{name}");
        }
    }
}
