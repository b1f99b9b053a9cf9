//! What the owners of a service decide about its subscribers. A decision holds for all that one OAuth application calls
//! (or one connection that has none), of one service, in one environment of its provider; it outlives deployments.

use serde_json::json;
use tieline_core::wire::subscription::{SubscriptionDecide, SubscriptionUpdate, SubscriptionView};
use tieline_core::{code, rate_plan};
use tieline_store::service::Service;
use tieline_store::subscription::{Decision, Subscriber};

use super::{Found, subscriber_of};
use crate::service::text::{MAX_LINE, within};
use crate::table::{APPROVAL, BLOCK, PLAN};
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

/// What is decided: the kind of decision and the choice, none to take the decision back.
type Choice = (&'static str, Option<String>);

impl Control {
    /// Lets a subscriber call, also one that was refused.
    ///
    /// # Errors
    /// `subscription_not_found`, `forbidden`.
    pub async fn subscription_approve(
        &self,
        actor: &Actor,
        organization: &str,
        subscription: &str,
        request: SubscriptionDecide,
    ) -> Result<SubscriptionView> {
        let choice = (APPROVAL, Some("approved".to_owned()));
        self.decide(actor, organization, subscription, choice, request.reason, "subscription_approve").await
    }

    /// Refuses a subscriber, with a reason for it to read.
    ///
    /// # Errors
    /// `subscription_not_found`, `forbidden`, `reason_missing`.
    pub async fn subscription_refuse(
        &self,
        actor: &Actor,
        organization: &str,
        subscription: &str,
        request: SubscriptionDecide,
    ) -> Result<SubscriptionView> {
        let choice = (APPROVAL, Some("refused".to_owned()));
        self.decide(actor, organization, subscription, choice, request.reason, "subscription_refuse").await
    }

    /// Stops a subscriber from calling, whatever else was decided.
    ///
    /// # Errors
    /// `subscription_not_found`, `forbidden`.
    pub async fn subscription_block(
        &self,
        actor: &Actor,
        organization: &str,
        subscription: &str,
        request: SubscriptionDecide,
    ) -> Result<SubscriptionView> {
        let choice = (BLOCK, Some("blocked".to_owned()));
        self.decide(actor, organization, subscription, choice, request.reason, "subscription_block").await
    }

    /// Takes a block back.
    ///
    /// # Errors
    /// `subscription_not_found`, `forbidden`.
    pub async fn subscription_unblock(
        &self,
        actor: &Actor,
        organization: &str,
        subscription: &str,
    ) -> Result<SubscriptionView> {
        self.decide(actor, organization, subscription, (BLOCK, None), String::new(), "subscription_unblock").await
    }

    /// Gives a subscriber another rate plan.
    ///
    /// # Errors
    /// `subscription_not_found`, `forbidden`, `rate_plan_unknown`.
    pub async fn subscription_update(
        &self,
        actor: &Actor,
        organization: &str,
        subscription: &str,
        request: SubscriptionUpdate,
    ) -> Result<SubscriptionView> {
        let plan = request.plan.unwrap_or_else(|| rate_plan::DEFAULT.to_owned());
        self.decide(actor, organization, subscription, (PLAN, Some(plan)), String::new(), "subscription_update").await
    }

    async fn decide(
        &self,
        actor: &Actor,
        organization: &str,
        subscription: &str,
        (kind, choice): Choice,
        reason: String,
        action: &str,
    ) -> Result<SubscriptionView> {
        let mut work = self.write(actor, organization).await?;
        let mut found = work.subscription(subscription).await?;
        work.require_provider(&found)?;
        check(kind, choice.as_deref(), &reason)?;
        let there = found.subscription.provider_environment_id;
        match &choice {
            Some(choice) => {
                let decision = Decision {
                    subscriber: found.subscriber,
                    service_id: found.service.id,
                    environment_id: there,
                    kind: kind.to_owned(),
                    choice: choice.clone(),
                    reason,
                    actor: actor.label().to_owned(),
                    at: work.at,
                };
                work.transaction.decision_save(&decision).await?;
            }
            None => work.transaction.decision_delete(&found.subscriber, found.service.id, there, kind).await?,
        }
        work.touch_subscriber(&found).await?;
        found.decisions = work.transaction.decisions(&found.subscriber, found.service.id).await?;
        let environments = work.transaction.environments(work.organization.id).await?;
        let answer = work.subscription_view(&found, &environments).await?;
        let detail = json!({
            "service": answer.service, "environment": answer.provider_environment, "choice": choice,
            "reason": answer.standing.reason, "state": answer.standing.state, "plan": answer.standing.plan,
        });
        work.finish(action, &answer.id, detail).await?;
        Ok(answer)
    }
}

impl Work<'_> {
    /// Refuses unless the actor administers the project that offers the service.
    fn require_provider(&self, found: &Found) -> Result<()> {
        if self.may_decide(found) {
            return Ok(());
        }
        // Who sees the subscription as its consumer knows that the service is there.
        Err(Error::forbidden(
            code!("forbidden"),
            format!("{} may not decide about this: it needs the role project-admin", self.actor.label()),
            format!("ask an administrator of the project that offers {}", found.service.reference),
        ))
    }

    /// All that a decision is about.
    async fn touch_subscriber(&mut self, found: &Found) -> Result<()> {
        let Subscriber::Application(application) = found.subscriber else {
            self.touch_connection(&found.connection);
            return Ok(());
        };
        for connection in self.transaction.connections_of_application(application).await? {
            if connection.service_id == found.service.id {
                self.touch_connection(&connection);
            }
        }
        Ok(())
    }

    /// Approves those who subscribed before approval was asked for: nothing is taken away from them.
    pub(crate) async fn approve_present(&mut self, service: &Service) -> Result<()> {
        let mut after = (String::new(), String::new());
        loop {
            let found = self.transaction.subscriptions_of_service(service.id, (&after.0, &after.1), 500).await?;
            let Some(last) = found.last() else { return Ok(()) };
            after = (last.connection_id.to_string(), last.environment_id.to_string());
            for subscription in found {
                let connection = self.transaction.connection_held_by_id(subscription.connection_id).await?;
                let Some(subscriber) = connection.as_ref().and_then(subscriber_of) else { continue };
                let there = subscription.provider_environment_id;
                let decided = self.transaction.decisions(&subscriber, service.id).await?;
                if decided.iter().any(|decision| decision.environment_id == there && decision.kind == APPROVAL) {
                    continue;
                }
                let decision = Decision {
                    subscriber,
                    service_id: service.id,
                    environment_id: there,
                    kind: APPROVAL.to_owned(),
                    choice: "approved".to_owned(),
                    reason: "subscribed before approval was asked for".to_owned(),
                    actor: self.actor.label().to_owned(),
                    at: self.at,
                };
                self.transaction.decision_save(&decision).await?;
            }
        }
    }
}

fn check(kind: &str, choice: Option<&str>, reason: &str) -> Result<()> {
    within("reason", reason, MAX_LINE)?;
    if choice == Some("refused") && reason.trim().is_empty() {
        return Err(Error::invalid(
            code!("reason_missing"),
            "a refusal says why, because the consumer reads it",
            "give --reason TEXT",
        ));
    }
    let plan = choice.filter(|_| kind == PLAN);
    if plan.is_some_and(|plan| rate_plan::find(plan).is_none()) {
        let names: Vec<_> = rate_plan::PLANS.iter().map(|plan| plan.name).collect();
        return Err(Error::invalid(
            code!("rate_plan_unknown"),
            format!("there is no rate plan {:?}", plan.unwrap_or_default()),
            format!("choose one of {}", names.join(", ")),
        ));
    }
    Ok(())
}
