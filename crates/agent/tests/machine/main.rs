//! The state machine by data: what models wrote in, transitions out.
//!
//! Each file in `cases/` is one run. It begins with `key: value` lines (`strategy`, `bounds` as JSON,
//! `user`), then come sections: `--- model` is what the model says, `@call ID NAME ARGUMENTS` in it a tool
//! call of the vendor's kind (`-` for no id); `--- ok` and `--- error` are results of tools, in order. The
//! snapshot beside it shows what the machine made of that. To add a case, add a file, run the test, and
//! look at the snapshot with `cargo insta review`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise, its helpers too"
)]

mod case;
mod laws;
mod report;

use std::path::{Path, PathBuf};

use case::Case;

/// Every case, with its name.
fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machine/cases");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: &PathBuf| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, Case::parse(&std::fs::read_to_string(file).unwrap()))
    };
    files.iter().map(read).collect()
}

#[test]
fn every_case_goes_as_its_snapshot_says() {
    let cases = cases();
    assert!(cases.len() >= 40, "cases are missing: {}", cases.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots");
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, case) in &cases {
            insta::assert_snapshot!(name.as_str(), report::report(case));
        }
    });
}
