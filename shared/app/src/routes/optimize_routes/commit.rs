//! Committing a plan, group by group.

use domain::{AgentProfile, Order, User};
use futures::{StreamExt, stream};
use tracing::{error, info};

use super::OptimizeRoutes;
use super::changes::{Group, Step};
use crate::ports::{AgentPart, StoreError};
use crate::refusal::Refusal;
use crate::retry::Attempts;

/// This many groups are committed at once.
const COMMITS_AT_ONCE: usize = 8;
/// How many times a step is committed whose agents have changed in nothing that the plan relies on.
const MOST_COMMITS: usize = 4;

/// What has become of a plan.
#[derive(Debug, Default)]
pub(super) struct Committed {
    /// Pending orders that got a route.
    pub(super) assigned: usize,
    /// Orders that changed their agent.
    pub(super) moved: usize,
    /// Steps that lost a race. Their orders are planned again.
    pub(super) conflicts: usize,
    /// Steps that the store did not take.
    pub(super) failed: usize,
}

impl OptimizeRoutes {
    /// Commits each group for itself. A group that cannot be committed does not hold back the others: its orders are
    /// where they were, or pending.
    ///
    /// # Errors
    /// If the store took nothing at all.
    pub(super) async fn commit(&self, groups: Vec<Group>) -> Result<Committed, Refusal> {
        let commits = groups.into_iter().map(|group| self.commit_group(group));
        let outcomes: Vec<Vec<(Step, Result<(), StoreError>)>> = stream::iter(commits)
            .buffer_unordered(COMMITS_AT_ONCE)
            .collect()
            .await;
        let mut sum = Committed::default();
        let mut taken = false;
        let mut failure = None;
        for (step, outcome) in outcomes.into_iter().flatten() {
            match outcome {
                Ok(()) => {
                    taken = true;
                    sum.assigned += step.assigned;
                    sum.moved += step.moved;
                    log(&step.change.orders);
                }
                Err(StoreError::Conflict) => {
                    taken = true;
                    sum.conflicts += 1;
                }
                Err(error) => {
                    error!(
                        error = &error as &dyn std::error::Error,
                        "routes could not be committed"
                    );
                    sum.failed += 1;
                    failure = Some(error);
                }
            }
        }
        match failure {
            Some(error) if !taken => Err(error.into()),
            _ => Ok(sum),
        }
    }

    async fn commit_group(&self, group: Group) -> Vec<(Step, Result<(), StoreError>)> {
        let mut outcomes = Vec::with_capacity(group.len());
        for mut step in group {
            let outcome = self.commit_step(&mut step).await;
            outcomes.push((step, outcome));
        }
        outcomes
    }

    /// After a lost race the agents are read again. If they changed only in what the plan does not rely on, such as
    /// the name, the step is committed with the new records.
    async fn commit_step(&self, step: &mut Step) -> Result<(), StoreError> {
        let mut attempts = Attempts::new(self.jitter.as_ref());
        for _ in 1..MOST_COMMITS {
            match self.ledger.commit(&step.change).await {
                Err(StoreError::Conflict) => {}
                outcome => return outcome,
            }
            if !self.follow_agents(step).await? || attempts.pause().await.is_err() {
                return Err(StoreError::Conflict);
            }
        }
        self.ledger.commit(&step.change).await
    }

    /// Takes over what has changed of the agents. Answers whether the step may be tried again.
    async fn follow_agents(&self, step: &mut Step) -> Result<bool, StoreError> {
        let ids: Vec<_> = step.relies_on.iter().map(|agent| agent.id).collect();
        let read = self.users.users(&ids).await?;
        let mut changed = false;
        for (agent, part) in step.relies_on.iter_mut().zip(&mut step.change.agents) {
            let Some(now) = read.iter().find(|user| user.id == agent.id) else {
                return Ok(false);
            };
            if !relied_on_is_the_same(agent, now) {
                return Ok(false);
            }
            if now.version != agent.version {
                changed = true;
                *part = followed(part, now);
                agent.clone_from(now);
            }
        }
        Ok(changed)
    }
}

/// Names the orders that a step has put on routes, with the requests that they come from.
fn log(orders: &[Order]) {
    for order in orders {
        if let Some(on) = order.assignment {
            info!(
                order_id = %order.id,
                route_id = %on.route_id,
                agent_id = %on.agent_id,
                order_request_id = order.request_id,
                "order planned"
            );
        }
    }
}

/// Whether everything that a plan takes from an agent's record is the same in both.
fn relied_on_is_the_same(one: &User, other: &User) -> bool {
    let relied_on = |user: &User| {
        let profile = user.agent.as_ref()?;
        Some(AgentProfile {
            start_location: None,
            ..profile.clone()
        })
    };
    one.status == other.status && relied_on(one) == relied_on(other)
}

/// The part that a step has of an agent, on top of the newer record.
fn followed(part: &AgentPart, now: &User) -> AgentPart {
    match part {
        AgentPart::Unchanged(_) => AgentPart::Unchanged(now.clone()),
        AgentPart::Changed(planned) => {
            let mut changed = now.changed(planned.updated_at);
            if let (Some(profile), Some(planned)) = (&mut changed.agent, &planned.agent) {
                *profile = AgentProfile {
                    start_location: profile.start_location,
                    ..planned.clone()
                };
            }
            AgentPart::Changed(changed)
        }
    }
}
