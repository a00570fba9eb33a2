//! The paths of models, which vendors share.

use percent_encoding::percent_decode_str;

/// What stands behind `/models` in a path, empty for the list; ids may have slashes of their own.
pub(super) fn id_of_path(path: &str) -> Option<String> {
    let mut segments = path.split('/').skip(1);
    segments.find(|segment| *segment == "models")?;
    let id = segments.collect::<Vec<_>>().join("/");
    Some(percent_decode_str(&id).decode_utf8_lossy().into_owned())
}
