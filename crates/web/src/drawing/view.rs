//! From the graph of an organization to its drawing.

use std::collections::{BTreeMap, BTreeSet};

use tieline_core::graph::{Line, lines};
use tieline_core::wire::graph::{GraphEdge, GraphNode, GraphStatus, GraphView};

use super::{Drawing, Edge, Node};

/// Where nodes and edges lead; none where there is no address for one.
pub struct Links<'l> {
    /// The address of a node.
    pub node: &'l dyn Fn(&GraphNode) -> Option<String>,
    /// The address of a connection that a node uses.
    pub edge: &'l dyn Fn(&GraphEdge) -> Option<String>,
}

/// The drawing of a graph: a box for each node, and a line for each connection that a node uses, whatever the number of
/// environments. Classes say what a box is (`component` or `registered`, and its kind), which is `taken` away and which are
/// `broken` by it, and whether a line is `pending` or `degraded`.
#[must_use]
pub fn of_view(view: &GraphView, links: &Links<'_>) -> Drawing {
    let places: BTreeMap<&str, usize> =
        view.nodes.iter().enumerate().map(|(index, node)| (node.id.as_str(), index)).collect();
    let broken: BTreeSet<&str> =
        view.impact.iter().flat_map(|impact| &impact.broken).map(|broken| broken.node.as_str()).collect();
    let taken = view.impact.as_ref().map(|impact| impact.of.as_str());
    let nodes = view.nodes.iter().map(|node| {
        let mut class = vec![if node.component.is_some() { "component" } else { "registered" }, node.kind.as_str()];
        class.extend((taken == Some(&node.id)).then_some("taken"));
        class.extend(broken.contains(node.id.as_str()).then_some("broken"));
        Node {
            label: node.id.clone(),
            detail: node.kind.clone(),
            title: node_title(node),
            href: (links.node)(node),
            class: class.join(" "),
        }
    });
    let edge = |line: Line<'_>| {
        let first = line.first()?;
        let class = match line.status() {
            GraphStatus::Ready => "",
            status => status.as_str(),
        };
        Some(Edge {
            from: *places.get(first.from.as_str())?,
            to: *places.get(first.to.as_str())?,
            title: edge_title(&line, first),
            href: (links.edge)(first),
            class: class.to_owned(),
        })
    };
    let title = match taken {
        Some(taken) => format!("What breaks in {} when {taken} is taken away", view.organization),
        None => format!("Who depends on whom in {}", view.organization),
    };
    Drawing { title, nodes: nodes.collect(), edges: lines(&view.edges).into_iter().filter_map(edge).collect() }
}

fn node_title(node: &GraphNode) -> String {
    let hidden = match node.hidden_consumers {
        0 => String::new(),
        1 => ", used by a component that you may not see".to_owned(),
        several => format!(", used by {several} components that you may not see"),
    };
    format!("{} ({}){hidden}", node.id, node.kind)
}

fn edge_title(line: &Line<'_>, first: &GraphEdge) -> String {
    let mut title = format!(
        "{} uses {} through the connection {} in {}",
        first.from,
        first.service,
        first.connection,
        line.environments().join(", ")
    );
    for trouble in line.troubles() {
        title += "; ";
        title += &trouble;
    }
    title
}
