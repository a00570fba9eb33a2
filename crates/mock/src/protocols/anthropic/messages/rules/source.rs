//! Where images and documents come from.

use crate::protocols::strict::shape::{Field, Object, Shape, Tagged};

const VISION: &str = "https://platform.claude.com/docs/en/build-with-claude/vision";
const PDF: &str = "https://platform.claude.com/docs/en/build-with-claude/pdf-support";

const WITHIN_IMAGE: &str =
    r#"{"messages": [{"role": "user", "content": [{"type": "image", "source": "$"}]}]}"#;
const WITHIN_DOCUMENT: &str =
    r#"{"messages": [{"role": "user", "content": [{"type": "document", "source": "$"}]}]}"#;

pub(super) static OF_IMAGE: Tagged = Tagged {
    rule: "anthropic-messages/image-source-type",
    tag: "type",
    kinds: &[("base64", &IMAGE_DATA), ("file", &FILE), ("url", &ADDRESS)],
    unknown_kind: None,
    default: None,
};

static IMAGE_DATA: Object = Object {
    source: VISION,
    closed: Some("anthropic-messages/image-data-members"),
    least: r#"{"type": "base64", "media_type": "image/gif", "data": "R0lGODlhAQABAAAAACw="}"#,
    within: WITHIN_IMAGE,
    fields: &[
        Field::required("anthropic-messages/image-media-type", "media_type", IMAGE_TYPE)
            .takes(&[r#""image/gif""#])
            .refuses(&[r#""image/tiff""#, r#""application/pdf""#, "null"]),
        Field::required("anthropic-messages/image-data", "data", Shape::TEXT)
            .takes(&[r#""R0lGODlhAQABAAAAACw=""#])
            .refuses(&["null", "7"]),
    ],
};

const IMAGE_TYPE: Shape = Shape::one_of(&["image/jpeg", "image/png", "image/gif", "image/webp"]);

static ADDRESS: Object = Object {
    source: VISION,
    closed: Some("anthropic-messages/address-members"),
    least: r#"{"type": "url", "url": "https://example.com/cat.png"}"#,
    within: WITHIN_IMAGE,
    fields: &[Field::required("anthropic-messages/address", "url", Shape::TEXT)
        .takes(&[r#""https://example.com/dog.png""#])
        .refuses(&["null", "7"])],
};

static FILE: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/files",
    closed: None,
    least: r#"{"type": "file", "file_id": "file_1"}"#,
    within: WITHIN_IMAGE,
    fields: &[Field::required("anthropic-messages/file-id", "file_id", Shape::TEXT)
        .takes(&[r#""file_2""#])
        .refuses(&["null", "7"])],
};

pub(super) static OF_DOCUMENT: Tagged = Tagged {
    rule: "anthropic-messages/document-source-type",
    tag: "type",
    kinds: &[
        ("base64", &PDF_DATA),
        ("content", &BLOCKS),
        ("file", &FILE),
        ("text", &PLAIN),
        ("url", &ADDRESS),
    ],
    unknown_kind: None,
    default: None,
};

static PDF_DATA: Object = Object {
    source: PDF,
    closed: Some("anthropic-messages/document-data-members"),
    least: r#"{"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"}"#,
    within: WITHIN_DOCUMENT,
    fields: &[
        Field::required(
            "anthropic-messages/document-media-type",
            "media_type",
            Shape::one_of(&["application/pdf"]),
        )
        .takes(&[r#""application/pdf""#])
        .refuses(&[r#""text/plain""#, r#""audio/ogg""#]),
        Field::required("anthropic-messages/document-data", "data", Shape::TEXT)
            .takes(&[r#""JVBERi0xLjQK""#])
            .refuses(&["null", "7"]),
    ],
};

static PLAIN: Object = Object {
    source: PDF,
    closed: Some("anthropic-messages/document-text-members"),
    least: r#"{"type": "text", "media_type": "text/plain", "data": "Hi"}"#,
    within: WITHIN_DOCUMENT,
    fields: &[
        Field::required(
            "anthropic-messages/document-text-type",
            "media_type",
            Shape::one_of(&["text/plain"]),
        )
        .takes(&[r#""text/plain""#])
        .refuses(&[r#""text/html""#]),
        Field::required("anthropic-messages/document-text", "data", Shape::TEXT)
            .takes(&[r#""Hi""#])
            .refuses(&["null"]),
    ],
};

static BLOCKS: Object = Object {
    source: PDF,
    closed: None,
    least: r#"{"type": "content", "content": "Hi"}"#,
    within: WITHIN_DOCUMENT,
    fields: &[Field::required("anthropic-messages/document-content", "content", Shape::Anything)],
};
