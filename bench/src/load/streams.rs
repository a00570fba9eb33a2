//! Many streams at once, each checked whole.

use std::cell::{Cell, RefCell};
use std::error::Error as StdError;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::lateness::{self, Lateness};
use super::target::Target;
use crate::answer;
use crate::error::Error;
use crate::stats::percentile;
use crate::stream_check::{Expected, StreamCheck};

/// How many streams, and what each must carry.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Streams to open, each on a connection of its own.
    #[arg(long)]
    streams: u32,
    /// Seconds over which their starts are spread.
    #[arg(long, default_value_t = 0.0)]
    ramp_s: f64,
    /// Words of the paced upstream's answer that each must carry, a word an event.
    #[arg(long, default_value_t = 100)]
    words: usize,
    /// Text that each must carry in place of those words.
    #[arg(long, requires = "pieces")]
    text: Option<String>,
    /// Events that the text must be cut into.
    #[arg(long, requires = "text")]
    pieces: Option<usize>,
    /// Milliseconds that the server waits before every event with text; lateness is measured.
    #[arg(long)]
    pace_ms: Option<f64>,
    /// Seconds after which a stream counts as broken.
    #[arg(long, default_value_t = 60.0)]
    timeout_s: f64,
}

/// What all streams need.
struct Plan {
    address: SocketAddr,
    request: Request<Full<Bytes>>,
    expected: Expected,
    lateness: RefCell<Option<Lateness>>,
    timeout: Duration,
    open: Cell<usize>,
    most_open: Cell<usize>,
}

/// What one stream was.
struct Outcome {
    verdict: Result<(), String>,
    events: usize,
    ttft_us: Option<u32>,
    duration_us: u32,
}

/// Open the streams, wait for all of them.
pub(crate) async fn run(options: Options) -> Result<Report, Error> {
    let plan = Rc::new(Plan::new(&options)?);
    let start = Instant::now();
    let mut outcomes = Vec::new();
    LocalSet::new()
        .run_until(async {
            let mut streams = JoinSet::new();
            for index in 0..options.streams {
                let due =
                    start + Duration::from_secs_f64(options.ramp_s / f64::from(options.streams)) * index;
                let plan = plan.clone();
                streams.spawn_local(async move {
                    sleep_until(due).await;
                    plan.stream().await
                });
            }
            while let Some(outcome) = streams.join_next().await {
                outcomes.extend(outcome.ok());
            }
        })
        .await;
    let seconds = start.elapsed().as_secs_f64();
    let lateness = plan.lateness.take().map(Lateness::report);
    Ok(Report { outcomes, most_open: plan.most_open.get(), seconds, lateness })
}

impl Options {
    fn expected(&self) -> Expected {
        match (&self.text, self.pieces) {
            (Some(text), Some(pieces)) => Expected { text: text.as_str().into(), pieces },
            _ => Expected { text: answer::text(self.words).into(), pieces: self.words },
        }
    }
}

impl Plan {
    fn new(options: &Options) -> Result<Self, Error> {
        let target = &options.target;
        let request = Request::post(target.path()?)
            .header(HOST, target.address()?.to_string())
            .header(AUTHORIZATION, target.authorization())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(target.body()?))
            .map_err(|error| target.bad_url(error))?;
        Ok(Self {
            address: target.address()?,
            request,
            expected: options.expected(),
            lateness: RefCell::new(
                options.pace_ms.map(|ms| Lateness::new(Duration::from_secs_f64(ms / 1000.0))),
            ),
            timeout: Duration::from_secs_f64(options.timeout_s),
            open: Cell::new(0),
            most_open: Cell::new(0),
        })
    }

    async fn stream(&self) -> Outcome {
        let start = Instant::now();
        let mut check = StreamCheck::new(self.expected.clone());
        let mut ttft_us = None;
        let followed =
            timeout(self.timeout, self.follow(&mut check, || ttft_us = Some(elapsed_us(start)))).await;
        let events = check.events();
        let verdict = match followed {
            Ok(Ok(())) => check.verdict().map_err(|broken| broken.to_string()),
            Ok(Err(error)) => Err(with_causes(&*error)),
            Err(_) => Err(format!("not over after {:?}", self.timeout)),
        };
        Outcome { verdict, events, ttft_us, duration_us: elapsed_us(start) }
    }

    async fn follow(
        &self,
        check: &mut StreamCheck,
        first_word: impl FnOnce(),
    ) -> Result<(), Box<dyn StdError>> {
        let (asked, mut body) = self.ask().await?;
        let _open = Open::count(self);
        let mut first_word = Some(first_word);
        while let Some(frame) = body.frame().await {
            let before = check.pieces();
            if let Some(data) = frame?.data_ref() {
                check.feed(data);
            }
            if let Some(lateness) = &mut *self.lateness.borrow_mut() {
                lateness.count(asked, before + 1..=check.pieces(), Instant::now());
            }
            if check.pieces() > 0
                && let Some(first_word) = first_word.take()
            {
                first_word();
            }
        }
        Ok(())
    }

    /// The answer's body, and when the request was written.
    async fn ask(&self) -> Result<(Instant, Incoming), Box<dyn StdError>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its errors come out of the body as well.
        tokio::task::spawn_local(connection);
        let asked = Instant::now();
        let response = sender.send_request(self.request.clone()).await?;
        match response.status().as_u16() {
            200 => Ok((asked, response.into_body())),
            status => Err(format!("status {status}").into()),
        }
    }
}

/// Counts a stream as open while it lives.
struct Open<'a>(&'a Plan);

impl<'a> Open<'a> {
    fn count(plan: &'a Plan) -> Self {
        plan.open.set(plan.open.get() + 1);
        plan.most_open.set(plan.most_open.get().max(plan.open.get()));
        Self(plan)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
    }
}

/// Figures as `name=value`, one a line.
pub(crate) struct Report {
    outcomes: Vec<Outcome>,
    most_open: usize,
    seconds: f64,
    lateness: Option<lateness::Report>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broken: Vec<_> =
            self.outcomes.iter().filter_map(|outcome| outcome.verdict.as_ref().err()).collect();
        let events: usize = self.outcomes.iter().map(|outcome| outcome.events).sum();
        writeln!(f, "streams={}", self.outcomes.len())?;
        writeln!(f, "broken={}", broken.len())?;
        writeln!(f, "most_open={}", self.most_open)?;
        writeln!(f, "events={events}")?;
        writeln!(f, "events_per_s={:.0}", events as f64 / self.seconds)?;
        let ttfts_us = sorted(self.outcomes.iter().filter_map(|outcome| outcome.ttft_us));
        for percent in [50.0, 99.0, 100.0] {
            writeln!(f, "ttft_p{percent}_us={}", percentile(&ttfts_us, percent))?;
        }
        let durations_us = sorted(self.outcomes.iter().map(|outcome| outcome.duration_us));
        writeln!(f, "duration_p50_us={}", percentile(&durations_us, 50.0))?;
        writeln!(f, "duration_max_us={}", percentile(&durations_us, 100.0))?;
        if let Some(lateness) = &self.lateness {
            write!(f, "{lateness}")?;
        }
        writeln!(f, "first_broken={}", broken.first().map_or("", |reason| reason))
    }
}

fn sorted(values: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable();
    values
}

fn elapsed_us(start: Instant) -> u32 {
    u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX)
}

fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
