//! External crates that one crate of the workspace must not use, each with its reason. What no crate at all may use
//! stands in `deny.toml`.

use super::{Graph, Violation};

/// How far a ban reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Not even through another dependency.
    Anywhere,
    /// Not in its own manifest; below something else that owns it is fine.
    Own,
}

/// Crates banned from one package.
#[derive(Debug)]
pub(crate) struct Ban {
    /// The package.
    pub(crate) package: &'static str,
    /// What it must not use.
    pub(crate) crates: &'static [&'static str],
    /// How far the ban reaches.
    pub(crate) reach: Reach,
    /// Why.
    pub(crate) reason: &'static str,
}

const fn anywhere(package: &'static str, crates: &'static [&'static str], reason: &'static str) -> Ban {
    Ban { package, crates, reach: Reach::Anywhere, reason }
}

const fn own(package: &'static str, crates: &'static [&'static str], reason: &'static str) -> Ban {
    Ban { package, crates, reach: Reach::Own, reason }
}

/// Every ban, also of crates that are designed and not yet there.
///
/// sqlx brings tokio and, for TLS, aws-lc-rs: below it those are its own affair, so such bans reach manifests only.
pub(crate) const BANS: &[Ban] = &[
    anywhere("tieline-core", &["tokio", "hyper", "axum", "ureq"], "core does no I/O and runs no async"),
    anywhere("tieline-core", &["sqlx"], "core knows no database"),
    anywhere("tieline-core", &["aws-lc-rs"], "core holds no key and draws no randomness"),
    anywhere("tieline-vault", &["sqlx"], "the vault knows no tables"),
    anywhere("tieline-vault", &["axum", "hyper", "ureq", "tokio"], "the vault knows no network"),
    anywhere("tieline-store", &["axum", "hyper", "ureq"], "the store speaks SQL only"),
    own("tieline-store", &["aws-lc-rs", "argon2"], "the store sees only sealed bytes"),
    anywhere("tieline-control", &["axum", "hyper", "ureq", "utoipa-axum"], "a use case knows no HTTP"),
    anywhere("tieline-control", &["kube"], "a use case knows no Kubernetes"),
    own("tieline-control", &["sqlx"], "all SQL belongs to the store"),
    own("tieline-control", &["aws-lc-rs", "argon2"], "all cryptography belongs to the vault"),
    own("tieline-web", &["sqlx"], "all SQL belongs to the store"),
    own("tieline-web", &["aws-lc-rs", "argon2"], "all cryptography belongs to the vault"),
    anywhere("tieline-gateway", &["sqlx"], "the data plane must not need a database"),
    anywhere("tieline-kubernetes", &["sqlx"], "a cluster needs no database access"),
    own("tieline", &["sqlx"], "all SQL belongs to the store"),
];

/// No package uses what is banned from it.
pub(crate) fn check(graph: &Graph, bans: &[Ban]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for ban in bans {
        for banned in ban.crates {
            let Some(way) = graph.way(ban.package, banned) else { continue };
            if ban.reach == Reach::Own && way.len() > 2 {
                continue;
            }
            violations.push(Violation::of_file(
                &graph.manifest(ban.package),
                format!("{} must not use {banned}: {} (it comes by {})", ban.package, ban.reason, way.join(" → ")),
                "remove the dependency or turn off the feature that brings it; the crate that owns the matter may have it",
            ));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bans_reach_as_far_as_they_say() {
        for (links, good) in [
            (&[("tieline-gateway", "hyper")][..], true),
            (&[("tieline-gateway", "sqlx")], false),
            (&[("tieline-gateway", "cache"), ("cache", "sqlx")], false),
            (&[("tieline-store", "sqlx"), ("sqlx", "aws-lc-rs")], true),
            (&[("tieline-store", "aws-lc-rs"), ("sqlx", "aws-lc-rs")], false),
        ] {
            assert_eq!(check(&Graph::example(&["gateway", "store"], links), BANS).is_empty(), good, "{links:?}");
        }
    }

    #[test]
    fn the_cause_gives_reason_and_way() {
        let graph = Graph::example(&["gateway"], &[("tieline-gateway", "cache"), ("cache", "sqlx")]);
        let cause = &check(&graph, BANS)[0].cause;
        assert!(cause.contains("the data plane must not need a database"), "{cause}");
        assert!(cause.contains("tieline-gateway → cache → sqlx"), "{cause}");
    }
}
