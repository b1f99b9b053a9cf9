//! Dependencies that lead back to where they begin.

use std::collections::{BTreeMap, VecDeque};

use super::{Place, consumer, provider, sorted, step};
use crate::wire::graph::{GraphEdge, GraphStep};

/// For each group of places that all depend on each other one shortest way around, from its first place on. There may be
/// more ways than anybody could read; whoever breaks this one and asks again is shown the next.
#[must_use]
pub fn cycles(edges: &[GraphEdge]) -> Vec<Vec<GraphStep>> {
    let edges = sorted(edges);
    let mut numbers: BTreeMap<Place<'_>, usize> = BTreeMap::new();
    for edge in &edges {
        for place in [consumer(edge), provider(edge)] {
            numbers.insert(place, 0);
        }
    }
    for (number, place) in numbers.values_mut().enumerate() {
        *place = number;
    }
    let number = |place| numbers.get(&place).copied().unwrap_or_default();
    let ends: Vec<(usize, usize)> = edges.iter().map(|edge| (number(consumer(edge)), number(provider(edge)))).collect();
    let groups = groups(numbers.len(), &ends);
    let mut inside: Vec<Vec<usize>> = vec![Vec::new(); numbers.len()];
    for (index, (from, to)) in ends.iter().enumerate() {
        if groups[*from] == groups[*to] {
            inside[*from].push(index);
        }
    }
    let mut known = vec![false; numbers.len()];
    let mut cycles = Vec::new();
    for place in 0..numbers.len() {
        if inside[place].is_empty() || std::mem::replace(&mut known[groups[place]], true) {
            continue;
        }
        let way = way_around(place, &ends, &inside);
        cycles.push(way.into_iter().map(|index| step(edges[index])).collect());
    }
    cycles
}

/// The group of each place: places that reach each other are in one (Kosaraju's algorithm, without recursion).
fn groups(places: usize, ends: &[(usize, usize)]) -> Vec<usize> {
    let (mut forward, mut backward) = (vec![Vec::new(); places], vec![Vec::new(); places]);
    for &(from, to) in ends {
        forward[from].push(to);
        backward[to].push(from);
    }
    let mut finished = Vec::with_capacity(places);
    let mut seen = vec![false; places];
    for place in 0..places {
        walk(place, &forward, &mut seen, |place| finished.push(place));
    }
    let mut group = vec![0; places];
    let mut seen = vec![false; places];
    for place in finished.into_iter().rev() {
        walk(place, &backward, &mut seen, |member| group[member] = place);
    }
    group
}

/// Walks depth first over what was not seen yet, and says when it leaves a place for good.
fn walk(begin: usize, leads: &[Vec<usize>], seen: &mut [bool], mut leave: impl FnMut(usize)) {
    if std::mem::replace(&mut seen[begin], true) {
        return;
    }
    let mut path = vec![(begin, 0)];
    while let Some((place, tried)) = path.last_mut() {
        match leads[*place].get(*tried) {
            Some(&next) => {
                *tried += 1;
                if !std::mem::replace(&mut seen[next], true) {
                    path.push((next, 0));
                }
            }
            None => {
                leave(*place);
                path.pop();
            }
        }
    }
}

/// A shortest way from a place back to it, which is there since it is in a group with others or leads to itself.
fn way_around(begin: usize, ends: &[(usize, usize)], inside: &[Vec<usize>]) -> Vec<usize> {
    let mut through: BTreeMap<usize, usize> = BTreeMap::new();
    let mut waiting = VecDeque::from([begin]);
    while let Some(place) = waiting.pop_front() {
        for &index in &inside[place] {
            let next = ends[index].1;
            if through.contains_key(&next) {
                continue;
            }
            through.insert(next, index);
            waiting.push_back(next);
        }
        if through.contains_key(&begin) {
            break;
        }
    }
    let mut way = Vec::new();
    let mut at = begin;
    while let Some(&index) = through.get(&at) {
        way.push(index);
        at = ends[index].0;
        if at == begin {
            break;
        }
    }
    way.reverse();
    way
}
