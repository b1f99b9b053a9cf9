//! A graph as text: trees for a terminal, and Graphviz's DOT.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tieline_core::graph::{Line, lines};
use tieline_core::wire::graph::{GraphBroken, GraphEdge, GraphImpact, GraphNode, GraphStatus, GraphStep, GraphView};

use super::graph::CUT;

/// A tree for each consumer: its connections, with what they lead to and where.
pub(super) fn text(view: &GraphView) -> String {
    let mut out = String::new();
    match &view.impact {
        Some(impact) => broken(&mut out, impact),
        None => trees(&mut out, view),
    }
    if !view.cycles.is_empty() {
        out += "\nThese lead around in a circle:\n";
        for cycle in &view.cycles {
            let _ = writeln!(out, "  {}", way(cycle));
        }
    }
    if view.cut {
        let _ = writeln!(out, "\n{CUT}");
    }
    out
}

fn trees(out: &mut String, view: &GraphView) {
    if view.edges.is_empty() {
        *out += "Nobody depends on anybody here: no live deployment refers to a connection.\n";
    }
    let kinds: BTreeMap<&str, &str> = view.nodes.iter().map(|node| (&*node.id, &*node.kind)).collect();
    let mut consumers: Vec<(&str, Vec<Line<'_>>)> = Vec::new();
    for line in lines(&view.edges) {
        let Some(first) = line.first() else { continue };
        match consumers.last_mut() {
            Some((consumer, of)) if *consumer == first.from => of.push(line),
            _ => consumers.push((&first.from, vec![line])),
        }
    }
    for (consumer, of) in consumers {
        let _ = writeln!(out, "{consumer} ({})", kinds.get(consumer).copied().unwrap_or_default());
        let last = of.len() - 1;
        for (index, line) in of.iter().enumerate() {
            let (branch, below) = if index == last { ("└─", "  ") } else { ("├─", "│ ") };
            let Some(first) = line.first() else { continue };
            let _ = writeln!(
                out,
                "{branch} {} → {}  [{}]",
                first.connection,
                provider(first),
                line.environments().join(", ")
            );
            for trouble in line.troubles() {
                let _ = writeln!(out, "{below}   {trouble}");
            }
        }
    }
    for node in view.nodes.iter().filter(|node| node.hidden_consumers > 0) {
        let _ = writeln!(out, "{}: {}", node.id, hidden(node.hidden_consumers));
    }
}

fn hidden(count: usize) -> String {
    match count {
        1 => "used by 1 component of a project that you may not see".to_owned(),
        count => format!("used by {count} components of projects that you may not see"),
    }
}

/// An internal service with who offers it, which its reference says in other words.
fn provider(edge: &GraphEdge) -> String {
    if edge.service == edge.to { edge.service.clone() } else { format!("{} ({})", edge.service, edge.to) }
}

fn broken(out: &mut String, impact: &GraphImpact) {
    if impact.broken.is_empty() {
        let _ = writeln!(out, "Nobody breaks when {} is taken away.", impact.of);
    } else {
        let _ = writeln!(out, "When {} is taken away, these break:", impact.of);
    }
    let mut environments: Vec<(&str, Vec<&GraphBroken>)> = Vec::new();
    for broken in &impact.broken {
        match environments.iter_mut().find(|(environment, _)| *environment == broken.environment) {
            Some((_, of)) => of.push(broken),
            None => environments.push((&broken.environment, vec![broken])),
        }
    }
    for (environment, of) in environments {
        let _ = writeln!(out, "in {environment}");
        for broken in of {
            let how = if broken.direct { "directly" } else { "by way of others" };
            let _ = writeln!(out, "  {} {how}: {}", broken.node, way(&broken.way));
        }
    }
    if impact.hidden_consumers > 0 {
        let _ = writeln!(out, "{}: {}", impact.of, hidden(impact.hidden_consumers));
    }
}

/// A way, as `shop/web (development) -[orders]→ shop/orders (development)`.
fn way(steps: &[GraphStep]) -> String {
    let mut text = String::new();
    for (index, step) in steps.iter().enumerate() {
        if index == 0 {
            let _ = write!(text, "{} ({})", step.from, step.environment);
        }
        let _ = write!(text, " -[{}]→ {} ({})", step.connection, step.to, step.provider_environment);
    }
    text
}

/// The graph for Graphviz: a box for each node, an edge for each connection that a node uses.
pub(super) fn dot(view: &GraphView) -> String {
    let mut out = format!("digraph {} {{\n  rankdir=LR;\n  node [shape=box];\n", quoted(&view.organization));
    for GraphNode { id, kind, .. } in &view.nodes {
        let _ = writeln!(out, "  {} [label={}];", quoted(id), label(&[id, kind]));
    }
    for line in lines(&view.edges) {
        let Some(first) = line.first() else { continue };
        let style = match line.status() {
            GraphStatus::Ready => "",
            GraphStatus::Pending => ", style=dotted",
            GraphStatus::Degraded => ", style=dashed",
        };
        let environments = line.environments().join(", ");
        let label = label(&[&first.connection, &environments]);
        let _ = writeln!(out, "  {} -> {} [label={label}{style}];", quoted(&first.from), quoted(&first.to));
    }
    out + "}\n"
}

/// A name: in quotes only the quote itself, and a backslash before it, would mean something.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Lines of a label, in which a backslash begins an escape and an ampersand an entity.
fn label(lines: &[&str]) -> String {
    let escaped = |line: &&str| {
        let plain: String = line.chars().filter(|c| !c.is_control()).collect();
        plain.replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\"")
    };
    format!("\"{}\"", lines.iter().map(escaped).collect::<Vec<_>>().join("\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_stay_what_they_are() {
        assert_eq!(quoted(r#"a"b\c"#), r#""a\"b\\c""#);
        assert_eq!(label(&["a&lt;\"\\n", "b\u{7}\n"]), r#""a&amp;lt;\"\\n\nb""#);
    }
}
