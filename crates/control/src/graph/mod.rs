//! Who depends on whom, and what breaks when one is taken away: as far as the asker may see. What follows from the
//! dependencies is decided in `core::graph`.

mod edges;
mod target;

use std::collections::{BTreeMap, BTreeSet};

use tieline_core::graph::{around, cycles, impact};
use tieline_core::wire::graph::{GraphBroken, GraphEdge, GraphImpact, GraphNode, GraphQuery, GraphView};
use tieline_store::graph::UseFilter;

use crate::connection::Scope;
use crate::{Actor, Control, Result};

use edges::Dependencies;
use target::Target;

impl Control {
    /// Who depends on whom, and if it is asked for, who breaks when one is taken away.
    ///
    /// # Errors
    /// `project_not_found`, `component_not_found`, `environment_not_found`, `service_not_found`, `reference_invalid`,
    /// `reference_incomplete`, `scope_missing`.
    pub async fn graph_view(&self, actor: &Actor, organization: &str, query: &GraphQuery) -> Result<GraphView> {
        let mut work = self.read(actor, organization).await?;
        work.require(tieline_core::access::Permission::View, None)?;
        let scope = Scope { project: query.project.as_deref(), component: query.component.as_deref() };
        let (project, component) = work.scope(scope).await?;
        let environment = match &query.environment {
            Some(handle) => Some(work.environment(handle).await?),
            None => None,
        };
        let target = match &query.impact_of {
            Some(wanted) => Some(work.graph_target(wanted, project.as_ref()).await?),
            None => None,
        };
        let center = match (&project, &component) {
            (Some(project), Some(component)) => Some(target::component_node(project, component)),
            _ => None,
        };
        // Ways lead through other projects and environments: they are cut to what was asked for when they are known.
        let ways = target.is_some() || center.is_some();
        let filter = UseFilter {
            project: project.as_ref().filter(|_| !ways).map(|project| project.id),
            environment: environment.as_ref().filter(|_| !ways).map(|environment| environment.id),
        };
        let mut found = work.dependencies(filter).await?;
        let shown = Shown {
            project: project.map(|project| project.handle),
            center: center.as_ref().map(|node| node.id.clone()),
            environment: environment.map(|environment| environment.handle),
        };
        let mut named = Vec::new();
        let impact = match target {
            Some(target) => Some(taken_away(&mut found, &target, &shown, &mut named)),
            None => {
                if let Some(center) = center {
                    found.edges = around(&found.edges, &center.id);
                    named.push(center);
                }
                found.edges.retain(|edge| shown.holds_environment(&edge.environment));
                None
            }
        };
        let cycles = cycles(&found.edges);
        Ok(GraphView {
            organization: work.organization.handle.clone(),
            cycles,
            impact,
            cut: found.cut,
            nodes: nodes(&found, named, ways),
            edges: found.edges,
        })
    }
}

/// To what the answer is narrowed.
struct Shown {
    project: Option<String>,
    center: Option<String>,
    environment: Option<String>,
}

impl Shown {
    fn holds_environment(&self, environment: &str) -> bool {
        self.environment.as_deref().is_none_or(|wanted| wanted == environment)
    }

    fn holds(&self, broken: &GraphBroken, nodes: &BTreeMap<String, GraphNode>) -> bool {
        let project = nodes.get(&broken.node).and_then(|node| node.project.as_deref());
        self.holds_environment(&broken.environment)
            && (self.project.is_none() || self.project.as_deref() == project)
            && self.center.as_ref().is_none_or(|center| *center == broken.node)
    }
}

/// Who breaks when the target is taken away, as far as it is shown; the dependencies are cut to those by which it does.
fn taken_away(found: &mut Dependencies, target: &Target, shown: &Shown, named: &mut Vec<GraphNode>) -> GraphImpact {
    let taken = target.taken();
    let mut broken = impact(&found.edges, taken);
    let everywhere: BTreeSet<(String, String)> =
        broken.iter().map(|broken| (broken.node.clone(), broken.environment.clone())).collect();
    broken.retain(|broken| shown.holds(broken, &found.nodes));
    let steps = broken.iter().flat_map(|broken| &broken.way);
    let on_ways: BTreeSet<(&str, &str)> = steps.map(|step| (&*step.from, &*step.environment)).collect();
    let breaks = |edge: &GraphEdge| {
        let provider = (edge.to.clone(), edge.provider_environment.clone());
        on_ways.contains(&(&*edge.from, &*edge.environment))
            && (taken.is_used_by(edge) || everywhere.contains(&provider))
    };
    found.edges.retain(breaks);
    named.push(target.node().clone());
    GraphImpact { of: target.name().to_owned(), broken, hidden_consumers: found.hidden(taken) }
}

/// The nodes of the dependencies, and those that were asked for by name. Where nothing was, those are there too that
/// only others use whom the asker may not see.
fn nodes(found: &Dependencies, named: Vec<GraphNode>, ways: bool) -> Vec<GraphNode> {
    let used: BTreeSet<&String> = found.edges.iter().flat_map(|edge| [&edge.from, &edge.to]).collect();
    let mut nodes: BTreeMap<String, GraphNode> = named.into_iter().map(|node| (node.id.clone(), node)).collect();
    for (id, node) in &found.nodes {
        if nodes.contains_key(id) || used.contains(id) || (!ways && node.hidden_consumers > 0) {
            nodes.insert(id.clone(), node.clone());
        }
    }
    nodes.into_values().collect()
}
