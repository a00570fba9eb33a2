//! Images and files: who may send them, and in what form.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;

use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::{Request, all_parts, is};
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::wording;

const IMAGES: &str = "https://platform.openai.com/docs/guides/images-vision";
const FILES: &str = "https://platform.openai.com/docs/guides/pdf-files";

pub(super) static RULES: [Rule; 6] = [
    Rule {
        id: "openai-chat/images-come-from-users",
        source: IMAGES,
        takes: &[r#"{"messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}]}]}"#],
        refuses: &[r#"{"messages": [{"role": "system", "content": [
                {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}]}]}"#],
        find: image_from_another,
    },
    Rule {
        id: "openai-chat/parts-by-role",
        source: "https://platform.openai.com/docs/api-reference/chat/create",
        takes: &[
            r#"{"messages": [{"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}]}"#,
        ],
        refuses: &[
            r#"{"messages": [{"role": "system", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]}"#,
            r#"{"messages": [{"role": "user", "content": [{"type": "refusal", "refusal": "No."}]}]}"#,
        ],
        find: part_from_another,
    },
    Rule {
        id: "openai-chat/image-url-form",
        source: IMAGES,
        takes: &[r#"{"messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "http://example.com/cat"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}]}"#],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": ""}}]}]}"#,
            r#"{"messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "iVBORw0KGgo="}}]}]}"#,
            r#"{"messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:application/pdf;base64,JVBERi0xLjQK"}}]}]}"#,
            r#"{"messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,!!!!"}}]}]}"#,
        ],
        find: malformed_image_url,
    },
    Rule {
        id: "openai-chat/image-format",
        source: IMAGES,
        takes: &[r#"{"messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/4AAQSkZJRg=="}},
                {"type": "image_url", "image_url": {"url": "data:image/gif;base64,R0lGODlhAQABAAAAACw="}},
                {"type": "image_url", "image_url": {"url": "data:image/webp;base64,UklGRiQAAABXRUJQVlA4IA=="}}]}]}"#],
        refuses: &[r#"{"messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,UGxlYXNl"}}]}]}"#],
        find: no_image,
    },
    Rule {
        id: "openai-chat/file-is-there",
        source: FILES,
        takes: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]}"#,
        ],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [{"type": "file", "file": {"filename": "a.pdf"}}]}]}"#,
        ],
        find: empty_file,
    },
    Rule {
        id: "openai-chat/file-data-form",
        source: FILES,
        takes: &[r#"{"messages": [{"role": "user", "content": [
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}}]}]}"#],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": [
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "JVBERg=="}}]}]}"#,
            r#"{"messages": [{"role": "user", "content": [
                {"type": "file", "file": {"filename": "a.mp3", "file_data": "data:audio/mpeg;base64,SUQz"}}]}]}"#,
        ],
        find: malformed_file,
    },
];

fn image_from_another(request: &Request<'_>) -> Option<Complaint> {
    let messages = request.messages();
    let mut images = all_parts(messages).filter(|(_, _, part)| is(part, "type", "image_url"));
    let (at, _, _) = images.find(|(at, _, _)| !is(&messages[*at], "role", "user"))?;
    let role = messages[at].get("role")?.as_str()?;
    let message = format!(
        "Invalid 'messages[{at}]'. Image URLs are only allowed for messages with role 'user', but this message with role '{role}' contains an image URL."
    );
    Some(Complaint::new(message).at(format!("messages[{at}]")).code("invalid_value"))
}

/// What only one role says, by the reference; in the words for images.
fn part_from_another(request: &Request<'_>) -> Option<Complaint> {
    const PARTS: [(&str, &str, &str, &str); 3] = [
        ("input_audio", "user", "Audio inputs are", "an audio input"),
        ("file", "user", "Files are", "a file"),
        ("refusal", "assistant", "Refusals are", "a refusal"),
    ];
    request.model?;
    let messages = request.messages();
    let (at, role, (_, allowed, many, one)) = all_parts(messages).find_map(|(at, _, part)| {
        let role = messages[at].get("role")?.as_str()?;
        let found = PARTS.iter().find(|(kind, allowed, ..)| is(part, "type", kind) && role != *allowed)?;
        Some((at, role, found))
    })?;
    let message = format!(
        "Invalid 'messages[{at}]'. {many} only allowed for messages with role '{allowed}', but this message with role '{role}' contains {one}."
    );
    Some(Complaint::new(message).at(format!("messages[{at}]")).code("invalid_value"))
}

