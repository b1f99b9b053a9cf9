//! What a subscription comes to: whether it opens its route, by which plan, and why, from what the service's owners
//! decided.

use tieline_core::id::EnvironmentId;
use tieline_core::rate_plan;
use tieline_core::route_table::SubscriptionState;
use tieline_store::subscription::Decision;

/// The kinds of decisions.
pub(crate) const APPROVAL: &str = "approval";
/// See [`APPROVAL`].
pub(crate) const BLOCK: &str = "block";
/// See [`APPROVAL`].
pub(crate) const PLAN: &str = "plan";

/// What a subscription comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing<'a> {
    /// Whether it opens its route.
    pub(crate) state: SubscriptionState,
    /// The rate plan.
    pub(crate) plan: &'a str,
    /// The decision that made it so, if one did.
    pub(crate) because: Option<&'a Decision>,
}

impl<'a> Standing<'a> {
    /// The standing of a subscriber in an environment of the provider, by what was decided about it. A refusal holds also
    /// when the service no longer asks for approval, until somebody approves.
    pub(crate) fn of(decisions: &'a [Decision], environment: EnvironmentId, approval: bool) -> Self {
        let find =
            |kind: &str| decisions.iter().find(|found| found.environment_id == environment && found.kind == kind);
        let (block, approved) = (find(BLOCK), find(APPROVAL));
        let state = match (block, approved.map(|decision| decision.choice.as_str())) {
            (Some(_), _) => SubscriptionState::Blocked,
            (None, Some("refused")) => SubscriptionState::Refused,
            (None, Some(_)) => SubscriptionState::Live,
            (None, None) if approval => SubscriptionState::Pending,
            (None, None) => SubscriptionState::Live,
        };
        let plan = find(PLAN).map(|decision| decision.choice.as_str());
        let plan = plan.filter(|name| rate_plan::find(name).is_some()).unwrap_or(rate_plan::DEFAULT);
        Self { state, plan, because: block.or(approved) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tieline_core::id::{ConnectionId, ServiceId};
    use tieline_store::subscription::Subscriber;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn decisions_come_to_a_standing() {
        let (here, elsewhere) = (EnvironmentId(Uuid::from_u128(1)), EnvironmentId(Uuid::from_u128(2)));
        let decision = |environment_id, (kind, choice): (&str, &str)| Decision {
            subscriber: Subscriber::Connection(ConnectionId(Uuid::nil())),
            service_id: ServiceId(Uuid::nil()),
            environment_id,
            kind: kind.to_owned(),
            choice: choice.to_owned(),
            reason: String::new(),
            actor: String::new(),
            at: Timestamp::UNIX_EPOCH,
        };
        let (approved, refused, blocked) = ((APPROVAL, "approved"), (APPROVAL, "refused"), (BLOCK, "blocked"));
        use SubscriptionState::{Blocked, Live, Pending, Refused};
        for (decided, without, with) in [
            (vec![], Live, Pending),
            (vec![approved], Live, Live),
            (vec![refused], Refused, Refused),
            (vec![approved, blocked], Blocked, Blocked),
            (vec![refused, blocked], Blocked, Blocked),
            (vec![(PLAN, "gold")], Live, Pending),
        ] {
            let decisions: Vec<_> = decided.iter().map(|found| decision(here, *found)).collect();
            assert_eq!(Standing::of(&decisions, here, false).state, without, "{decided:?}");
            assert_eq!(Standing::of(&decisions, here, true).state, with, "{decided:?}");
            assert_eq!(Standing::of(&decisions, elsewhere, true).state, Pending, "{decided:?}");
        }
        for (plan, expect) in [("gold", "gold"), ("platinum", rate_plan::DEFAULT)] {
            assert_eq!(Standing::of(&[decision(here, (PLAN, plan))], here, false).plan, expect);
        }
    }
}
