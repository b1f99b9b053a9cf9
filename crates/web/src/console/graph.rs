//! Who depends on whom, drawn and as a list, and what breaks when one is taken away.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use tieline_core::graph::{Line, lines};
use tieline_core::wire::graph::{GraphBroken, GraphEdge, GraphNode, GraphQuery, GraphStep, GraphView};

use super::fault::PageResult;
use super::frame::{Frame, Link};
use super::marketplace::service_path;
use super::page;
use super::place::{self, Level, Place, segment};
use super::query::Asked;
use super::visitor::Visitor;
use crate::App;
use crate::drawing::{Links, Style, of_view, svg};

/// The page, below its place.
const PAGE: &str = "graph";

/// The largest drawing of a page, in bytes: with the list beside it the page stays below 50 kB, and more than these forty
/// boxes or so nobody reads at once.
const LARGEST: usize = 24_000;
/// So many boxes may be drawn within that: a box and its line take more than 300 bytes. Laying out more, only to find it too
/// large, takes longer than all the rest of the page.
const BOXES: usize = 80;
/// So many rows each list of the page holds.
const ROWS: usize = 30;

pub(super) fn router() -> Router<App> {
    place::serve(Router::new(), &[Level::Organization, Level::Project, Level::Component], PAGE, &get(graph))
}

#[derive(Template)]
#[template(path = "console/graph.html")]
struct GraphPage {
    frame: Frame,
    place: Place,
    /// The environments to choose from, the chosen one marked; the first is all of them.
    environments: Vec<Link>,
    /// What is taken away, and the way back to the whole graph.
    taken: Option<Taken>,
    /// The drawing; none where it would be too large, or there is nothing to draw.
    drawing: Option<String>,
    /// Whether there is anything.
    empty: bool,
    /// Who uses what.
    uses: Vec<Use>,
    /// How many more there are.
    more_uses: usize,
    /// What may be taken away.
    nodes: Vec<Node>,
    /// How many more there are.
    more_nodes: usize,
    /// Dependencies that lead around in a circle.
    cycles: Vec<String>,
    /// Whether the answer itself does not hold all of it.
    cut: bool,
}

/// What breaks when something is taken away.
struct Taken {
    of: String,
    broken: Vec<Broken>,
    more: usize,
    hidden: usize,
    back: String,
}

/// Who breaks, where, and by which way.
struct Broken {
    node: Link,
    environment: String,
    direct: bool,
    way: String,
}

/// A connection that a component uses.
struct Use {
    from: Link,
    connection: Link,
    service: String,
    to: Link,
    environments: String,
    status: &'static str,
    troubles: Vec<String>,
}

/// What may be taken away.
struct Node {
    link: Link,
    hidden: usize,
    impact: String,
}

#[derive(Deserialize)]
struct Query {
    environment: Option<String>,
    impact_of: Option<String>,
}

async fn graph(State(app): State<App>, visitor: Visitor, mut place: Place, Asked(asked): Asked<Query>) -> PageResult {
    let frame = Frame::of(&app, &visitor, &mut place, "Graph", PAGE).await?;
    let chosen = |text: Option<String>| text.filter(|text| !text.is_empty());
    let query = GraphQuery {
        project: place.project.clone(),
        component: place.component.clone(),
        environment: chosen(asked.environment),
        impact_of: chosen(asked.impact_of),
    };
    let view = app.control.graph_view(&visitor.actor, &place.organization, &query).await?;
    let environments = app.control.environment_list(&visitor.actor, &place.organization).await?;
    let way = Ways { place: &place, query: &query, nodes: view.nodes.iter().map(|node| (&*node.id, node)).collect() };
    let choice = |words: &str, environment: Option<&str>| Link {
        words: words.to_owned(),
        path: way.graph(environment, query.impact_of.as_deref()),
        current: query.environment.as_deref() == environment,
    };
    let mut choices = vec![choice("All environments", None)];
    choices.extend(environments.iter().map(|environment| choice(&environment.handle, Some(&environment.handle))));
    let links = Links { node: &|node| Some(way.node(node)), edge: &|edge| Some(way.connection(edge)) };
    let drawn = !view.edges.is_empty() && view.nodes.len() <= BOXES;
    let drawing = drawn.then(|| svg(&of_view(&view, &links), Style::Page));
    let found = lines(&view.edges);
    let filled = GraphPage {
        environments: choices,
        taken: way.taken(&view),
        drawing: drawing.filter(|drawing| drawing.len() <= LARGEST),
        empty: view.edges.is_empty() && view.nodes.is_empty(),
        uses: found.iter().take(ROWS).filter_map(|line| way.line(line)).collect(),
        more_uses: found.len().saturating_sub(ROWS),
        nodes: view.nodes.iter().take(ROWS).map(|node| way.to_take(node)).collect(),
        more_nodes: view.nodes.len().saturating_sub(ROWS),
        cycles: view.cycles.iter().map(|cycle| steps(cycle)).collect(),
        cut: view.cut,
        frame,
        place: place.clone(),
    };
    page(&filled)
}

