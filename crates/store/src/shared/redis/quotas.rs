//! Quotas counted by Redis, and in this process while Redis is away.

use std::sync::Arc;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, ScriptInvocation};

use super::counts::count;
use super::keys::Keys;
use super::link::{Clock, Link, too_late};
use super::owed::{Debt, Owed};
use super::scripts::Scripts;
use crate::shared::counter::{Counter, amount, capacity, decide, states};
use crate::shared::quotas::TakenFrom;
use crate::shared::{
    Claim, Decision, Exceeded, LimitState, LocalQuotas, MAX_AMOUNT, Quotas, Reservation, SharedError,
    SharedLimits, Window,
};

/// For how long a period's counter is kept after the period: clocks differ.
const KEPT_AFTER_US: i64 = 3_600_000_000;

/// [`Quotas`] of all replicas.
pub(super) struct RedisQuotas {
    link: Arc<Link>,
    keys: Keys,
    scripts: Arc<Scripts>,
    local: LocalQuotas,
    owed: Owed,
}

/// What a script says: whether it took (1, 0, or -1 for too late), and what is taken of each limit.
type Said = (i64, Vec<String>);

impl RedisQuotas {
    pub(super) fn new(link: Arc<Link>, keys: Keys, scripts: Arc<Scripts>, limits: &SharedLimits) -> Self {
        Self { link, keys, scripts, local: LocalQuotas::new(limits), owed: Owed::new(limits.counters) }
    }

    /// Asks the script that takes, or only looks.
    async fn ask(&self, scope: &str, claims: &[Claim], takes: bool) -> Result<Said, SharedError> {
        let mut script = self.scripts.reserve.prepare_invoke();
        self.link
            .run(|mut connection, deadline_us| {
                script.arg(deadline_us).arg(u8::from(takes));
                for claim in claims {
                    self.add(&mut script, scope, claim, amount(claim).cast_signed());
                }
                async move {
                    let said: Said = script.invoke_async(&mut connection).await?;
                    if said.0 < 0 { Err(too_late()) } else { Ok(said) }
                }
            })
            .await
    }

    /// Adds a claim to what a script is asked.
    fn add(&self, script: &mut ScriptInvocation<'_>, scope: &str, claim: &Claim, amount: i64) {
        let (kind, window_us) = match claim.window {
            Window::Rolling(window) => ('r', window.as_micros().clamp(1_000, 1 << 52)),
            Window::Period(_) => ('p', 0),
        };
        script.key(self.keys.counter(scope, claim));
        script.arg(kind.to_string()).arg(capacity(claim)).arg(amount).arg(window_us.to_string());
    }

    /// What is taken in Redis, as counters.
    fn counters(taken: &[String], claims: &[Claim]) -> Vec<Option<Counter>> {
        let counter = |(taken, claim): (&String, &Claim)| Some(Counter::of(taken.parse().ok()?, claim));
        taken.iter().zip(claims).map(counter).collect()
    }

    async fn reserve_there(
        &self,
        scope: &str,
        claims: &[Claim],
        now_us: i64,
    ) -> Result<Decision, SharedError> {
        let (took, taken) = self.ask(scope, claims, true).await?;
        let standing = Self::counters(&taken, claims);
        if took == 1 {
            let standing: Vec<Counter> = standing.into_iter().flatten().collect();
            let states = states(&standing, claims, now_us);
            let (scope, claims) = (scope.into(), claims.to_vec());
            return Ok(Decision::Granted(Reservation {
                scope,
                claims,
                states,
                taken_from: TakenFrom::Redis,
            }));
        }
        let refused = |standing: Vec<Counter>| {
            let states = states(&standing, claims, now_us);
            Decision::Exceeded(Exceeded { claim: 0, retry_after: None, states })
        };
        Ok(decide(standing, claims, now_us).map_or_else(|refusal| refusal, refused))
    }

    async fn reserve_here(&self, scope: &str, claims: &[Claim], now_us: i64) -> Decision {
        count(&self.link.counts.quota_fallbacks);
        let decision = self.local.reserve(scope, claims, now_us).await;
        if let Decision::Granted(reservation) = &decision {
            for claim in claims {
                self.owed.add(&reservation.scope, claim, amount(claim).cast_signed());
            }
        }
        decision
    }

