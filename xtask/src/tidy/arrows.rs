//! Which crate of the workspace may depend on which: the compiler forbids what has no arrow.

use super::{Graph, Violation};

/// The arrows that leave one crate.
#[derive(Debug)]
pub(crate) struct Arrow {
    /// The package.
    pub(crate) package: &'static str,
    /// Workspace packages it may link.
    pub(crate) links: &'static [&'static str],
    /// Workspace packages that only its tests may use besides.
    pub(crate) tests: &'static [&'static str],
    /// What the boundary forbids.
    pub(crate) reason: &'static str,
}

/// Every crate, also those that are designed and not yet there: their boundary holds from their first day.
pub(crate) const ARROWS: &[Arrow] = &[
    Arrow {
        package: "tieline-core",
        links: &[],
        tests: &[],
        reason: "core decides from its arguments alone: no I/O, clock, randomness or async",
    },
    Arrow {
        package: "tieline-vault",
        links: &["tieline-core"],
        tests: &[],
        reason: "the vault seals against bytes it is given: it knows neither tables nor HTTP",
    },
    Arrow {
        package: "tieline-store",
        links: &["tieline-core"],
        tests: &[],
        reason: "the store sees only sealed bytes and decides nothing",
    },
    Arrow {
        package: "tieline-control",
        links: &["tieline-core", "tieline-vault", "tieline-store"],
        tests: &[],
        reason: "a decision must not know HTTP, HTML or Kubernetes",
    },
    Arrow {
        package: "tieline-web",
        links: &["tieline-core", "tieline-control"],
        tests: &[],
        reason: "a handler reaches data only through a use case, which authorizes and audits",
    },
    Arrow {
        package: "tieline-gateway",
        links: &["tieline-core"],
        tests: &[],
        reason: "the gateway serves while control plane and database are down, and holds no secret",
    },
    Arrow {
        package: "tieline-resources",
        links: &["tieline-core"],
        tests: &[],
        reason: "clients of databases, caches and brokers are linked by the binary alone",
    },
    Arrow {
        package: "tieline-kubernetes",
        links: &["tieline-core"],
        tests: &[],
        reason: "a cluster needs no access to the database: it is a client of the API",
    },
    Arrow {
        package: "tieline",
        links: &[
            "tieline-core",
            "tieline-vault",
            "tieline-store",
            "tieline-control",
            "tieline-web",
            "tieline-gateway",
            "tieline-resources",
            "tieline-kubernetes",
        ],
        tests: &[],
        reason: "the binary wires everything and contains no rule",
    },
    Arrow {
        package: "xtask",
        links: &["tieline-core"],
        tests: &[],
        reason: "the checks ask core for its error pages, and nothing else of Tieline",
    },
    Arrow { package: "tieline-bench", links: &[], tests: &[], reason: "figures are those of the binary, from outside" },
];

/// Every dependency between workspace crates has its arrow, and every crate its row.
pub(crate) fn check(graph: &Graph, arrows: &[Arrow]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in graph.members.keys() {
        let manifest = graph.manifest(package);
        let Some(arrow) = arrows.iter().find(|arrow| arrow.package == package) else {
            violations.push(Violation::of_file(
                &manifest,
                format!("{package} has no row in the table of arrows"),
                "add the row to xtask/src/tidy/arrows.rs with a sentence that says what the boundary forbids",
            ));
            continue;
        };
        let forbidden =
            |to: &str, allowed: &[&[&str]]| graph.members.contains_key(to) && !allowed.concat().contains(&to);
        let links = graph.links.get(package).into_iter().flatten();
        let tests = graph.tests.get(package).into_iter().flatten();
        let wrong_links = links.filter(|to| forbidden(to, &[arrow.links])).map(|to| (to, "depends on"));
        let wrong_tests =
            tests.filter(|to| forbidden(to, &[arrow.links, arrow.tests])).map(|to| (to, "is tested with"));
        violations.extend(wrong_links.chain(wrong_tests).map(|(to, verb)| {
            Violation::of_file(
                &manifest,
                format!("{package} {verb} {to}: {}", arrow.reason),
                "remove the dependency; move the code to the crate that owns it, or put a trait in core",
            )
        }));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_arrows_pass() {
        for (from, to, good) in [
            ("tieline-web", "tieline-control", true),
            ("tieline-web", "axum", true),
            ("tieline-web", "tieline-store", false),
            ("tieline-core", "tieline-web", false),
            ("tieline-store", "tieline-core", true),
        ] {
            let graph = Graph::example(&["core", "control", "store", "web"], &[(from, to)]);
            assert_eq!(check(&graph, ARROWS).is_empty(), good, "{from} → {to}");
        }
    }

    #[test]
    fn tests_need_an_arrow_too() {
        let arrows = |tests| Arrow { package: "tieline-web", links: &[], tests, reason: "" };
        let mut graph = Graph::example(&["web"], &[]);
        graph.members.insert("xtask".into(), "xtask".into());
        graph.tests.entry("tieline-web".into()).or_default().insert("xtask".into());
        let row = Arrow { package: "xtask", links: &[], tests: &[], reason: "" };
        assert_eq!(check(&graph, &[arrows(&[]), row]).len(), 1);
        let row = Arrow { package: "xtask", links: &[], tests: &[], reason: "" };
        assert!(check(&graph, &[arrows(&["xtask"]), row]).is_empty());
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        let violations = check(&Graph::example(&["utils"], &[]), ARROWS);
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].file, "crates/utils/Cargo.toml");
    }
}
