//! What a connection may be, on the wire, before it is made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{AccessMode, Level, Scheme, Secrets};
use crate::wire::connection::ConnectionEnvironmentView;

/// What may be chosen for a connection to a service at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConnectionOffer {
    /// The service's reference.
    pub service: String,
    /// What people call the service.
    pub name: String,
    /// Where the connection would live.
    pub level: Level,
    /// The access mode that is taken when none is chosen; null for what has none, or when none is offered.
    pub access_mode: Option<AccessMode>,
    /// The scheme that is taken when none is chosen; null for what has none, or when none is offered.
    pub authentication_scheme: Option<Scheme>,
    /// Each access mode of an internal service, in the order of preference; empty for others.
    pub modes: Vec<OfferedMode>,
    /// What each environment may lead to, in the order of promotion.
    pub environments: Vec<OfferedEnvironment>,
}

/// One access mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OfferedMode {
    /// The mode.
    pub mode: AccessMode,
    /// Why it is not offered; null when it is.
    pub refused: Option<String>,
    /// Each authentication scheme, if the mode were chosen.
    pub schemes: Vec<OfferedScheme>,
}

/// One authentication scheme under an access mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OfferedScheme {
    /// The scheme.
    pub scheme: Scheme,
    /// Why it is not offered; null when it is.
    pub refused: Option<String>,
}

/// What one environment may lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OfferedEnvironment {
    /// The environment's handle.
    pub environment: String,
    /// Endpoints or credentials that are assigned to it; for an internal service environments of the provider.
    pub targets: Vec<OfferedTarget>,
    /// The one that is used when none is chosen; null when nothing is assigned, or several are and none is named as the
    /// environment.
    pub used: Option<String>,
}

/// One endpoint, credential or environment of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OfferedTarget {
    /// Its name, which a mapping takes.
    pub name: String,
    /// Where an endpoint or credential leads: its URL or host.
    pub address: Option<String>,
}

/// What a connection would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConnectionPreview {
    /// Its name.
    pub name: String,
    /// Where it would live.
    pub level: Level,
    /// The project's handle, at project and component level.
    pub project: Option<String>,
    /// The component's handle, at component level.
    pub component: Option<String>,
    /// What it would lead to.
    pub service: String,
    /// How it would call an internal service; null for others.
    pub access_mode: Option<AccessMode>,
    /// How it would prove who calls an internal service; null for others.
    pub authentication_scheme: Option<Scheme>,
    /// Whose secret it would inject.
    pub secrets: Secrets,
    /// Environment → endpoint, credential or provider environment, where it was chosen.
    pub mapping: BTreeMap<String, String>,
    /// What it would be in each environment, with the variables. Values that are drawn when it is made are masked.
    pub environments: BTreeMap<String, ConnectionEnvironmentView>,
}
