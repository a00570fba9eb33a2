//! `playhouse health`: one question to a running server, answered by an exit code.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::time::timeout;

use super::small_runtime;
use crate::args::HealthArgs;
use crate::config::{Flags, Purpose, is_any, load, split_address};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::http_client::{ServerUrl, send};

pub(super) fn run(args: &HealthArgs, console: &Console) -> Result<u8, Failure> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => configured_url(args, console)?,
    };
    let url = ServerUrl::parse(&url).map_err(Failure::Usage)?;
    let route = url.route(if args.ready { "/health/ready" } else { "/health" });
    let started = Instant::now();
    let status = small_runtime()?.block_on(ask(&route, Duration::from_millis(args.timeout_ms)))?;
    if status != 200 {
        return Err(Failure::work(format!("{route} answered {status}")));
    }
    console.write(&format!("{route} answered 200 in {} ms\n", started.elapsed().as_millis()))?;
    Ok(exit::OK)
}

/// The address that a server with this configuration listens on, as this machine reaches it.
fn configured_url(args: &HealthArgs, console: &Console) -> Result<String, Failure> {
    let flags = Flags { config: args.config.clone(), ..Flags::default() };
    let loaded = load(&flags, &console.environment, Purpose::Find)?;
    let (host, port) = split_address(&loaded.config.server.listen);
    let host = match host {
        host if is_any(host) && host.contains(':') => "[::1]",
        host if is_any(host) => "127.0.0.1",
        host => host,
    };
    Ok(format!("http://{host}:{}", port.unwrap_or_default()))
}

async fn ask(route: &str, wait: Duration) -> Result<u16, Failure> {
    let request = Request::get(route).body(Full::<Bytes>::default());
    let request = request.map_err(|error| Failure::Usage(format!("{route} cannot be asked: {error}")))?;
    match timeout(wait, send(request, wait)).await {
        Ok(Ok(response)) => Ok(response.status().as_u16()),
        Ok(Err(reason)) => Err(Failure::work(format!("cannot reach {route}: {reason}"))),
        Err(_) => Err(Failure::work(format!("{route} did not answer within {} ms", wait.as_millis()))),
    }
}
