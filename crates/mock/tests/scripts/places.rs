//! Where rules stand, for what is found out about them after they are loaded.

use std::fs;

use playhouse_mock::matching::RuleProblem;
use playhouse_mock::script::{Format, LoadFailure, Severity, load, parse};

const TEXT: &str = "\
rules:
  - name: weather
    when: {user: {matches: '(unclosed'}}
    reply: Sunny.
  - name: weather
    sequence: [one, {template: '{{ nobody'}]
";

#[test]
fn a_field_is_found_at_its_line() {
    let places = parse(TEXT, Format::Yaml, "s.yaml").unwrap().places;
    let place = |rule, field| places.locate(rule, field).unwrap().to_string();
    assert_eq!(place(0, "when.user.matches"), "s.yaml:3:28");
    assert_eq!(place(0, ""), "s.yaml:2:5");
    assert_eq!(place(1, "sequence[1].template"), "s.yaml:6:32");
    assert_eq!(place(1, "sequence.replies[1].template"), "s.yaml:6:32");
    assert!(places.locate(2, "").is_none());
}

#[test]
fn rules_of_several_files_are_counted_on() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), "rules: [{reply: a}, {reply: b}]").unwrap();
    fs::write(folder.path().join("b.json"), "{\n\"rules\": [\n{\"reply\": \"c\"}]}").unwrap();
    let places = load(&[folder.path()]).unwrap().places;
    assert_eq!(
        places.locate(2, "reply").unwrap().to_string(),
        format!("{}/b.json:3:11", folder.path().display())
    );
}

#[test]
fn later_problems_are_shown_like_those_of_loading() {
    let loaded = parse(TEXT, Format::Yaml, "s.yaml").unwrap();
    let problem = RuleProblem {
        rule: 0,
        field: "when.user.matches".to_owned(),
        message: "the group is not closed: add `)`".to_owned(),
    };
    let shown = [loaded.places.problem(&problem).unwrap(), loaded.places.hidden(1, 0).unwrap()];
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("places", format!("{}\n\n{}\n\n{}", shown[0], shown[1], loaded.warnings[0]));
    });
    assert_eq!(shown.map(|problem| problem.severity), [Severity::Error, Severity::Warning]);
}

#[test]
fn a_problem_is_data_for_who_sends_a_script() {
    let failure: LoadFailure = parse("rules: [{replay: a}]", Format::Yaml, "body").unwrap_err();
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_json_snapshot!("problem_as_json", failure.problems);
    });
}
