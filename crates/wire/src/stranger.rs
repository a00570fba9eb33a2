//! Saying what an answer is that is not what it should be, without repeating any of it.

/// What a body is, and its size.
pub(crate) fn describe(body: &[u8]) -> String {
    let size = body.len();
    let text = body.trim_ascii();
    match text.first() {
        None => "an empty body".to_owned(),
        Some(b'<') => format!("{size} bytes of HTML or XML"),
        Some(b'{' | b'[') => describe_json(text, size),
        Some(byte) if byte.is_ascii_graphic() => format!("{size} bytes of text that is not JSON"),
        Some(_) => format!("{size} bytes that are no text"),
    }
}

fn describe_json(text: &[u8], size: usize) -> String {
    match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
        Ok(_) if text.starts_with(b"[") => format!("{size} bytes of JSON that are a list"),
        Ok(_) => format!("{size} bytes of JSON of another shape"),
        Err(error) if error.is_eof() => format!("JSON that breaks off after {size} bytes"),
        Err(error) => format!("{size} bytes of broken JSON ({error})"),
    }
}
