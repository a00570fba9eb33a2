//! Images as data.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::protocols::anthropic::strict::request::{Request, blocks_of, is};
use crate::protocols::anthropic::strict::rule::Rule;

pub(super) static RULES: [Rule; 2] = [
    Rule {
        id: "anthropic-messages/image-base64",
        source: "https://github.com/DataDog/dd-trace-py",
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "data:image/png;base64,AAAA"}}]}]}"#,
        ],
        find: no_base64,
    },
    Rule {
        id: "anthropic-messages/image-form",
        source: "https://github.com/anthropics/claude-code/issues/1338",
        takes: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": "R0lGODlhAQABAAAAACw="}}]}]}"#,
        ],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "R0lGODlhAQABAAAAACw="}}]}]}"#,
        ],
        find: other_form,
    },
];

/// The beginnings by which forms of images are known.
const BEGINNINGS: [(&str, &[u8]); 3] =
    [("image/png", b"\x89PNG"), ("image/jpeg", b"\xff\xd8\xff"), ("image/gif", b"GIF8")];

/// Every image that came as data, with its place and its source.
fn images<'a>(request: &Request<'a>) -> Vec<(String, &'a Value)> {
    let of_blocks = request.blocks().flat_map(|(at, place, block)| {
        let own = image_of(block).map(|source| (format!("messages.{at}.content.{place}.image"), source));
        let within = blocks_of(block).filter(|_| is(block, "tool_result"));
        let within = within.filter_map(move |(part, block)| {
            let place = format!("messages.{at}.content.{place}.tool_result.content.{part}.image");
            Some((place, image_of(block)?))
        });
        own.into_iter().chain(within)
    });
    of_blocks.collect()
}

fn image_of(block: &Value) -> Option<&Value> {
    let source = block.get("source").filter(|_| is(block, "image"))?;
    is(source, "base64").then_some(source)
}

fn data(source: &Value) -> &str {
    source.get("data").and_then(Value::as_str).unwrap_or_default()
}

fn no_base64(request: &Request<'_>) -> Option<String> {
    let images = images(request);
    let (place, _) = images.iter().find(|(_, source)| STANDARD.decode(data(source).trim()).is_err())?;
    Some(format!("{place}.source.base64: invalid base64 data"))
}

fn other_form(request: &Request<'_>) -> Option<String> {
    images(request).iter().find_map(|(place, source)| {
        let said = source.get("media_type")?.as_str()?;
        let bytes = STANDARD.decode(data(source).trim()).ok()?;
        let found = form_of(&bytes).filter(|found| *found != said)?;
        Some(format!(
            "{place}.source.base64: The image was specified using the {said} media type, but the image appears to be a {found} image"
        ))
    })
}

fn form_of(bytes: &[u8]) -> Option<&'static str> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let known = BEGINNINGS.iter().find(|(_, beginning)| bytes.starts_with(beginning));
    known.map(|(form, _)| *form).or_else(|| is_webp.then_some("image/webp"))
}
