//! From what is recorded to dependencies, and to whom the asker may not see.

use std::collections::{BTreeMap, BTreeSet};

use tieline_core::access::{Permission, Verdict};
use tieline_core::graph::Taken;
use tieline_core::id::ServiceId;
use tieline_core::model::Degraded;
use tieline_core::resolve::Pinned;
use tieline_core::wire::graph::{GraphEdge, GraphNode, GraphStatus};
use tieline_store::graph::{ConnectionUse, UseFilter};
use tieline_store::service::Entry;
use tieline_store::tenancy::Environment;

use super::target::{component_id, service_node};
use crate::connection::values::mapped_in;
use crate::service::assignment::entry_used;
use crate::work::Work;
use crate::{Error, Result};

/// At most so many uses by deployments, and so many by external consumers, are looked at for one answer: more than
/// anybody reads, and read in some ten milliseconds.
const MOST: i64 = 5000;

/// What the asker may know of who uses whom.
pub(super) struct Dependencies {
    pub(super) edges: Vec<GraphEdge>,
    /// Every node that occurs, by id.
    pub(super) nodes: BTreeMap<String, GraphNode>,
    /// Provider's node, service and consumer, where the asker may see the provider and not the consumer.
    hidden: Vec<(String, String, String)>,
    /// Whether there are more.
    pub(super) cut: bool,
}

impl Dependencies {
    /// How many components use what is taken away that the asker may not see.
    pub(super) fn hidden(&self, taken: Taken<'_>) -> usize {
        let uses = self.hidden.iter().filter(|(node, service, _)| match taken {
            Taken::Node(id) => node == id,
            Taken::Service(reference) => service == reference,
        });
        uses.map(|(_, _, consumer)| consumer).collect::<BTreeSet<_>>().len()
    }
}

impl Work<'_> {
    /// The dependencies that the asker may see.
    pub(super) async fn dependencies(&mut self, filter: UseFilter) -> Result<Dependencies> {
        let environments = self.transaction.environments(self.organization.id).await?;
        let organization = self.organization.id;
        let mut uses = self.transaction.uses_of_deployments(organization, filter, MOST + 1).await?;
        let mut external = self.transaction.uses_of_external_consumers(organization, filter, MOST + 1).await?;
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        let cut = uses.len() > most || external.len() > most;
        uses.truncate(most);
        external.truncate(most);
        let mut entries: BTreeMap<ServiceId, Vec<Entry>> = BTreeMap::new();
        for entry in self.transaction.entries_assigned(organization).await? {
            entries.entry(entry.service_id).or_default().push(entry);
        }
        let facts = Facts { environments: &environments, entries: &entries };
        let sees = |project| self.verdict(Permission::View, project) == Verdict::Allowed;
        let mut found = Dependencies { edges: Vec::new(), nodes: BTreeMap::new(), hidden: Vec::new(), cut };
        for usage in uses.iter().chain(&external) {
            let places = facts.places(usage, filter);
            let (consumer, provider) = nodes_of(usage);
            if !sees(Some(usage.project_id)) {
                if sees(usage.service_project_id) && !places.is_empty() {
                    found.hidden.push((provider.id.clone(), usage.service.clone(), consumer.id));
                    found.nodes.entry(provider.id.clone()).or_insert(provider);
                }
                continue;
            }
            for place in places {
                found.edges.push(facts.edge(usage, place, &consumer.id, &provider.id)?);
            }
            found.nodes.entry(consumer.id.clone()).or_insert(consumer);
            found.nodes.entry(provider.id.clone()).or_insert(provider);
        }
        for id in found.nodes.keys().cloned().collect::<Vec<_>>() {
            let hidden = found.hidden(Taken::Node(&id));
            if let Some(node) = found.nodes.get_mut(&id) {
                node.hidden_consumers = hidden;
            }
        }
        found.edges = merged(found.edges, &environments);
        Ok(found)
    }
}

/// What decides where a connection works.
struct Facts<'f> {
    environments: &'f [Environment],
    entries: &'f BTreeMap<ServiceId, Vec<Entry>>,
}

