//! The task that sends what is to be sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior};

use super::client::{Client, ClientError, Refusal, parse_url};
use super::config::TelemetryConfig;
use super::export::Export;
use super::metrics::MetricsExport;
use super::queue::SpanQueue;
use super::resource::Resource;
use super::tracer::Tracer;
use crate::metrics::Metrics;
use crate::trace::SpanId;

/// How often an export that was not taken is sent again, at most.
const RETRIES: u32 = 3;

/// The wait before the first time; it doubles with each.
const RETRY_BASE: Duration = Duration::from_secs(1);

/// Export as configured: who begins spans, and the task that sends them.
pub struct Otlp {
    tracer: Tracer,
    task: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

/// Spans and metrics as they would be sent, for tests.
#[derive(Clone, Debug)]
pub struct CapturedExports {
    queue: Arc<SpanQueue>,
    resource: Resource,
    metrics: Arc<MetricsExport>,
}

struct Exporter {
    client: Client,
    resource: Resource,
    queue: Arc<SpanQueue>,
    traces: Option<Uri>,
    metrics: Option<(Uri, MetricsExport)>,
    stop: watch::Receiver<bool>,
    /// Whether the last export was not taken, which has been told of.
    is_away: bool,
}

impl Otlp {
    /// Starts exporting, if the configuration says where to. It must be done within a Tokio runtime.
    ///
    /// # Errors
    /// When nothing could ever be sent as configured.
    pub fn start(
        config: &TelemetryConfig,
        metrics: &Arc<Metrics>,
        version: &str,
    ) -> Result<Self, ClientError> {
        let url = |url: Option<String>| url.as_deref().map(parse_url).transpose();
        let (traces, metrics_to) = (url(config.traces_url())?, url(config.metrics_url())?);
        let urls: Vec<&Uri> = traces.iter().chain(&metrics_to).collect();
        if urls.is_empty() {
            return Ok(Self { tracer: Tracer::default(), task: None });
        }
        let timeout = Duration::from_millis(config.timeout_ms);
        let client = Client::new(&urls, &config.headers, timeout, version)?;
        let queue = Arc::new(SpanQueue::default());
        let tracer = match traces {
            Some(_) => Tracer::new(config, queue.clone()),
            None => Tracer::default(),
        };
        let counted = queue.clone();
        metrics.watch_spans(move || counted.counts());
        let (stopper, stop) = watch::channel(false);
        let exporter = Exporter {
            client,
            resource: Resource::new(config, version),
            queue,
            traces,
            metrics: metrics_to.map(|url| (url, MetricsExport::new(metrics.clone()))),
            stop,
            is_away: false,
        };
        let task = tokio::spawn(exporter.run(
            ticks(Duration::from_millis(config.traces_interval_ms)),
            ticks(Duration::from_millis(config.metrics_interval_ms)),
        ));
        Ok(Self { tracer, task: Some((stopper, task)) })
    }

    /// A tracer whose spans are kept, with the metrics as they would be sent: for tests.
    pub fn capture(config: &TelemetryConfig, metrics: &Arc<Metrics>) -> (Tracer, CapturedExports) {
        let queue = Arc::new(SpanQueue::default());
        let exports = CapturedExports {
            queue: queue.clone(),
            resource: Resource::new(config, "test"),
            metrics: Arc::new(MetricsExport::new(metrics.clone())),
        };
        (Tracer::new(config, queue), exports)
    }

    /// Who begins spans.
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Sends what still waits, once, and stops. Says whether that was done in this time.
    pub async fn shut_down(self, limit: Duration) -> bool {
        let Some((stopper, mut task)) = self.task else { return true };
        let _ = stopper.send(true);
        let ended = tokio::time::timeout(limit, &mut task).await.is_ok();
        task.abort();
        ended
    }
}

impl CapturedExports {
    /// The spans that have ended since this was last asked, as an export of traces.
    pub fn take_traces(&self) -> Vec<u8> {
        let batch = self.queue.take();
        let export = self.resource.frame(&batch.pieces).to_vec();
        self.queue.reuse(batch);
        export
    }

    /// The metrics, as an export of them.
    pub fn metrics(&self) -> Vec<u8> {
        self.resource.frame(&[self.metrics.encode()]).to_vec()
    }
}

impl Exporter {
    async fn run(mut self, mut traces: Interval, mut metrics: Interval) {
        let mut stop = self.stop.clone();
        loop {
            tokio::select! {
                _ = traces.tick() => self.send_spans().await,
                () = self.queue.batch_ready.notified() => self.send_spans().await,
                _ = metrics.tick() => self.send_metrics().await,
                () = told(&mut stop) => break,
            }
        }
        self.send_spans().await;
        self.send_metrics().await;
    }

    async fn send_spans(&mut self) {
        let Some(url) = self.traces.clone() else { return };
        let batch = self.queue.take();
        if batch.spans == 0 {
            return;
        }
        match self.send(&url, self.resource.frame(&batch.pieces)).await {
            true => self.queue.count_exported(batch.spans),
            false => self.queue.count_dropped(batch.spans),
        }
        self.queue.reuse(batch);
    }

    async fn send_metrics(&mut self) {
        let Some((url, metrics)) = &self.metrics else { return };
        let export = self.resource.frame(&[metrics.encode()]);
        let url = url.clone();
        self.send(&url, export).await;
    }

    /// Sends an export until it is taken, or it is no use; says whether it was.
    async fn send(&mut self, url: &Uri, export: Export) -> bool {
        let mut retries = 0;
        loop {
            match self.client.post(url, export.clone()).await {
                Ok(()) => {
                    self.tell_taken();
                    return true;
                }
                Err(Refusal::Later(_, after)) if retries < RETRIES && !*self.stop.borrow() => {
                    self.pause(after.unwrap_or_else(|| backoff(retries))).await;
                    retries += 1;
                }
                Err(refusal) => {
                    self.tell_refused(url, &refusal);
                    return false;
                }
            }
        }
    }

    /// Waits, but not when the process ends.
    async fn pause(&mut self, wait: Duration) {
        let _ = tokio::time::timeout(wait, told(&mut self.stop)).await;
    }

    fn tell_taken(&mut self) {
        if std::mem::take(&mut self.is_away) {
            crate::info!(target: "playhouse::otlp", "Telemetry is exported again");
        }
    }

    /// Told once, until an export is taken again.
    fn tell_refused(&mut self, url: &Uri, refusal: &Refusal) {
        if !std::mem::replace(&mut self.is_away, true) {
            let host = url.host().unwrap_or_default();
            crate::warn!(
                target: "playhouse::otlp",
                host,
                error = %refusal,
                "Telemetry could not be exported; requests go on, and spans are dropped"
            );
        }
    }
}

/// Waits until the process ends; so does the end of whoever would say so.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Ticks from one period on; late ones do not bunch up.
fn ticks(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Between half of the wait and half as much again, so that many replicas do not return together.
fn backoff(retries: u32) -> Duration {
    let [first, second, ..] = SpanId::random().to_bytes();
    let random = u16::from_be_bytes([first, second]);
    let factor = 0.5 + f64::from(random) / f64::from(u16::MAX);
    (RETRY_BASE * 2_u32.pow(retries)).mul_f64(factor)
}

impl fmt::Debug for Otlp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Otlp").field("tracer", &self.tracer).finish_non_exhaustive()
    }
}
