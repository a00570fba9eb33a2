//! The configuration, judged by `playhouse check`: one file in `tests/config/` is one case.
//!
//! Comments of the file say how it is loaded: `# env: NAME=value` sets a variable, `# flags: …` adds
//! words to the command line, `# no file` leaves `--config` away, `# whole` keeps the defaults in
//! what is shown. What comes out is the snapshot of the same name.

use std::fs;
use std::path::{Path, PathBuf};

use crate::invoke::playhouse;

#[test]
fn every_case_comes_out_as_recorded() {
    let cases = cases();
    assert!(cases.len() > 30, "only {} cases were found", cases.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../config/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for case in &cases {
            let name = case.file_stem().unwrap().to_str().unwrap();
            let is_whole = fs::read_to_string(case).unwrap().lines().any(|line| line == "# whole");
            let told = run(case);
            insta::assert_snapshot!(name, if is_whole { told } else { without_defaults(&told) });
        }
    });
}

#[test]
fn no_output_has_a_secret_in_it() {
    for case in cases() {
        let told = run(&case);
        assert!(!told.contains("sk-"), "{} tells a secret:\n{told}", case.display());
    }
}

#[test]
fn what_is_printed_means_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("printed.toml");
    let env =
        [("OPENAI_API_KEY", "sk-1"), ("PLAYHOUSE_UPSTREAM__RETRIES", "7"), ("PLAYHOUSE_API_KEYS", "a,b")];
    let first = env.iter().fold(playhouse(["check"]), |run, (name, value)| run.env(name, value));
    let first = first.within(folder.path()).run();
    fs::write(&path, &first.stdout).unwrap();
    let second = playhouse(["check", "--config", "printed.toml"]).within(folder.path()).run();
    assert_eq!(without_comments(&first.stdout), without_comments(&second.stdout), "{second}");
}

#[test]
fn the_file_in_the_current_folder_is_read_unasked() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("playhouse.toml"), "[providers.ollama]\n[upstream]\nretries = 9\n").unwrap();
    let told = playhouse(["check"]).within(folder.path()).run();
    assert!(told.stdout.contains("retries = 9                      # from playhouse.toml:3"), "{told}");
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    cases.sort();
    cases
}

fn run(case: &Path) -> String {
    let text = fs::read_to_string(case).unwrap();
    let name = case.file_name().unwrap().to_str().unwrap();
    let said = |what: &str| {
        text.lines().filter_map(|line| line.strip_prefix(what)).map(str::trim).collect::<Vec<_>>()
    };
    let mut words = vec!["check"];
    if said("# no file").is_empty() {
        words.extend(["--config", name]);
    }
    let flags = said("# flags:");
    words.extend(flags.iter().flat_map(|flags| flags.split(' ')));
    let mut run = playhouse(words).within(case.parent().unwrap());
    for variable in said("# env:") {
        let (name, value) = variable.split_once('=').unwrap();
        run = run.env(name, value);
    }
    run.run().to_string()
}

/// The same without the lines, and then the sections, that only say what everybody has.
fn without_defaults(told: &str) -> String {
    let lines = told.lines().filter(|line| !line.ends_with("# default"));
    let mut kept: Vec<&str> = Vec::new();
    for line in lines {
        let is_empty_section = kept.last().is_some_and(|last| last.starts_with('[') && line.is_empty());
        if is_empty_section {
            kept.truncate(kept.len() - 2);
        }
        kept.push(line);
    }
    if kept.last().is_some_and(|last| last.starts_with('[')) {
        kept.truncate(kept.len() - 2);
    }
    kept.join("\n")
}

fn without_comments(toml: &str) -> Vec<&str> {
    toml.lines()
        .map(|line| line.split("  #").next().unwrap_or_default().trim_end())
        .filter(|line| !line.starts_with('#'))
        .collect()
}
