//! The names of keys and channels. What one script touches has one hash tag, so that a cluster keeps it together.

use crate::shared::{Claim, Window};

/// Names, all of them under one prefix.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// What is known of a stream, and its events.
    pub(super) fn stream(&self, stream: &str) -> [String; 2] {
        let base = format!("{}live:{{{stream}}}", self.prefix);
        [format!("{base}:state"), format!("{base}:events")]
    }

    /// Where it is said that a stream has news.
    pub(super) fn news(&self, stream: &str) -> String {
        format!("{}news:{stream}", self.prefix)
    }

    /// A claim's counter.
    pub(super) fn counter(&self, scope: &str, claim: &Claim) -> String {
        let base = format!("{}quota:{{{scope}}}:{}", self.prefix, claim.limit);
        match claim.window {
            Window::Rolling(_) => base,
            Window::Period(period) => format!("{base}:{}", period.start_us),
        }
    }

    /// A kept answer.
    pub(super) fn answer(&self, key: &str) -> String {
        format!("{}answer:{key}", self.prefix)
    }

    /// The signals of late; also the channel where they are told.
    pub(super) fn signals(&self) -> String {
        format!("{}signals", self.prefix)
    }
}
