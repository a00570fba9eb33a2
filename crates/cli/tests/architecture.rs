//! The crates depend on each other one way down, as ARCHITECTURE.md draws it.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each crate's level; a crate may use lower levels only.
const LEVELS: [(&str, u32); 10] = [
    ("playhouse-llm", 0),
    ("playhouse-wire", 1),
    ("playhouse-agent", 1),
    ("playhouse-store", 1),
    ("playhouse-telemetry", 1),
    ("playhouse-provider", 2),
    ("playhouse-edge", 2),
    ("playhouse-mock", 3),
    ("playhouse-server", 3),
    ("playhouse", 5),
];

/// Measures from outside; nothing depends on it.
const OUTSIDE: &str = "playhouse-bench";

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The packages of the workspace with what they depend on outside their tests.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter().map(|package| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let shipped = dependencies.filter(|dependency| dependency["kind"].is_null());
        let names = shipped.map(|dependency| dependency["name"].as_str().unwrap().to_owned());
        (package["name"].as_str().unwrap().to_owned(), names.collect())
    });
    packages.collect()
}

fn level(package: &str) -> Option<u32> {
    LEVELS.iter().find(|(name, _)| *name == package).map(|(_, level)| *level)
}

#[test]
fn every_crate_stands_in_the_table() {
    for package in dependencies().keys().filter(|package| *package != OUTSIDE) {
        assert!(level(package).is_some(), "{package} has no level; add it to ARCHITECTURE.md and here");
    }
}

#[test]
fn crates_use_lower_levels_only() {
    let dependencies = dependencies();
    assert!(dependencies.len() >= LEVELS.len(), "packages are missing: {:?}", dependencies.keys());
    for (package, used) in &dependencies {
        let Some(own) = level(package) else { continue };
        for lower in used.iter().filter(|used| used.starts_with("playhouse")) {
            let below = level(lower).unwrap_or_else(|| panic!("{package} uses {lower}, which has no level"));
            assert!(below < own, "{package} (level {own}) uses {lower} (level {below})");
        }
    }
}

#[test]
fn the_pure_crates_have_no_means_of_io() {
    let dependencies = dependencies();
    for package in ["playhouse-llm", "playhouse-wire"] {
        for means in ["tokio", "hyper", "rusqlite", "axum", "tracing"] {
            assert!(!dependencies[package].contains(&means.to_owned()), "{package} uses {means}");
        }
    }
}

#[test]
fn only_the_binary_reads_the_environment() {
    for (crate_dir, _) in LEVELS.iter().filter(|(name, _)| *name != "playhouse") {
        let sources = workspace().join("crates").join(crate_dir.trim_start_matches("playhouse-")).join("src");
        for file in rust_files(&sources) {
            let text = std::fs::read_to_string(&file).unwrap();
            let reads =
                text.lines().any(|line| line.contains("env::var") && !line.trim_start().starts_with("//"));
            assert!(!reads, "{} reads the environment", file.display());
        }
    }
}

/// The source files that may ship: what only tests are built with lies in folders of its own.
fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let shipped = entries.filter(|path| !path.ends_with("store/src/testing"));
    let files = shipped.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}
