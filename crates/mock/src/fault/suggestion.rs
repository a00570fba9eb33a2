//! The name that may have been meant.

/// The name that is near an unknown one, if one is.
pub(super) fn nearest(unknown: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let likeness = |name: &'static str| (strsim::normalized_damerau_levenshtein(unknown, name), name);
    let (likeness, name) = names.map(likeness).max_by(|one, other| one.0.total_cmp(&other.0))?;
    (likeness > 0.6).then_some(name)
}

/// What to do about an unknown name.
pub(super) fn advice(meant: Option<&str>, otherwise: &str) -> String {
    match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("use {otherwise}"),
    }
}
