//! Every file and folder of `cases` is a case: those in `good` load, those in `bad` do not.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use playhouse_mock::script::{Loaded, Script, load};
use regex::Regex;

const CASES: &str = "tests/scripts/cases";

#[test]
fn good_scripts_are_loaded() {
    for path in cases("good") {
        let loaded = load(&[&path]).unwrap_or_else(|failure| panic!("{}:\n{failure}", path.display()));
        snapshot("good", &path, &shown(&loaded));
    }
}

#[test]
fn bad_scripts_are_explained() {
    for path in cases("bad") {
        let failure = load(&[&path]).expect_err(&path.display().to_string());
        snapshot("bad", &path, &without_folder(&failure.to_string()));
    }
}

#[test]
fn the_same_script_is_the_same_in_every_format() {
    let shown = ["yaml", "json", "toml"].map(|ending| {
        let loaded = load(&[format!("{CASES}/good/same.{ending}")]).unwrap();
        format!("{:#?}", loaded.script)
    });
    assert_eq!(shown[0], shown[1]);
    assert_eq!(shown[0], shown[2]);
}

fn cases(kind: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(CASES).join(kind)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 3);
    paths
}

fn snapshot(kind: &str, path: &Path, text: &str) {
    let name = format!("{kind}__{}", path.file_name().unwrap().to_string_lossy());
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

/// The files, the warnings, and of the script what is set.
fn shown(loaded: &Loaded) -> String {
    let files: Vec<String> = loaded.files.iter().map(|file| file.display().to_string()).collect();
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    let settings = Script { rules: Vec::new(), ..loaded.script.clone() };
    let rules: Vec<String> = loaded.script.rules.iter().map(set).collect();
    let text = [files.join("\n"), warnings.join("\n\n"), set(&settings), rules.join("\n")].join("\n");
    let folder = std::path::absolute(CASES).unwrap();
    without_folder(&text.replace(&*folder.to_string_lossy(), "<cases>"))
}

/// A value without the fields that say nothing.
fn set(value: &impl Debug) -> String {
    let unset = Regex::new(r"\b\w+: (None|false|\[\]|\{\})(, )?").unwrap();
    unset.replace_all(&format!("{value:?}"), "").replace(",  }", " }")
}

fn without_folder(text: &str) -> String {
    text.replace(&format!("{CASES}/good/"), "").replace(&format!("{CASES}/bad/"), "")
}
