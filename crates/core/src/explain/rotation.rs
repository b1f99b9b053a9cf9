//! Pages of rotating and revoking a connection's keys.

/// Codes and pages, sorted by code.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "deadline_invalid",
        "After its deadline a rotation revokes the former keys, whoever still holds them. It is 24 hours unless said \
         otherwise, at least a second and at most 30 days: write it as 90m, 12h or 7d. To revoke them at once use --now.",
    ),
    (
        "not_rotatable",
        "Only keys that Tieline makes are rotated: client secrets and API keys for its gateway. A connection with project \
         access or the scheme none has none, and a component gets its own with its first deployment. What a third party or \
         a resource gave you is replaced by registering it anew: tieline service register, tieline resource register.",
    ),
    (
        "rotation_breaks",
        "With --now the present keys are revoked at once, and the tokens that they got with them; with a --deadline below ten \
         minutes before every instance had time to start again. The message names who uses them. They get new snapshots at \
         once, but are refused until they run with them. Repeat it with --yes when that is what you want, for a key that \
         leaked; or leave both out, and nobody is broken.",
    ),
    (
        "rotation_touches_others",
        "All project connections of a project, and all connections of one component, share an OAuth client: its secret is \
         rotated for all of them, and the message names who uses the others. Each gets a new snapshot, and nobody is \
         broken. Repeat it with --yes. A connection made with --own-application shares its client with no other.",
    ),
    (
        "rotation_under_way",
        "The former keys of an earlier rotation are still accepted: somebody holds them, or its deadline has not come. Only \
         one rotation is under way at a time, because another one would end this one early or leave three keys. tieline \
         connection view shows who holds the former keys; start those again, or revoke them at once with --now.",
    ),
    (
        "secrets_shared",
        "All who use the connection share its keys, so that they cannot be rotated or revoked for one component alone. A \
         connection made with --secrets per-component gives each component its own. To stop every call by this one, use \
         tieline subscription block, or tieline connection rotate --now.",
    ),
];
