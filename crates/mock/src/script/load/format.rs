//! What a script is written in.

use std::path::Path;

/// What a script is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2.
    #[default]
    Yaml,
    /// JSON.
    Json,
    /// TOML.
    Toml,
}

impl Format {
    /// The format of a file, by its ending.
    ///
    /// ```
    /// use playhouse_mock::script::Format;
    ///
    /// assert_eq!(Format::of_path("rules/hello.yml".as_ref()), Some(Format::Yaml));
    /// assert_eq!(Format::of_path("README.md".as_ref()), None);
    /// ```
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }

    /// The format that a `content-type` names, if it names one.
    ///
    /// ```
    /// use playhouse_mock::script::Format;
    ///
    /// assert_eq!(Format::of_content_type("application/json; charset=utf-8"), Some(Format::Json));
    /// assert_eq!(Format::of_content_type("text/plain"), None);
    /// ```
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (_, subtype) = essence.split_once('/')?;
        match subtype.rsplit(['+', '-']).next()? {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }
}
