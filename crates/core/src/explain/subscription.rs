//! Pages of subscriptions, and of gateways that run alone.

/// Codes and pages, sorted by code.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "gateway_folder_unusable",
        "A gateway that runs alone keeps its table in its data folder: the folder cannot be written, the disk is full, or \
         another gateway uses it. Give each gateway a folder of its own; a table that is lost is fetched again.",
    ),
    (
        "rate_plan_unknown",
        "A rate plan says how many calls a subscription may make per minute. The hint lists the plans that there are.",
    ),
    ("reason_missing", "Who refuses a subscription says why, because its consumer reads it: give --reason TEXT."),
    (
        "subscription_not_found",
        "No subscription has this id, or you may see neither its consumer nor its provider. A subscription is there while a \
         live deployment uses the connection, or as long as an external consumer's connection; its id is the connection's \
         id, a dot, and the environment of the consumer. `tieline subscription list` shows them.",
    ),
];
