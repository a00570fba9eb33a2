use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn nothing_that_is_loaded_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("playhouse.toml");
    let text =
        "[providers.lab]\nbase_url = \"http://lab/v1\"\napi_key = \"sk-1\"\nheaders = { X-Key = \"sk-2\" }\n";
    std::fs::write(&file, text).unwrap();
    let flags = Flags { config: Some(file), ..Flags::default() };
    let environment = environment(&[("OPENAI_API_KEY", "sk-3"), ("PLAYHOUSE_API_KEYS", "sk-4,sk-5")]);
    let loaded = load(&flags, &environment, Purpose::Serve).unwrap();
    for shown in [format!("{loaded:?}"), format!("{environment:?}"), loaded.to_toml()] {
        assert!(!shown.contains("sk-"), "{shown}");
    }
    let refused =
        load(&Flags { listen: Some("here:there".to_owned()), ..flags }, &environment, Purpose::Serve);
    let refused = refused.unwrap_err();
    assert!(!format!("{refused:?} {refused}").contains("sk-"), "{refused:?}");
}

#[test]
fn the_demo_has_none_of_the_providers() {
    let environment = environment(&[
        ("OPENAI_API_KEY", "sk-3"),
        ("PLAYHOUSE_PROVIDERS__LAB__BASE_URL", "nonsense"),
        ("PLAYHOUSE_MODELS__FAST__CHAIN", "lab/x"),
        ("PLAYHOUSE_CHAT__HISTORY_MESSAGES", "7"),
    ]);
    let loaded = load(&Flags::default(), &environment, Purpose::Demo).unwrap();
    assert!(loaded.config.providers.is_empty() && loaded.config.models.is_empty());
    assert_eq!(loaded.config.chat.history_messages, 7);
}

#[test]
fn finding_a_server_looks_at_its_section_alone() {
    let environment = environment(&[
        ("OPENAI_API_KEY_FILE", "/nowhere"),
        ("PLAYHOUSE_UPSTREAM__RETRIES", "many"),
        ("PLAYHOUSE_DATA_DIR", "/data"),
    ]);
    let loaded = load(&Flags::default(), &environment, Purpose::Find).unwrap();
    assert_eq!(loaded.config.server.data_dir.to_str(), Some("/data"));
}
