//! What follows from dependencies, on random graphs and on ones that can be read.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tieline_core::graph::{Taken, around, cycles, impact, lines};
use tieline_core::id::ConnectionId;
use tieline_core::model::Level;
use tieline_core::wire::graph::{GraphEdge, GraphStatus, GraphStep};
use uuid::Uuid;

fn edge(from: &str, environment: &str, to: &str, provider_environment: &str) -> GraphEdge {
    GraphEdge {
        from: from.to_owned(),
        environment: environment.to_owned(),
        connection: format!("to {to}"),
        connection_id: ConnectionId(Uuid::from_u128(u128::from(to.as_bytes()[0]))),
        level: Level::Component,
        access_mode: None,
        authentication_scheme: None,
        service: format!("service of {to}"),
        to: to.to_owned(),
        provider_environment: provider_environment.to_owned(),
        versions: Vec::new(),
        status: GraphStatus::Ready,
        reason: None,
        since: None,
    }
}

/// Up to 30 dependencies among six nodes in two environments.
fn edges() -> impl Strategy<Value = Vec<GraphEdge>> {
    let place = || (0..6_usize, prop::bool::ANY);
    let name = |node: usize| ["a", "b", "c", "d", "e", "f"][node];
    let environment = |live| if live { "production" } else { "development" };
    let one = (place(), place())
        .prop_map(move |((from, here), (to, there))| edge(name(from), environment(here), name(to), environment(there)));
    prop::collection::vec(one, 0..30)
}

/// Who can reach `taken` by some way, found by trying again until nothing changes.
fn reaching(edges: &[GraphEdge], taken: &str) -> BTreeSet<(String, String)> {
    let mut broken: BTreeSet<(String, String)> = BTreeSet::new();
    loop {
        let before = broken.len();
        for edge in edges {
            let there = (edge.to.clone(), edge.provider_environment.clone());
            if edge.from != taken && (edge.to == taken || broken.contains(&there)) {
                broken.insert((edge.from.clone(), edge.environment.clone()));
            }
        }
        if broken.len() == before {
            return broken;
        }
    }
}

fn is_of(step: &GraphStep, edge: &GraphEdge) -> bool {
    (&step.from, &step.environment, &step.to, &step.provider_environment)
        == (&edge.from, &edge.environment, &edge.to, &edge.provider_environment)
}

/// Each step is a dependency, and begins where the one before it ends.
fn hangs_together(way: &[GraphStep], edges: &[GraphEdge]) -> bool {
    way.iter().all(|step| edges.iter().any(|edge| is_of(step, edge)))
        && way
            .windows(2)
            .all(|pair| (&pair[0].to, &pair[0].provider_environment) == (&pair[1].from, &pair[1].environment))
}

proptest! {
    #[test]
    fn those_break_who_reach_what_is_taken_away(edges in edges()) {
        let found = impact(&edges, Taken::Node("a"));
        let places: BTreeSet<_> = found.iter().map(|it| (it.node.clone(), it.environment.clone())).collect();
        prop_assert_eq!(places.len(), found.len(), "each once");
        prop_assert_eq!(&places, &reaching(&edges, "a"));
        for broken in &found {
            prop_assert!(hangs_together(&broken.way, &edges), "{:?}", broken);
            let (first, last) = (broken.way.first().unwrap(), broken.way.last().unwrap());
            prop_assert_eq!((&first.from, &first.environment), (&broken.node, &broken.environment));
            prop_assert_eq!(&last.to, "a");
            prop_assert_eq!(broken.direct, broken.way.len() == 1);
            let uses = edges.iter().any(|it| (&it.from, &it.environment, &*it.to) == (&broken.node, &broken.environment, "a"));
            prop_assert_eq!(broken.direct, uses);
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].way.len() <= pair[1].way.len()), "the nearest first");
    }

    #[test]
    fn the_order_in_which_dependencies_are_given_changes_nothing(edges in edges(), turn in 0..30_usize) {
        let mut turned = edges.clone();
        if !turned.is_empty() {
            let by = turn % turned.len();
            turned.rotate_left(by);
        }
        prop_assert_eq!(impact(&edges, Taken::Node("a")), impact(&turned, Taken::Node("a")));
        prop_assert_eq!(impact(&edges, Taken::Service("service of b")), impact(&turned, Taken::Service("service of b")));
        prop_assert_eq!(cycles(&edges), cycles(&turned));
    }

    #[test]
    fn a_dependency_less_breaks_nobody_more(edges in edges()) {
        if let Some((_, fewer)) = edges.split_last() {
            prop_assert!(reaching(fewer, "a").is_subset(&reaching(&edges, "a")));
            prop_assert!(impact(fewer, Taken::Node("a")).len() <= impact(&edges, Taken::Node("a")).len());
        }
    }

    #[test]
    fn cycles_are_found_exactly_where_there_are_some(edges in edges()) {
        let found = cycles(&edges);
        for cycle in &found {
            prop_assert!(hangs_together(cycle, &edges), "{:?}", cycle);
            let (first, last) = (cycle.first().unwrap(), cycle.last().unwrap());
            prop_assert_eq!((&first.from, &first.environment), (&last.to, &last.provider_environment));
        }
        // What nobody in it is depended on by, or depends on nobody, is in no circle: taken out until nothing changes.
        let mut left: Vec<&GraphEdge> = edges.iter().collect();
        loop {
            let before = left.len();
            let begins: BTreeSet<_> = left.iter().map(|it| (it.from.clone(), it.environment.clone())).collect();
            left.retain(|it| begins.contains(&(it.to.clone(), it.provider_environment.clone())));
            if left.len() == before {
                break;
            }
        }
        prop_assert_eq!(found.is_empty(), left.is_empty());
    }

    #[test]
    fn every_dependency_is_in_one_line(edges in edges()) {
        let lines = lines(&edges);
        prop_assert_eq!(lines.iter().map(|line| line.edges.len()).sum::<usize>(), edges.len());
        for line in &lines {
            let first = line.first().unwrap();
            prop_assert!(line.edges.iter().all(|it| (&it.from, &it.to) == (&first.from, &first.to)));
        }
        let pairs: BTreeSet<_> = edges.iter().map(|it| (&it.from, &it.to)).collect();
        prop_assert_eq!(lines.len(), pairs.len());
    }
}

#[test]
fn an_environment_breaks_by_the_provider_that_it_leads_to() {
    let edges = [
        edge("web", "development", "orders", "staging"),
        edge("web", "production", "orders", "production"),
        edge("orders", "staging", "ledger", "staging"),
        edge("orders", "orders only", "orders", "orders only"),
        edge("other", "production", "web", "development"),
    ];
    let named = |taken| -> Vec<(String, String, bool)> {
        impact(&edges, taken).into_iter().map(|it| (it.node, it.environment, it.direct)).collect()
    };
    let place = |node: &str, environment: &str, direct| (node.to_owned(), environment.to_owned(), direct);
    assert_eq!(
        named(Taken::Node("ledger")),
        [place("orders", "staging", true), place("web", "development", false), place("other", "production", false)]
    );
    assert_eq!(named(Taken::Service("service of web")), [place("other", "production", true)]);
    assert_eq!(named(Taken::Node("nobody")), []);
    assert_eq!(cycles(&edges).len(), 1);
    assert_eq!(around(&edges, "ledger").len(), 3, "{:?}", around(&edges, "ledger"));
    assert_eq!(around(&edges, "web").len(), 4);
    assert_eq!(lines(&edges)[3].environments(), ["development → staging", "production"]);
}
