//! An app over a mock, with a data directory of its own.

use playhouse_llm::Request;
use playhouse_mock::{Answer as Said, MockProvider};
use playhouse_server::{Answer, App};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) mock: MockProvider,
    _data_dir: TempDir,
}

impl TestApp {
    pub(crate) fn saying(texts: &[&str]) -> Self {
        Self::over(MockProvider::replies(texts))
    }

    pub(crate) fn answering(respond: impl Fn(&Request) -> Said + Send + Sync + 'static) -> Self {
        Self::over(MockProvider::new(respond))
    }

    pub(crate) fn over(mock: MockProvider) -> Self {
        Self::with_data(mock, tempfile::tempdir().unwrap())
    }

    /// An app that finds this data when it starts.
    pub(crate) fn with_data(mock: MockProvider, data_dir: TempDir) -> Self {
        let app = App::with_provider(mock.clone(), data_dir.path()).unwrap();
        Self { app, mock, _data_dir: data_dir }
    }

    pub(crate) async fn chat(&self, message: &str, session_id: &str) -> Answer {
        self.post("/v1/chat", json!({ "message": message, "session_id": session_id })).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.app.post(path, body.to_string()).await
    }

    /// What the model was sent last, as `role: text` lines.
    pub(crate) fn last_prompt(&self) -> Vec<String> {
        let messages = self.mock.journal().last_messages();
        messages.iter().map(|message| format!("{:?}: {}", message.role, message.text())).collect()
    }
}

/// The events of a native stream: id, name, data.
pub(crate) fn events(answer: &Answer) -> Vec<(u64, String, Value)> {
    let text = answer.text();
    let blocks = text.split("\n\n").filter(|block| !block.is_empty() && !block.starts_with(':'));
    let events = blocks.map(|block| {
        let field = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("no {name} in {block}")).to_owned()
        };
        (field("id").parse().unwrap(), field("event"), serde_json::from_str(&field("data")).unwrap())
    });
    events.collect()
}
