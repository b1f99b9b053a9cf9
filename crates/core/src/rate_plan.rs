//! How many calls a subscription may make: plans are data.

/// A plan: calls per minute, of which a burst may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatePlan {
    /// The name, as commands and the gateway's table write it.
    pub name: &'static str,
    /// Calls per minute; none for no limit.
    pub per_minute: Option<u32>,
}

/// The plans, with the figures of Choreo's documentation for its subscription plans; the last is the default.
pub const PLANS: [RatePlan; 4] = [
    RatePlan { name: "bronze", per_minute: Some(1_000) },
    RatePlan { name: "silver", per_minute: Some(2_000) },
    RatePlan { name: "gold", per_minute: Some(5_000) },
    RatePlan { name: "unlimited", per_minute: None },
];

/// The plan of a subscription for which no other was chosen.
pub const DEFAULT: &str = "unlimited";

/// The plan of a name.
#[must_use]
pub fn find(name: &str) -> Option<RatePlan> {
    PLANS.into_iter().find(|plan| plan.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_have_names_of_their_own() {
        for plan in PLANS {
            assert_eq!(find(plan.name), Some(plan));
        }
        assert_eq!(find(DEFAULT).unwrap().per_minute, None);
        assert_eq!(find("platinum"), None);
    }
}
