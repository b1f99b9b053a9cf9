//! The marketplace on the wire: services, their registration and search.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::definition::Operation;
use crate::endpoint::{EndpointType, Visibility};
use crate::model::{Parameter, Scheme, ServiceType};
use crate::secret::Secret;
use crate::wire::connection::ConsumerView;

/// A marketplace entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceView {
    /// How it is referred to.
    pub reference: String,
    /// What people call it.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub service_type: ServiceType,
    /// Its kind: `service`, `third-party`, or the name of a resource kind.
    pub kind: String,
    /// The latest version of the major that it stands for.
    pub version: String,
    /// The provider's project, or the project that it is registered for; null for the whole organization.
    pub project: Option<String>,
    /// The provider's handle, for an internal service.
    pub component: Option<String>,
    /// The endpoint's name, for an internal service.
    pub endpoint: Option<String>,
    /// What the endpoint speaks, for an internal service.
    pub endpoint_type: Option<EndpointType>,
    /// Who may reach it, for an internal service.
    pub visibilities: Vec<Visibility>,
    /// The schemes that it enables, for an internal service.
    pub schemes: Vec<Scheme>,
    /// Whether its owners approve each subscription, for an internal service.
    pub approval: bool,
    /// One line about it.
    pub summary: String,
    /// Free words to find it by.
    pub labels: Vec<String>,
    /// Categories to filter by.
    pub categories: Vec<String>,
    /// The type of its API definition; null without one.
    pub definition_type: Option<String>,
    /// Whether its owners offer it.
    pub published: bool,
    /// Whether the marketplace shows it.
    pub listed: bool,
    /// Counts its changes: `If-Match: "<revision>"` changes it only as it is.
    pub revision: i64,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// What `view` and a list of `all` show beside that.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub standing: Option<ServiceStanding>,
    /// What only `view` shows.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub detail: Option<ServiceDetail>,
}

/// Where a service stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceStanding {
    /// The environments in which it can be used: where it is deployed, or where an endpoint or credential is assigned.
    pub environments: Vec<String>,
    /// Whether whoever asks may change it, and is told who connects to it.
    #[serde(default)]
    pub owned: bool,
    /// How many connections lead to it; null for those who do not own it.
    pub connections: Option<i64>,
    /// Why the marketplace does not show it; null when it does.
    pub unlisted: Option<String>,
}

/// What `service view` shows beside the entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceDetail {
    /// A page about it (Markdown).
    pub overview: String,
    /// A related document (Markdown).
    pub document: String,
    /// Its API definition, as registered or deployed.
    pub definition: Option<String>,
    /// The operations that were read from the definition.
    #[schema(value_type = Vec<Object>)]
    pub operations: Vec<Operation>,
    /// The keys of a connection to it (for an internal service, of the default scheme).
    pub parameters: Vec<Parameter>,
    /// Its endpoints or credentials, without secrets, for those who own it.
    pub entries: Vec<EntryView>,
}

/// An endpoint of a third-party service or a credential of a resource, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EntryView {
    /// Its name.
    pub name: String,
    /// The environments that it is assigned to.
    pub environments: Vec<String>,
    /// Its values; null for a secret that is set.
    pub values: BTreeMap<String, Option<String>>,
}

/// Who uses a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceConsumers {
    /// Each component and environment with the connection that it uses.
    pub consumers: Vec<ConsumerView>,
    /// How many there are in projects that the asker may not see.
    pub hidden: usize,
}

/// The registration of a third-party service: the content of `SERVICE.yaml`, files and variables read.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThirdPartyRegister {
    /// What people call it.
    pub name: String,
    /// Its version, as `v1`.
    pub version: String,
    /// The one project that it is for; absent for the whole organization.
    #[serde(default)]
    pub project: Option<String>,
    /// One line about it.
    #[serde(default)]
    pub summary: String,
    /// A page about it (Markdown).
    #[serde(default)]
    pub overview: String,
    /// A related document (Markdown).
    #[serde(default)]
    pub document: String,
    /// Free words to find it by.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Categories to filter by.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The text of its API definition; the type is detected.
    #[serde(default)]
    pub definition: Option<String>,
    /// The parameters that each endpoint has beside `ServiceURL`.
    #[serde(default)]
    pub parameters: Vec<ParameterRegister>,
    /// Its endpoints.
    pub endpoints: Vec<EndpointRegister>,
}

/// One parameter of a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterRegister {
    /// The key.
    pub name: String,
    /// The type of its value.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub value_type: Option<String>,
    /// What the value is.
    #[serde(default)]
    pub description: String,
    /// Whether the value is a secret.
    #[serde(default)]
    pub secret: bool,
    /// Whether an endpoint may leave it without a value.
    #[serde(default)]
    pub optional: bool,
}

/// One endpoint of a third-party registration.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointRegister {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// The environments that it is assigned to.
    pub environments: Vec<String>,
    /// Its value for each parameter; null keeps the one that it has.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    pub values: BTreeMap<String, Option<Secret>>,
}

/// The registration of a resource: the content of `RESOURCE.yaml`, files and variables read.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceRegister {
    /// `[server/]name`.
    pub name: String,
    /// The name of a resource kind.
    pub kind: String,
    /// One line about it.
    #[serde(default)]
    pub summary: String,
    /// A page about it (Markdown).
    #[serde(default)]
    pub overview: String,
    /// A related document (Markdown).
    #[serde(default)]
    pub document: String,
    /// Free words to find it by.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Categories to filter by.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Its credentials.
    pub credentials: Vec<CredentialRegister>,
}

/// One credential of a resource registration.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialRegister {
    /// Its name.
    pub name: String,
    /// The environments that it is assigned to.
    pub environments: Vec<String>,
    /// Its value for each key of the kind; null keeps the one that it has.
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    pub values: BTreeMap<String, Option<Secret>>,
}

/// What the marketplace is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServiceQuery {
    /// Words that must all occur, each also as the beginning of a longer one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Where the words are looked for.
    #[serde(default)]
    #[param(inline)]
    pub field: SearchField,
    /// Only of these types or kinds, separated by commas: `internal`, `database`, `postgresql`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only internal services with this visibility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub visibility: Option<Visibility>,
    /// Only in this category, ignoring case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Only what a component of this project may connect to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Also what is not listed, for those who own it; each with where it stands.
    #[serde(default)]
    pub all: bool,
    /// At most so many; 50 when absent, never more than 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where to go on: `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Where a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchField {
    /// The service's name and reference.
    Name,
    /// Labels and categories.
    Label,
    /// Summary, overview, document and definition.
    Content,
    /// All of these.
    #[default]
    All,
}

/// What may change of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceUpdate {
    /// The schemes that an internal service enables.
    pub schemes: Option<Vec<Scheme>>,
    /// Whether the owners of an internal service approve each subscription; those that are there stay as they are.
    pub approval: Option<bool>,
    /// One line about it.
    pub summary: Option<String>,
    /// A page about it (Markdown).
    pub overview: Option<String>,
    /// A related document (Markdown).
    pub document: Option<String>,
    /// Free words to find it by, in place of those before.
    pub labels: Option<Vec<String>>,
    /// Categories, in place of those before.
    pub categories: Option<Vec<String>>,
}
