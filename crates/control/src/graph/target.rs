//! From what somebody wants to take away to what it means.

use tieline_core::code;
use tieline_core::graph::Taken;
use tieline_core::model::ServiceType;
use tieline_core::wire::graph::GraphNode;
use tieline_store::tenancy::{Component, Project};

use crate::work::Work;
use crate::{Error, Result};

/// What is taken away.
pub(super) enum Target {
    /// A component with all that it offers, a third-party service, or a resource.
    Node(GraphNode),
    /// One internal service, by its reference, and who offers it.
    Service(String, GraphNode),
}

impl Target {
    /// What `core` calls it.
    pub(super) fn taken(&self) -> Taken<'_> {
        match self {
            Self::Node(node) => Taken::Node(&node.id),
            Self::Service(reference, _) => Taken::Service(reference),
        }
    }

    /// How the answer names it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Node(node) => &node.id,
            Self::Service(reference, _) => reference,
        }
    }

    /// Its node, or that of who offers it.
    pub(super) fn node(&self) -> &GraphNode {
        match self {
            Self::Node(node) | Self::Service(_, node) => node,
        }
    }
}

impl Work<'_> {
    /// What a name means: the reference of a service, `project/component`, or the handle of a component of `own`.
    pub(super) async fn graph_target(&mut self, wanted: &str, own: Option<&Project>) -> Result<Target> {
        if wanted.contains(':') {
            let service = self.service_find(wanted, own).await?;
            if service.service_type == ServiceType::Internal {
                let (project, component) = self.provider_of(&service).await?;
                return Ok(Target::Service(service.reference, component_node(&project, &component)));
            }
            let project = match service.project_id {
                Some(id) => self.transaction.project_by_id(id).await?,
                None => None,
            };
            return Ok(Target::Node(service_node(&service.reference, &service.kind, project.map(|it| it.handle))));
        }
        let (project, component) = match (wanted.split_once('/'), own) {
            (Some((project, component)), _) => self.component(project, component).await?,
            (None, Some(own)) => self.component(&own.handle, wanted).await?,
            (None, None) => {
                return Err(Error::invalid(
                    code!("scope_missing"),
                    format!("{wanted:?} names no project"),
                    format!("write PROJECT/{wanted}, give --project, or give the reference of a service"),
                ));
            }
        };
        Ok(Target::Node(component_node(&project, &component)))
    }
}

/// The node of a component.
pub(super) fn component_node(project: &Project, component: &Component) -> GraphNode {
    GraphNode {
        id: component_id(&project.handle, &component.handle),
        kind: component.component_type.to_string(),
        project: Some(project.handle.clone()),
        component: Some(component.handle.clone()),
        hidden_consumers: 0,
    }
}

/// The node of a third-party service or resource.
pub(super) fn service_node(reference: &str, kind: &str, project: Option<String>) -> GraphNode {
    GraphNode { id: reference.to_owned(), kind: kind.to_owned(), project, component: None, hidden_consumers: 0 }
}

/// What the node of a component is called.
pub(super) fn component_id(project: &str, component: &str) -> String {
    format!("{project}/{component}")
}
