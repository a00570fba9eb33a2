//! Answers kept by Redis, and in this process while Redis is away.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::counts::count;
use super::keys::Keys;
use super::link::Link;
use super::tasks::Tasks;
use crate::shared::{AnswerCache, LocalAnswers, SharedLimits};

/// [`AnswerCache`] of all replicas.
pub(super) struct RedisAnswers {
    link: Arc<Link>,
    keys: Keys,
    local: LocalAnswers,
    most_bytes: usize,
    _tasks: Arc<Tasks>,
}

impl RedisAnswers {
    pub(super) fn new(link: Arc<Link>, keys: Keys, limits: &SharedLimits, tasks: Arc<Tasks>) -> Self {
        Self { link, keys, local: LocalAnswers::new(limits), most_bytes: limits.answer_bytes, _tasks: tasks }
    }
}

#[async_trait]
impl AnswerCache for RedisAnswers {
    async fn get(&self, key: &str) -> Option<Bytes> {
        let mut get = redis::cmd("GET");
        get.arg(self.keys.answer(key));
        let got = self.link.run(|mut connection, _| async move { get.query_async(&mut connection).await });
        if let Ok(answer) = got.await {
            return answer;
        }
        count(&self.link.counts.answer_fallbacks);
        self.local.get(key).await
    }

    async fn put(&self, key: &str, answer: Bytes, kept: Duration) {
        let kept_ms = u64::try_from(kept.as_millis()).unwrap_or(u64::MAX).min(u64::from(u32::MAX));
        if answer.len() > self.most_bytes || kept_ms == 0 {
            return;
        }
        let mut set = redis::cmd("SET");
        set.arg(self.keys.answer(key)).arg(&answer[..]).arg("PX").arg(kept_ms);
        let put =
            self.link.run(|mut connection, _| async move { set.query_async::<()>(&mut connection).await });
        if put.await.is_err() {
            count(&self.link.counts.answer_fallbacks);
            self.local.put(key, answer, kept).await;
        }
    }
}
