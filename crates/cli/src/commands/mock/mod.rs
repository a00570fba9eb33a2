//! `playhouse mock`: the test double.

mod scripts;
mod starter;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use playhouse_mock::script::Watch;
use playhouse_mock::server::listen::{ConnectionLimits, Listener};
use playhouse_mock::server::{CallLines, Double};
use playhouse_mock::{Engine, EngineConfig};
use playhouse_telemetry::{LogFormat, LoggingConfig, info, log};
use tokio::runtime::Builder;

use super::signals::StopSignals;
use crate::args::MockArgs;
use crate::console::Console;
use crate::exit;
use crate::failure::{Failure, plain_reason};

use scripts::Followed;

pub(super) use scripts::check;

/// How long running answers may take to finish at the end.
const GRACE: Duration = Duration::from_secs(2);

pub(super) fn run(args: &MockArgs, console: &Console) -> Result<u8, Failure> {
    if args.schema {
        let schema = playhouse_mock::script::json_schema();
        console.write(&format!("{schema:#}\n"))?;
        return Ok(exit::OK);
    }
    let logging = logging(args, console)?;
    let Followed { script, watch } = scripts::read(&args.scripts, console)?;
    let watch = watch.filter(|_| !args.no_reload);
    let config = EngineConfig {
        strict: args.strict.into(),
        fast: args.fast,
        chaos: args.chaos.clone(),
        seed: args.seed,
    };
    let engine = Arc::new(Engine::new(config, script));
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::work(format!("cannot start: {}", plain_reason(&error))))?;
    runtime.block_on(serve(args, engine, watch, &logging, console))
}

async fn serve(
    args: &MockArgs,
    engine: Arc<Engine>,
    watch: Option<Watch>,
    logging: &LoggingConfig,
    console: &Console,
) -> Result<u8, Failure> {
    let listener = bind(&args.listen).await?;
    let stop = StopSignals::listen()?;
    let guard =
        log::start(logging, !console.out.is_plain()).map_err(|error| Failure::work(error.to_string()))?;
    if let Some(watch) = watch {
        tokio::spawn(scripts::follow(watch, engine.clone()));
    }
    greet(listener.address(), args, console);
    info!(address = %listener.address(), rules = engine.script().rules.script().rules.len(), "Listening");
    let limits = ConnectionLimits { grace: GRACE, ..ConnectionLimits::default() };
    let double = Double::logging(engine, call_lines(logging.format));
    let signalled = stop.first(guard.flusher());
    let stopped = async {
        tokio::select! {
            () = signalled => {}
            () = starter::gone(args.until_stdin_ends) => info!("Standard input has ended"),
        }
    };
    double.serve(listener, limits, stopped).await;
    info!("Stopped");
    guard.flush();
    Ok(exit::OK)
}

fn call_lines(format: LogFormat) -> CallLines {
    match format {
        LogFormat::Json => CallLines::ForPrograms,
        LogFormat::Text => CallLines::ForPeople,
    }
}

async fn bind(address: &str) -> Result<Listener, Failure> {
    Listener::bind(address).await.map_err(|error| {
        let reason = plain_reason(&error);
        Failure::work(format!("cannot listen on {address}: {reason}; choose another address with --listen"))
    })
}

/// Says on standard error what to try; standard output is the log's.
fn greet(address: SocketAddr, args: &MockArgs, console: &Console) {
    if !console.shows_output() {
        return;
    }
    let answers = if args.scripts.is_empty() { "It says what it is told." } else { "It follows its script." };
    console.remark(&format!(
        "Playhouse mock on http://{address}. {answers}\n\n  \
         OPENAI_BASE_URL=http://{address}/v1 OPENAI_API_KEY=sk-test-mytest your-tests\n\n\
         Look at http://{address}/__playhouse/ to see what it is asked. Ctrl-C ends it."
    ));
}

fn logging(args: &MockArgs, console: &Console) -> Result<LoggingConfig, Failure> {
    let level = args.log_level.as_deref().or_else(|| console.environment.text("LOG_LEVEL"));
    let format = args.log_format.as_deref().or_else(|| console.environment.text("LOG_FORMAT"));
    let usage = |error: &dyn std::error::Error| Failure::Usage(error.to_string());
    Ok(LoggingConfig {
        level: level.map(str::parse).transpose().map_err(|error| usage(&error))?.unwrap_or_default(),
        format: format.map(str::parse).transpose().map_err(|error| usage(&error))?.unwrap_or_default(),
        ..LoggingConfig::default()
    })
}
