//! Matching, by cases: a script, requests, and who answers them.
//!
//! A case is a file in `cases/`. Each of its `ask`s says by name which rule must answer, or `miss`;
//! the whole of what matching says is in the snapshot beside it.

#![expect(clippy::unwrap_used, reason = "what tests share may stop at the first surprise")]

mod ask;
mod case;

use std::path::Path;

use case::Case;

#[test]
fn every_case_goes_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matching/cases");
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy();
        let case = Case::read(&std::fs::read_to_string(&file).unwrap());
        let transcript = case.unwrap_or_else(|error| panic!("{name}: {error}")).run(&name);
        insta::with_settings!({ snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(&*name, transcript);
        });
    }
}
