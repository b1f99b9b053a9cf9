//! What a picture shows of dependencies: one line for a connection, whatever the number of environments.

use crate::wire::graph::{GraphEdge, GraphStatus};

/// A connection that a component uses, in one or several environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'e> {
    /// The dependencies that it stands for, at least one; they differ in their environments alone.
    pub edges: Vec<&'e GraphEdge>,
}

impl<'e> Line<'e> {
    /// The one dependency of which it takes what they have in common.
    #[must_use]
    pub fn first(&self) -> Option<&'e GraphEdge> {
        self.edges.first().copied()
    }

    /// The environments, where the provider's is another as `development → staging`.
    #[must_use]
    pub fn environments(&self) -> Vec<String> {
        let environment = |edge: &&GraphEdge| match edge.environment == edge.provider_environment {
            true => edge.environment.clone(),
            false => format!("{} → {}", edge.environment, edge.provider_environment),
        };
        self.edges.iter().map(environment).collect()
    }

    /// The worst that is so in any environment.
    #[must_use]
    pub fn status(&self) -> GraphStatus {
        self.edges.iter().map(|edge| edge.status).max().unwrap_or(GraphStatus::Ready)
    }

    /// What does not work, and where.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        let trouble = |edge: &&GraphEdge| {
            let reason = edge.reason.as_ref()?;
            let since = edge.since.map(|since| format!(" since {since}")).unwrap_or_default();
            Some(format!("{} in {}{since}: {reason}", edge.status.as_str(), edge.environment))
        };
        self.edges.iter().filter_map(trouble).collect()
    }
}

/// The lines of dependencies, by consumer, connection and provider. Within a line, environments stand in the order in
/// which they were given.
#[must_use]
pub fn lines(edges: &[GraphEdge]) -> Vec<Line<'_>> {
    let key = |edge: &GraphEdge| (edge.from.clone(), edge.connection.clone(), edge.connection_id, edge.to.clone());
    let mut given: Vec<(usize, &GraphEdge)> = edges.iter().enumerate().collect();
    given.sort_by_cached_key(|&(place, edge)| (key(edge), place));
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (_, edge) in given {
        match lines.last_mut() {
            Some(line) if line.edges.first().is_some_and(|first| key(first) == key(edge)) => line.edges.push(edge),
            _ => lines.push(Line { edges: vec![edge] }),
        }
    }
    lines
}
