//! What one node depends on and what depends on it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Place, consumer, provider};
use crate::wire::graph::GraphEdge;

/// The dependencies on the ways that begin or end at a node, in the order in which they were given.
#[must_use]
pub fn around(edges: &[GraphEdge], node: &str) -> Vec<GraphEdge> {
    let below = reached(edges, node, consumer, provider);
    let above = reached(edges, node, provider, consumer);
    let on_a_way = |edge: &&GraphEdge| below.contains(&consumer(edge)) || above.contains(&provider(edge));
    edges.iter().filter(on_a_way).cloned().collect()
}

/// The places that are reached from a node, in whichever environment it is, its own included.
fn reached<'e>(
    edges: &'e [GraphEdge],
    node: &str,
    begin: fn(&GraphEdge) -> Place<'_>,
    end: fn(&GraphEdge) -> Place<'_>,
) -> BTreeSet<Place<'e>> {
    let mut leads: BTreeMap<Place<'e>, Vec<Place<'e>>> = BTreeMap::new();
    for edge in edges {
        leads.entry(begin(edge)).or_default().push(end(edge));
    }
    let mut seen: BTreeSet<Place<'e>> = leads.keys().copied().filter(|place| place.0 == node).collect();
    let mut waiting: VecDeque<Place<'e>> = seen.iter().copied().collect();
    while let Some(place) = waiting.pop_front() {
        for &next in leads.get(&place).into_iter().flatten() {
            if seen.insert(next) {
                waiting.push_back(next);
            }
        }
    }
    seen
}
