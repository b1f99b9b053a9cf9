//! Who depends on whom: what follows from the dependencies alone. A place is a node in one environment, since a component
//! may use another environment's provider; a dependency leads from the consumer's place to the provider's.
//!
//! Every answer is the same in whichever order the dependencies are given.

mod around;
mod cycles;
mod impact;
mod lines;

use crate::wire::graph::{GraphEdge, GraphStep};

pub use around::around;
pub use cycles::cycles;
pub use impact::{Taken, impact};
pub use lines::{Line, lines};

/// A node in one environment.
type Place<'e> = (&'e str, &'e str);

fn consumer(edge: &GraphEdge) -> Place<'_> {
    (&edge.from, &edge.environment)
}

fn provider(edge: &GraphEdge) -> Place<'_> {
    (&edge.to, &edge.provider_environment)
}

/// The dependencies in the one order in which all of this looks at them.
fn sorted(edges: &[GraphEdge]) -> Vec<&GraphEdge> {
    let mut sorted: Vec<&GraphEdge> = edges.iter().collect();
    sorted.sort_by(|a, b| order(a).cmp(&order(b)));
    sorted
}

/// By consumer, environment and connection, then by provider.
fn order(edge: &GraphEdge) -> (Place<'_>, &str, crate::id::ConnectionId, Place<'_>, &str) {
    (consumer(edge), &edge.connection, edge.connection_id, provider(edge), &edge.service)
}

fn step(edge: &GraphEdge) -> GraphStep {
    GraphStep {
        from: edge.from.clone(),
        environment: edge.environment.clone(),
        connection: edge.connection.clone(),
        service: edge.service.clone(),
        to: edge.to.clone(),
        provider_environment: edge.provider_environment.clone(),
    }
}