/// Where the parts of a graph lead.
struct Ways<'g> {
    place: &'g Place,
    query: &'g GraphQuery,
    nodes: BTreeMap<&'g str, &'g GraphNode>,
}

impl Ways<'_> {
    /// The graph of the same place, narrowed otherwise.
    fn graph(&self, environment: Option<&str>, impact_of: Option<&str>) -> String {
        let mut path = self.place.path(PAGE);
        let given = [("environment", environment), ("impact_of", impact_of)];
        let given = given.iter().filter_map(|(name, value)| Some((name, (*value)?)));
        for (index, (name, value)) in given.enumerate() {
            let before = if index == 0 { '?' } else { '&' };
            path += &format!("{before}{name}={}", utf8_percent_encode(value, place::QUERY));
        }
        path
    }

    /// What breaks without a node.
    fn impact(&self, id: &str) -> String {
        self.graph(self.query.environment.as_deref(), Some(id))
    }

    /// The page of a component, or of the service that is registered.
    fn node(&self, node: &GraphNode) -> String {
        let organization = Place::organization(&self.place.organization);
        match (&node.project, &node.component) {
            (Some(project), Some(component)) => organization.with_project(project).with_component(component).path(""),
            (Some(project), None) => service_path(&organization.with_project(project), &node.id),
            (None, _) => service_path(&organization, &node.id),
        }
    }

    fn node_link(&self, id: &str) -> Link {
        let path = self.nodes.get(id).map_or_else(|| self.impact(id), |node| self.node(node));
        Link { words: id.to_owned(), path, current: false }
    }

    /// The page of a connection, at the place of the component that uses it.
    fn connection(&self, edge: &GraphEdge) -> String {
        let consumer = self.nodes.get(&*edge.from);
        let place = consumer.and_then(|node| node.project.as_ref().zip(node.component.as_ref()));
        let organization = Place::organization(&self.place.organization);
        match place {
            Some((project, component)) => organization.with_project(project).with_component(component),
            None => organization,
        }
        .path(&format!("connections/{}", segment(&edge.connection_id.to_string())))
    }

    fn line(&self, line: &Line<'_>) -> Option<Use> {
        let first = line.first()?;
        Some(Use {
            from: self.node_link(&first.from),
            connection: Link { words: first.connection.clone(), path: self.connection(first), current: false },
            service: first.service.clone(),
            to: self.node_link(&first.to),
            environments: line.environments().join(", "),
            status: line.status().as_str(),
            troubles: line.troubles(),
        })
    }

    fn to_take(&self, node: &GraphNode) -> Node {
        Node { link: self.node_link(&node.id), hidden: node.hidden_consumers, impact: self.impact(&node.id) }
    }

    fn taken(&self, view: &GraphView) -> Option<Taken> {
        let impact = view.impact.as_ref()?;
        let broken = |broken: &GraphBroken| Broken {
            node: self.node_link(&broken.node),
            environment: broken.environment.clone(),
            direct: broken.direct,
            way: steps(&broken.way),
        };
        Some(Taken {
            of: impact.of.clone(),
            broken: impact.broken.iter().take(ROWS).map(broken).collect(),
            more: impact.broken.len().saturating_sub(ROWS),
            hidden: impact.hidden_consumers,
            back: self.graph(self.query.environment.as_deref(), None),
        })
    }
}

/// A way, as `shop/web (development) → shop/orders (development)`.
fn steps(steps: &[GraphStep]) -> String {
    let mut text = String::new();
    for (index, step) in steps.iter().enumerate() {
        if index == 0 {
            text = format!("{} ({})", step.from, step.environment);
        }
        text += &format!(" → {} ({})", step.to, step.provider_environment);
    }
    text
}
