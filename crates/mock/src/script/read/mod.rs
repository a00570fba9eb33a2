//! A script's text read into a tree that knows where everything stands, whatever it is written in.

mod budget;
mod json;
mod node;
mod toml;
mod yaml;
mod yaml_scalar;

use super::load::Format;
use super::load::finding::Finding;

pub(crate) use node::{Entry, Key, Node, Span, Value};

/// The tree that a text describes.
///
/// # Errors
/// The place from which on it cannot be read.
pub(crate) fn read(text: &str, format: Format) -> Result<Node, Finding> {
    match format {
        Format::Yaml => yaml::read(text),
        Format::Json => json::read(text),
        Format::Toml => toml::read(text),
    }
}