impl Facts<'_> {
    /// Where a component uses a connection: where it is deployed. An external consumer uses it where it has a subscription,
    /// or where an endpoint or credential is assigned.
    fn places(&self, usage: &ConnectionUse, filter: UseFilter) -> Vec<&Environment> {
        let uses = |environment: &&Environment| match usage.environment_id {
            Some(id) => id == environment.id,
            None => {
                filter.environment.is_none_or(|wanted| wanted == environment.id)
                    && usage.provider.is_none()
                    && self.assigned(usage, environment)
            }
        };
        self.environments.iter().filter(uses).collect()
    }

    fn assigned(&self, usage: &ConnectionUse, environment: &Environment) -> bool {
        let entries = self.entries.get(&usage.service_id).map_or(&[][..], Vec::as_slice);
        entry_used(entries, &usage.mapping, environment).is_some()
    }

    fn edge(&self, usage: &ConnectionUse, at: &Environment, from: &str, to: &str) -> Result<GraphEdge> {
        let provider_environment = match (&usage.provider, mapped_in(&usage.mapping, at)) {
            (Some(_), Some(mapped)) => mapped,
            _ => &at.handle,
        };
        let (status, reason, since) = match carried_forward(usage)? {
            Some(degraded) => (GraphStatus::Degraded, Some(degraded.reason), Some(degraded.since)),
            None => match self.waits(usage, at, provider_environment) {
                Some(reason) => (GraphStatus::Pending, Some(reason), None),
                None => (GraphStatus::Ready, None, None),
            },
        };
        Ok(GraphEdge {
            from: from.to_owned(),
            environment: at.handle.clone(),
            connection: usage.connection.clone(),
            connection_id: usage.connection_id,
            level: usage.level,
            access_mode: usage.access_mode,
            authentication_scheme: usage.scheme,
            service: usage.service.clone(),
            to: to.to_owned(),
            provider_environment: provider_environment.to_owned(),
            versions: usage.version.iter().cloned().collect(),
            status,
            reason,
            since,
        })
    }

    /// What a dependency waits for: its provider, or an endpoint or credential.
    fn waits(&self, usage: &ConnectionUse, at: &Environment, provider_environment: &str) -> Option<String> {
        if usage.provider.is_none() {
            let waits = || format!("nothing of {} is assigned to {}", usage.service, at.handle);
            return (!self.assigned(usage, at)).then(waits);
        }
        let same = |environment: &&Environment| environment.handle.eq_ignore_ascii_case(provider_environment);
        match self.environments.iter().find(same) {
            None => Some(format!("{provider_environment:?}, to which {} is mapped, is gone", at.handle)),
            Some(there) if usage.offered.contains(&there.id) => None,
            Some(there) => Some(format!("{} is not deployed in {}", usage.service, there.handle)),
        }
    }
}

/// The nodes of consumer and provider.
fn nodes_of(usage: &ConnectionUse) -> (GraphNode, GraphNode) {
    let node = |project: &str, component: &str, kind: String| GraphNode {
        id: component_id(project, component),
        kind,
        project: Some(project.to_owned()),
        component: Some(component.to_owned()),
        hidden_consumers: 0,
    };
    let consumer = node(&usage.project, &usage.component, usage.component_type.to_string());
    let provider = match (&usage.provider, &usage.service_project) {
        (Some((component, kind)), Some(project)) => node(project, component, kind.to_string()),
        (_, project) => service_node(&usage.service, &usage.kind, project.clone()),
    };
    (consumer, provider)
}

/// The longest-standing reason why a value of a connection is carried forward. What a variable is made of nobody says when
/// it is a template of several: then it concerns every connection of the deployment.
fn carried_forward(usage: &ConnectionUse) -> Result<Option<Degraded>> {
    if usage.degraded.is_empty() {
        return Ok(None);
    }
    let variables: Vec<Pinned> = serde_json::from_value(usage.variables.clone())
        .map_err(|error| Error::Inconsistent(format!("the variables of a snapshot cannot be read: {error}")))?;
    let concerns = |name: &str| {
        let pinned = variables.iter().find(|variable| variable.name == name);
        let source = pinned.and_then(|variable| variable.source.as_ref());
        source.is_none_or(|source| source.id == usage.connection_id)
    };
    let concerning = usage.degraded.iter().filter(|(name, _)| concerns(name));
    Ok(concerning.map(|(_, degraded)| degraded).min_by_key(|degraded| degraded.since).cloned())
}

/// The dependencies in order, with the majors of a component that run side by side as one.
fn merged(mut edges: Vec<GraphEdge>, environments: &[Environment]) -> Vec<GraphEdge> {
    let position = |handle: &str| environments.iter().position(|environment| environment.handle == handle);
    edges.sort_by(|a, b| {
        let key = |edge: &GraphEdge| (position(&edge.environment), edge.connection_id);
        let names = a.from.cmp(&b.from).then_with(|| position(&a.environment).cmp(&position(&b.environment)));
        names.then_with(|| a.connection.cmp(&b.connection)).then_with(|| key(a).cmp(&key(b)))
    });
    let mut merged: Vec<GraphEdge> = Vec::with_capacity(edges.len());
    for edge in edges {
        let same = |last: &&mut GraphEdge| {
            (&last.from, &last.environment, last.connection_id) == (&edge.from, &edge.environment, edge.connection_id)
        };
        match merged.last_mut().filter(same) {
            Some(last) => {
                last.versions.extend(edge.versions);
                last.versions.sort_unstable();
                last.versions.dedup();
                if edge.status > last.status {
                    (last.status, last.reason, last.since) = (edge.status, edge.reason, edge.since);
                }
            }
            None => merged.push(edge),
        }
    }
    merged
}