    /// Counts more (or less) where it is counted now; what Redis cannot be told now is owed to it.
    async fn take(&self, debts: Vec<Debt>, taken_from: TakenFrom) {
        if self.settle_there(&debts).await.is_ok() {
            return;
        }
        for debt in debts {
            // A reservation of Redis's is not counted here, but what was used is used here too.
            let here = match taken_from {
                TakenFrom::Local => debt.more,
                TakenFrom::Redis => debt.more + amount(&debt.claim).cast_signed(),
            };
            self.local.take_here(&debt.scope, &debt.claim, here);
            self.owed.add(&debt.scope, &debt.claim, debt.more);
        }
    }

    /// Tells Redis of debts of one scope.
    async fn settle_there(&self, debts: &[Debt]) -> Result<(), SharedError> {
        self.link.run(|connection, deadline_us| self.settle_over(connection, deadline_us, debts)).await
    }

    async fn settle_over(
        &self,
        mut connection: MultiplexedConnection,
        deadline_us: i64,
        debts: &[Debt],
    ) -> RedisResult<()> {
        let mut script = self.scripts.settle.prepare_invoke();
        script.arg(deadline_us);
        for debt in debts {
            self.add(&mut script, &debt.scope, &debt.claim, debt.more);
        }
        let said: i64 = script.invoke_async(&mut connection).await?;
        if said < 0 { Err(too_late()) } else { Ok(()) }
    }

    /// Redis is back: tells it what was taken meanwhile, and forgets what was counted here.
    pub(super) async fn come_back(
        &self,
        connection: MultiplexedConnection,
        clock: Clock,
    ) -> Result<(), String> {
        while let Some(debt) = self.owed.take() {
            let deadline_us = clock.in_us(self.link.command_timeout);
            let debts = [debt];
            let paying = self.settle_over(connection.clone(), deadline_us, &debts);
            let paid = tokio::time::timeout(self.link.command_timeout, paying).await;
            let [debt] = &debts;
            let failure = match paid {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("it did not answer within {} ms", self.link.command_timeout.as_millis()),
            };
            self.owed.add(&debt.scope, &debt.claim, debt.more);
            return Err(failure);
        }
        self.local.forget();
        Ok(())
    }

    /// Tells Redis what came to be owed while it was coming back.
    pub(super) async fn pay(&self) {
        while let Some(debt) = self.owed.take() {
            if self.settle_there(std::slice::from_ref(&debt)).await.is_err() {
                return self.owed.add(&debt.scope, &debt.claim, debt.more);
            }
        }
    }
}

#[async_trait]
impl Quotas for RedisQuotas {
    async fn reserve(&self, scope: &str, claims: &[Claim], now_us: i64) -> Decision {
        if claims.is_empty() {
            return self.local.reserve(scope, claims, now_us).await;
        }
        match self.reserve_there(scope, claims, now_us).await {
            Ok(decision) => decision,
            Err(SharedError::Away { .. }) => self.reserve_here(scope, claims, now_us).await,
        }
    }

    async fn settle(&self, reservation: Reservation, used: &[u64]) {
        let debt = |(claim, used): (&Claim, &u64)| Debt {
            scope: reservation.scope.clone(),
            claim: claim.clone(),
            more: (*used).min(MAX_AMOUNT).cast_signed() - amount(claim).cast_signed(),
        };
        let debts: Vec<Debt> = reservation.claims.iter().zip(used).map(debt).collect();
        let debts: Vec<Debt> = debts.into_iter().filter(|debt| debt.more != 0).collect();
        if !debts.is_empty() {
            self.take(debts, reservation.taken_from).await;
        }
    }

    async fn seed(&self, scope: &str, claim: &Claim, spent: u64) {
        let Window::Period(period) = claim.window else { return };
        let key = self.keys.counter(scope, claim);
        let seeded = self
            .link
            .run(|mut connection, deadline_us| async move {
                let now_us = deadline_us;
                let kept_ms = (period.end_us.saturating_sub(now_us).max(0) + KEPT_AFTER_US) / 1_000;
                let mut set = redis::cmd("SET");
                set.arg(key).arg(spent.min(MAX_AMOUNT)).arg("NX").arg("PX").arg(kept_ms);
                set.query_async::<Option<String>>(&mut connection).await
            })
            .await;
        if seeded.is_err() {
            self.local.seed(scope, claim, spent).await;
        }
    }

    async fn peek(&self, scope: &str, claims: &[Claim], now_us: i64) -> Vec<Option<LimitState>> {
        match self.ask(scope, claims, false).await {
            Ok((_, taken)) => {
                let counters = Self::counters(&taken, claims).into_iter().zip(claims);
                counters.map(|(counter, claim)| Some(counter?.state(claim, now_us))).collect()
            }
            Err(SharedError::Away { .. }) => self.local.peek(scope, claims, now_us).await,
        }
    }
}
