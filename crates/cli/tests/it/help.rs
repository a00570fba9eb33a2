//! What the command line says of itself.

use crate::invoke::playhouse;

#[test]
fn help_is_complete() {
    let commands: [&[&str]; 13] = [
        &["--help"],
        &["serve", "--help"],
        &["demo", "--help"],
        &["chat", "--help"],
        &["calls", "--help"],
        &["calls", "tail", "--help"],
        &["calls", "stats", "--help"],
        &["keys", "--help"],
        &["keys", "create", "--help"],
        &["keys", "update", "--help"],
        &["check", "--help"],
        &["health", "--help"],
        &["completions", "--help"],
    ];
    for words in commands {
        let told = playhouse(words.iter().copied()).run();
        insta::assert_snapshot!(words.join("_").replace("--", ""), told);
    }
}

#[test]
fn wrong_command_lines_are_refused_with_a_hint() {
    let commands: [&[&str]; 5] =
        [&[], &["srve"], &["serve", "--lisen", "x"], &["calls", "--limit", "0"], &["completions", "tcsh"]];
    for words in commands {
        let told = playhouse(words.iter().copied()).run();
        assert_eq!(told.code, 2, "{told}");
        insta::assert_snapshot!(format!("wrong_{}", words.join("_").replace("--", "")), told);
    }
}

#[test]
fn every_shell_gets_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let told = playhouse(["completions", shell]).run();
        assert_eq!(told.code, 0, "{told}");
        assert!(told.stdout.contains("completions") && told.stdout.contains("listen"), "{shell}");
    }
}

#[test]
fn the_version_is_told() {
    let told = playhouse(["--version"]).run();
    assert_eq!(
        (told.code, told.stdout.as_str()),
        (0, concat!("playhouse ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}
