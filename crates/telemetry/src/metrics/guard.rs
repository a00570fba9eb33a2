//! A gauge held up for as long as something lasts.

use prometheus::IntGauge;

/// Holds a gauge one higher until it is dropped.
#[derive(Debug)]
#[must_use = "dropping the guard ends the count"]
pub struct GaugeGuard(IntGauge);

impl GaugeGuard {
    pub(super) fn hold(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}
