//! Choosing between deployments that serve the same.

use std::sync::Arc;

use playhouse_llm::{Error, EventStream, Request};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::deployment::Deployment;
use super::dice::Dice;
use super::latency::{Load, Timing};

/// By what a deployment of a group is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BalancePolicy {
    /// By chance, as often as its weight says.
    #[default]
    Weighted,
    /// The better of two drawn by chance: the one with the shorter time to the first token, its
    /// calls under way and its weight counted in.
    Latency,
}

/// Deployments that serve the same, between which each request is balanced.
///
/// It is one link of a [`Fallback`](super::Fallback), which asks another of the group when one
/// cannot answer, and passes over those that have no room.
pub struct Balance {
    members: Vec<Member>,
    policy: BalancePolicy,
    dice: Dice,
}

struct Member {
    deployment: Deployment,
    weight: u32,
    load: Arc<Load>,
}

impl Balance {
    /// A group of deployments with their weights. One of weight 0 is only asked when no other can be.
    pub fn new(members: Vec<(Deployment, u32)>, policy: BalancePolicy, dice: Dice) -> Self {
        let member = |(deployment, weight)| Member { deployment, weight, load: Arc::default() };
        Self { members: members.into_iter().map(member).collect(), policy, dice }
    }

    /// One deployment alone.
    pub(super) fn alone(deployment: Deployment) -> Self {
        Self::new(vec![(deployment, 1)], BalancePolicy::Weighted, Dice::new(0))
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// Whom to ask next among those that have room and have not been asked.
    pub(super) fn choose(&self, asked: &[bool], is_stream: bool) -> Option<usize> {
        if let ([member], [false]) = (self.members.as_slice(), asked) {
            return member.deployment.is_free().then_some(0);
        }
        let is_open = |(index, member): &(usize, &Member)| !asked[*index] && member.deployment.is_free();
        let open: Vec<usize> =
            self.members.iter().enumerate().filter(is_open).map(|(index, _)| index).collect();
        match self.policy {
            BalancePolicy::Weighted => self.draw(&open),
            BalancePolicy::Latency => self.better_of_two(&open, is_stream),
        }
    }

    fn draw(&self, open: &[usize]) -> Option<usize> {
        let weight = |index: &usize| u64::from(self.members[*index].weight);
        let all: u64 = open.iter().map(weight).sum();
        let mut thrown = self.dice.below(all);
        let drawn = open.iter().find(|index| match thrown.checked_sub(weight(index)) {
            Some(rest) => {
                thrown = rest;
                false
            }
            None => true,
        });
        // Where all weigh nothing, nobody is drawn.
        drawn.or(open.first()).copied()
    }

    fn better_of_two(&self, open: &[usize], is_stream: bool) -> Option<usize> {
        let weighty: Vec<usize> =
            open.iter().copied().filter(|index| self.members[*index].weight > 0).collect();
        let open = if weighty.is_empty() { open } else { &weighty };
        let [first, .., _] = open else { return open.first().copied() };
        let count = open.len() as u64;
        let one = self.dice.below(count);
        // Another one: as far from the first as chance says, around the end.
        let other = (one + 1 + self.dice.below(count - 1)) % count;
        let pick = |at: u64| usize::try_from(at).ok().and_then(|at| open.get(at)).copied().unwrap_or(*first);
        let (one, other) = (pick(one), pick(other));
        let now = Instant::now();
        let cost = |index: usize| {
            let member = &self.members[index];
            member.load.cost(is_stream, now) / f64::from(member.weight.max(1))
        };
        Some(if cost(other) < cost(one) { other } else { one })
    }

    pub(super) async fn ask(&self, index: usize, request: &Request) -> Result<EventStream, Error> {
        let member = &self.members[index];
        if self.policy == BalancePolicy::Weighted {
            return member.deployment.ask(request).await;
        }
        let timing = Timing::start(&member.load, request.stream);
        match member.deployment.ask(request).await {
            Ok(events) => Ok(timing.follow(events)),
            Err(error) => {
                timing.failed();
                Err(error)
            }
        }
    }
}
