//! `tests/cases/*.sse`: streams as vendors send them, right and wrong, with what is read of each.
//!
//! A case whose name begins with `several` is read as the answer to a request for two alternatives.
//! Adding a case is adding a file; `INSTA_UPDATE=always` writes what is expected beside it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use playhouse_wire::openai::chat::encode_chunk;
use playhouse_wire::sse::frames;

use crate::support::{Read, chunks_of, read_choices};

/// Short, so that a case can show a line that is too long.
const MAX_LINE_BYTES: usize = 1000;

#[test]
fn streams_are_read_as_expected() {
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "sse"));
    assert!(cases.len() >= 25, "only {} cases", cases.len());
    for case in cases {
        let stream = fs::read(&case).unwrap();
        let name = case.file_stem().unwrap().to_str().unwrap();
        let choices = if name.starts_with("several") { 2 } else { 1 };
        let seen = report(&stream, stream.len(), choices);
        for piece_bytes in [1, 2, 7, 50] {
            assert_eq!(report(&stream, piece_bytes, choices), seen, "{name} by {piece_bytes}");
        }
        // A vendor may give one alternative where two were asked for.
        assert_eq!(report(&stream, stream.len(), 2), seen, "{name} for two");
        let seen = format!("{}{seen}", report_frames(&stream));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, seen));
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn report_frames(stream: &[u8]) -> String {
    let mut out = String::from("frames:\n");
    for frame in frames(stream) {
        let names = [frame.event, frame.id].map(|name| name.unwrap_or("-"));
        writeln!(out, "  {} {} {:?}", names[0], names[1], frame.text()).unwrap();
    }
    out
}

fn report(stream: &[u8], piece_bytes: usize, choices: u32) -> String {
    let Read { events, end } = read_choices(stream.chunks(piece_bytes.max(1)), MAX_LINE_BYTES, choices);
    let mut out = String::from("chunks:\n");
    for chunk in chunks_of(&events) {
        writeln!(out, "  {}", encode_chunk(&chunk)).unwrap();
    }
    let outlines = || events.iter().map(|event| event.outline());
    let usage = outlines().rev().find_map(|outline| outline.usage.clone());
    writeln!(out, "has output: {}", outlines().any(|outline| outline.has_output)).unwrap();
    writeln!(out, "model: {:?}", outlines().find_map(|outline| outline.model.clone())).unwrap();
    writeln!(out, "finish: {:?}", outlines().rev().find_map(|outline| outline.finish.clone())).unwrap();
    let counts = usage.map(|usage| (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens));
    writeln!(out, "usage: {counts:?}").unwrap();
    match end {
        Ok(()) => out += "end: whole\n",
        Err(error) => {
            writeln!(out, "end: {}: {error}", error.kind.as_str()).unwrap();
            if let Some(upstream) = error.upstream {
                let has_body = upstream.body.is_some();
                writeln!(out, "  class {:?}, code {:?}, body {has_body}", upstream.class, upstream.code)
                    .unwrap();
            }
        }
    }
    out
}