/// The URLs of the images, with their places.
fn image_urls(messages: &[Value]) -> impl Iterator<Item = (String, &str)> {
    let place = |at, part_at| format!("messages[{at}].content[{part_at}].image_url.url");
    all_parts(messages).filter_map(move |(at, part_at, part)| {
        let url = part.get("image_url")?.get("url")?.as_str()?;
        (!is_web_url(url)).then(|| (place(at, part_at), url))
    })
}

fn is_web_url(url: &str) -> bool {
    let starts =
        |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("https://") || starts("http://")
}

fn malformed_image_url(request: &Request<'_>) -> Option<Complaint> {
    image_urls(request.messages()).find_map(|(param, url)| {
        let fault = fault_of_data_url(url)?;
        let message = format!(
            "Invalid image URL: '{param}'. Expected a base64-encoded data URL with an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got {fault}."
        );
        Some(Complaint::new(message).at(param).code("invalid_value"))
    })
}

/// What is wrong with the form of an image in a URL, in OpenAI's words.
fn fault_of_data_url(url: &str) -> Option<String> {
    let Some(data) = url.strip_prefix("data:") else {
        return Some("a value without the 'data:' prefix".to_owned());
    };
    let Some((mime_type, encoded)) = data.split_once(";base64,") else {
        return Some("a value without the ';base64' separator".to_owned());
    };
    let mime_type = mime_type.split(';').next().unwrap_or(mime_type);
    if !mime_type.starts_with("image/") {
        return Some(format!("unsupported MIME type '{mime_type}'"));
    }
    if encoded.is_empty() {
        return Some("empty base64-encoded bytes".to_owned());
    }
    let is_base64 = |letter: u8| letter.is_ascii_alphanumeric() || b"+/=-_\r\n".contains(&letter);
    (!encoded.bytes().all(is_base64)).then(|| "an invalid base64-encoded value".to_owned())
}

/// Images are known by their first bytes, whatever their URL says of them.
fn no_image(request: &Request<'_>) -> Option<Complaint> {
    let mut inside = image_urls(request.messages()).filter_map(|(_, url)| url.split_once(";base64,"));
    inside.find(|(_, encoded)| !is_image(encoded))?;
    let message = "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].";
    Some(Complaint::new(message).code("invalid_image_format"))
}

fn is_image(encoded: &str) -> bool {
    // Sixteen letters are twelve bytes: enough to tell.
    let start = encoded.get(..16).unwrap_or(encoded).trim_end_matches('=');
    let Ok(bytes) = STANDARD_NO_PAD.decode(start.get(..start.len() & !3).unwrap_or(start)) else {
        return true;
    };
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..).is_some_and(|rest| b"WEBP".starts_with(rest));
    let starts = [&b"\x89PNG"[..], b"\xFF\xD8\xFF", b"GIF8"];
    is_webp || starts.iter().any(|start| bytes.starts_with(start))
}

fn files(messages: &[Value]) -> impl Iterator<Item = (String, &Value)> {
    let place = |at, part_at| format!("messages[{at}].content[{part_at}].file");
    all_parts(messages).filter_map(move |(at, part_at, part)| Some((place(at, part_at), part.get("file")?)))
}

fn empty_file(request: &Request<'_>) -> Option<Complaint> {
    let is_empty =
        |file: &Value| ["file_id", "file_data"].iter().all(|name| file.get(name).is_none_or(Value::is_null));
    let (place, _) = files(request.messages()).find(|(_, file)| is_empty(file))?;
    Some(wording::missing(format!("{place}.file_id")))
}

fn malformed_file(request: &Request<'_>) -> Option<Complaint> {
    let (place, fault) = files(request.messages()).find_map(|(place, file)| {
        let fault = fault_of_file(file.get("file_data")?.as_str()?)?;
        Some((place, fault))
    })?;
    let message = format!(
        "Invalid file data: '{place}.file_data'. Expected a base64-encoded data URL with a valid file MIME type (e.g. 'data:text/plain;base64,SGVsbG8sIFdvcmxkIQ=='), but got {fault}"
    );
    Some(Complaint::new(message).at(format!("{place}.file_data")).code("invalid_value"))
}

/// What is wrong with the form of a file, in OpenAI's words: sound and films are no files.
fn fault_of_file(data: &str) -> Option<String> {
    let Some(data) = data.strip_prefix("data:") else {
        return Some("a value without the 'data:' prefix.".to_owned());
    };
    let mime_type = data.split([';', ',']).next().unwrap_or(data);
    let is_refused = ["audio/", "video/"].iter().any(|kind| mime_type.starts_with(kind));
    is_refused.then(|| {
        format!(
            "unsupported MIME type '{mime_type}'. Please see https://platform.openai.com/docs/assistants/tools/file-search#supported-files for supported file types."
        )
    })
}
