//! The impact of taking one away.

use std::collections::{BTreeMap, VecDeque};

use super::{Place, consumer, provider, sorted, step};
use crate::wire::graph::{GraphBroken, GraphEdge, GraphStep};

/// What is taken away, in every environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken<'a> {
    /// A node, by id, with everything that it offers.
    Node(&'a str),
    /// One service, by reference.
    Service(&'a str),
}

impl Taken<'_> {
    /// Whether a dependency leads to what is taken away.
    #[must_use]
    pub fn is_used_by(&self, edge: &GraphEdge) -> bool {
        match self {
            Self::Node(id) => edge.to == *id,
            Self::Service(reference) => edge.service == *reference,
        }
    }

    /// Whether a node is itself what is taken away.
    fn is(&self, node: &str) -> bool {
        matches!(self, Self::Node(id) if *id == node)
    }
}

/// Who breaks when something is taken away: who uses it, and who uses whom that breaks, the nearest first. The way that is
/// given for each is a shortest one.
#[must_use]
pub fn impact(edges: &[GraphEdge], taken: Taken<'_>) -> Vec<GraphBroken> {
    let edges = sorted(edges);
    let mut consumers: BTreeMap<Place<'_>, Vec<&GraphEdge>> = BTreeMap::new();
    for edge in &edges {
        consumers.entry(provider(edge)).or_default().push(edge);
    }
    // Through which dependency a place breaks.
    let mut through: BTreeMap<Place<'_>, &GraphEdge> = BTreeMap::new();
    let mut reached: VecDeque<Place<'_>> = VecDeque::new();
    let mut nearest_first = Vec::new();
    let direct: Vec<&GraphEdge> = edges.iter().copied().filter(|edge| taken.is_used_by(edge)).collect();
    let mut next = direct;
    loop {
        for edge in next {
            let place = consumer(edge);
            if !taken.is(place.0) && !through.contains_key(&place) {
                through.insert(place, edge);
                nearest_first.push(place);
                reached.push_back(place);
            }
        }
        let Some(place) = reached.pop_front() else { break };
        next = consumers.get(&place).cloned().unwrap_or_default();
    }
    nearest_first.into_iter().map(|place| broken(place, &through, taken)).collect()
}

fn broken(place: Place<'_>, through: &BTreeMap<Place<'_>, &GraphEdge>, taken: Taken<'_>) -> GraphBroken {
    let mut way: Vec<GraphStep> = Vec::new();
    let mut at = place;
    // Each step was found before the one that leads to it, so this ends at what is taken away.
    while let Some(edge) = through.get(&at) {
        way.push(step(edge));
        if taken.is_used_by(edge) {
            break;
        }
        at = provider(edge);
    }
    GraphBroken { node: place.0.to_owned(), environment: place.1.to_owned(), direct: way.len() == 1, way }
}
