//! The parameters beside the input.

use serde_json::Value;

use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::python::shown;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::wording;

use super::REFERENCE;

pub(super) static RULES: [Rule; 6] = [
    Rule {
        id: "openai-embeddings/parameters",
        source: REFERENCE,
        takes: &[r#"{"user": "u-1", "encoding_format": null}"#],
        refuses: &[r#"{"truncate": true}"#],
        find: unknown,
    },
    Rule {
        id: "openai-embeddings/dimensions",
        source: "https://github.com/envoyproxy/ai-gateway/blob/main/tests/internal/testopenai/cassettes/embeddings-bad-request.yaml",
        takes: &[r#"{"dimensions": 1}"#, r#"{"dimensions": 256.0}"#],
        refuses: &[
            r#"{"dimensions": 0}"#,
            r#"{"dimensions": -1}"#,
            r#"{"dimensions": "256"}"#,
            r#"{"dimensions": 1.5}"#,
        ],
        find: bad_dimensions,
    },
    Rule {
        id: "openai-embeddings/encoding-format",
        source: REFERENCE,
        takes: &[r#"{"encoding_format": "float"}"#, r#"{"encoding_format": "base64"}"#],
        refuses: &[r#"{"encoding_format": "hex"}"#, r#"{"encoding_format": 64}"#],
        find: bad_encoding,
    },
    Rule {
        id: "openai-embeddings/user",
        source: REFERENCE,
        takes: &[r#"{"user": "u-1"}"#],
        refuses: &[r#"{"user": 7}"#],
        find: bad_user,
    },
    Rule {
        id: "openai-embeddings/model-takes-dimensions",
        source: "https://platform.openai.com/docs/guides/embeddings",
        takes: &[r#"{"dimensions": 256}"#, r#"{"model": "text-embedding-ada-002"}"#],
        refuses: &[r#"{"model": "text-embedding-ada-002", "dimensions": 256}"#],
        find: unsupported_dimensions,
    },
    Rule {
        id: "openai-embeddings/model-dimensions",
        source: "https://platform.openai.com/docs/guides/embeddings",
        takes: &[r#"{"dimensions": 1536}"#, r#"{"model": "text-embedding-3-large", "dimensions": 3072}"#],
        refuses: &[r#"{"dimensions": 1537}"#, r#"{"model": "text-embedding-3-large", "dimensions": 3073}"#],
        find: too_many_dimensions,
    },
];

const KNOWN: [&str; 5] = ["model", "input", "dimensions", "encoding_format", "user"];

/// Only of OpenAI's own models: others take what their vendors say.
fn unknown(request: &Request<'_>) -> Option<Complaint> {
    request.model?;
    let names = request.members().keys().map(String::as_str);
    let strange: Vec<&str> = names.filter(|name| !KNOWN.contains(name)).collect();
    (!strange.is_empty()).then(|| wording::unrecognized(&strange))
}

fn bad_dimensions(request: &Request<'_>) -> Option<Complaint> {
    let dimensions = request.get("dimensions")?;
    let whole = dimensions.as_f64().filter(|number| number.fract() == 0.0);
    match whole {
        None => Some(not_of_type(dimensions, "integer", "dimensions")),
        Some(number) if number < 1.0 => Some(Complaint::new(format!(
            "{} is less than the minimum of 1 - 'dimensions'",
            shown(dimensions)
        ))),
        Some(_) => None,
    }
}

fn bad_encoding(request: &Request<'_>) -> Option<Complaint> {
    let format = request.get("encoding_format").filter(|format| *format != "float" && *format != "base64")?;
    let message = format!("{} is not one of ['float', 'base64'] - 'encoding_format'", shown(format));
    Some(Complaint::new(message))
}

fn bad_user(request: &Request<'_>) -> Option<Complaint> {
    request.get("user").filter(|user| !user.is_string()).map(|user| not_of_type(user, "string", "user"))
}

fn unsupported_dimensions(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| model.name.starts_with("text-embedding-ada"))?;
    request.get("dimensions")?;
    Some(Complaint::new("This model does not support specifying dimensions."))
}

fn too_many_dimensions(request: &Request<'_>) -> Option<Complaint> {
    let max = match request.model?.name {
        "text-embedding-3-small" => 1536,
        "text-embedding-3-large" => 3072,
        _ => return None,
    };
    let dimensions =
        request.get("dimensions").filter(|value| value.as_f64().is_some_and(|got| got > f64::from(max)))?;
    let message =
        format!("Invalid value for 'dimensions' = {dimensions}. Must be less than or equal to {max}.");
    Some(Complaint::new(message))
}

fn not_of_type(value: &Value, kind: &str, param: &str) -> Complaint {
    Complaint::new(format!("{} is not of type '{kind}' - '{param}'", shown(value)))
}
