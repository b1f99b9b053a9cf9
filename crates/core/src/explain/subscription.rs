//! Pages of subscriptions, and of gateways that run alone.

/// Codes and pages, sorted by code.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "approval_pending",
        "A warning: the owners of the service approve each subscription, and have not approved this one yet. Variables are \
         delivered as usual; the gateway answers calls with 403 until somebody approves with `tieline subscription \
         approve`. Ask an administrator of the provider's project.",
    ),
    (
        "rate_plan_unknown",
        "A rate plan says how many calls a subscription may make per minute. The hint lists the plans that there are.",
    ),
    ("reason_missing", "Who refuses a subscription says why, because its consumer reads it: give --reason TEXT."),
    (
        "subscription_blocked",
        "A warning: the owners of the service blocked the subscription; the message says why, if they did. The gateway \
         answers calls with 403 until they take it back with `tieline subscription unblock`.",
    ),
    (
        "subscription_not_found",
        "No subscription has this id, or you may see neither its consumer nor its provider. A subscription is there while a \
         live deployment uses the connection, or as long as an external consumer's connection; its id is the connection's \
         id, a dot, and the environment of the consumer. `tieline subscription list` shows them.",
    ),
    (
        "subscription_refused",
        "A warning: the owners of the service refused the subscription; the message says why. The gateway answers calls \
         with 403 until they approve it with `tieline subscription approve`.",
    ),
];
