//! Scripts of the double: read, checked, followed as they change.

use std::path::PathBuf;
use std::sync::Arc;

use playhouse_mock::script::{LoadFailure, Loaded, ScriptProblem, Watch};
use playhouse_mock::{CompiledScript, Engine};
use playhouse_telemetry::{error, info, warn};

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

/// What answers come from: a script, and what tells of its changes, if it lies in files.
pub(super) struct Followed {
    pub(super) script: CompiledScript,
    pub(super) watch: Option<Watch>,
}

/// Reads scripts and says what is odd about them; without any, the script has no rules.
pub(super) fn read(paths: &[PathBuf], console: &Console) -> Result<Followed, Failure> {
    if paths.is_empty() {
        return Ok(Followed { script: CompiledScript::default(), watch: None });
    }
    let (watch, loaded) = Watch::start(paths);
    let (script, remarks) = compiled(loaded).map_err(|failure| Failure::Script(failure.to_string()))?;
    remarks.iter().for_each(|remark| console.remark(&format!("{remark}\n")));
    Ok(Followed { script, watch: Some(watch) })
}

/// `playhouse check SCRIPT…`.
pub(in crate::commands) fn check(paths: &[PathBuf], console: &Console) -> Result<u8, Failure> {
    let rules = read(paths, console)?.script.rules.script().rules.len();
    console.write(&format!("ok: {rules} rule{}\n", if rules == 1 { "" } else { "s" }))?;
    Ok(exit::OK)
}

/// Reloads scripts as they change; one that cannot be used changes nothing.
pub(super) async fn follow(mut watch: Watch, engine: Arc<Engine>) {
    loop {
        let loaded = watch.next().await;
        // A large script takes its time, which the answers must not wait for.
        let compiled = tokio::task::spawn_blocking(move || compiled(loaded)).await;
        match compiled {
            Ok(Ok((script, remarks))) => {
                let rules = script.rules.script().rules.len();
                engine.set_script(script);
                remarks.iter().for_each(|remark| warn!(exception = %remark, "The changed script is odd"));
                info!(rules, "The script was reloaded");
            }
            Ok(Err(failure)) => {
                error!(exception = %failure, "The changed script cannot be used, the last good one stays");
                engine.note_problems(failure.problems);
            }
            Err(broken) => {
                error!(%broken, "The changed script could not be prepared, the last good one stays")
            }
        }
    }
}

fn compiled(
    loaded: Result<Loaded, LoadFailure>,
) -> Result<(CompiledScript, Vec<ScriptProblem>), LoadFailure> {
    CompiledScript::of_loaded(loaded?)
}
