//! The paths of the control API.

use http::Method;
use percent_encoding::percent_decode_str;

use super::{PREFIX, Scope};

/// What a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The prefix without a slash: links of the page would lead elsewhere.
    Bare,
    Page,
    Health,
    Script(Owner),
    Reset(Owner),
    Namespaces,
    Namespace(String),
    Calls(String),
    Call(String, String),
    Verify(String),
}

/// Whom a path concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Server,
    Namespace(String),
}

impl Owner {
    pub(super) fn borrowed(&self) -> Scope<'_> {
        match self {
            Self::Server => Scope::Server,
            Self::Namespace(name) => Scope::Namespace(name),
        }
    }
}

impl Route {
    pub(super) fn of(path: &str) -> Option<Self> {
        let rest = path.strip_prefix(PREFIX)?;
        if rest.is_empty() {
            return Some(Self::Bare);
        }
        let segments: Vec<&str> = rest.strip_prefix('/')?.split('/').collect();
        match segments[..] {
            [""] => Some(Self::Page),
            ["health"] => Some(Self::Health),
            ["script"] => Some(Self::Script(Owner::Server)),
            ["reset"] => Some(Self::Reset(Owner::Server)),
            ["namespaces"] => Some(Self::Namespaces),
            ["namespaces", name] => Some(Self::Namespace(decoded(name)?)),
            ["namespaces", name, resource] => Self::of_namespace(decoded(name)?, resource),
            ["namespaces", name, "calls", id] => Some(Self::Call(decoded(name)?, decoded(id)?)),
            _ => None,
        }
    }

    fn of_namespace(name: String, resource: &str) -> Option<Self> {
        match resource {
            "script" => Some(Self::Script(Owner::Namespace(name))),
            "reset" => Some(Self::Reset(Owner::Namespace(name))),
            "calls" => Some(Self::Calls(name)),
            "verify" => Some(Self::Verify(name)),
            _ => None,
        }
    }

    pub(super) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Bare | Self::Page | Self::Health => &[Method::GET],
            Self::Namespaces | Self::Calls(_) | Self::Call(..) => &[Method::GET],
            Self::Script(_) => &[Method::GET, Method::PUT],
            Self::Reset(_) | Self::Verify(_) => &[Method::POST],
            Self::Namespace(_) => &[Method::DELETE],
        }
    }
}

/// A name in a path; none where it is empty or not UTF-8.
fn decoded(segment: &str) -> Option<String> {
    let name = percent_decode_str(segment).decode_utf8().ok()?;
    (!name.is_empty()).then(|| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded() {
        let route = Route::of("/__playhouse/namespaces/a%2Fb%20c/calls/3");
        assert_eq!(route, Some(Route::Call("a/b c".to_owned(), "3".to_owned())));
    }

    #[test]
    fn other_paths_are_none() {
        let others = [
            "/",
            "/__playhousing",
            "/__playhouse/x",
            "/__playhouse/namespaces//calls",
            "/__playhouse/script/",
        ];
        for path in others {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }
}
