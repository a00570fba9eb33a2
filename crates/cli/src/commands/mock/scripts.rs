//! Scripts of the double: read, checked, followed as they change.

use std::path::PathBuf;
use std::sync::Arc;

use playhouse_mock::script::{self, LoadFailure, Loaded, ScriptProblem, Watch};
use playhouse_mock::{CompiledScript, Engine};
use playhouse_telemetry::{error, info, warn};

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

/// Reads scripts and says what is odd about them; without any, the script has no rules.
pub(super) fn read(paths: &[PathBuf], console: &Console) -> Result<CompiledScript, Failure> {
    if paths.is_empty() {
        return Ok(CompiledScript::default());
    }
    let (compiled, remarks) =
        compiled(script::load(paths)).map_err(|failure| Failure::Script(failure.to_string()))?;
    remarks.iter().for_each(|remark| console.remark(&format!("{remark}\n")));
    Ok(compiled)
}

/// `playhouse check SCRIPT…`.
pub(in crate::commands) fn check(paths: &[PathBuf], console: &Console) -> Result<u8, Failure> {
    let compiled = read(paths, console)?;
    let rules = compiled.rules.script().rules.len();
    console.write(&format!("ok: {rules} rule{}\n", if rules == 1 { "" } else { "s" }))?;
    Ok(exit::OK)
}

/// Reloads scripts as they change; one that cannot be used changes nothing.
pub(super) async fn follow(paths: Vec<PathBuf>, engine: Arc<Engine>) {
    let (mut watch, first) = Watch::start(&paths).await;
    // What was read before the watch began is followed already, unless it changed in between.
    let mut next = first;
    let mut is_first = true;
    loop {
        match compiled(next) {
            Ok((compiled, remarks)) => {
                let rules = compiled.rules.script().rules.len();
                engine.set_script(compiled);
                if !is_first {
                    remarks.iter().for_each(|remark| warn!("{remark}"));
                    info!(rules, "The script was reloaded");
                }
            }
            Err(failure) => error!("The changed script cannot be used, the last good one stays: {failure}"),
        }
        is_first = false;
        next = watch.next().await;
    }
}

fn compiled(
    loaded: Result<Loaded, LoadFailure>,
) -> Result<(CompiledScript, Vec<ScriptProblem>), LoadFailure> {
    CompiledScript::of_loaded(loaded?)
}
