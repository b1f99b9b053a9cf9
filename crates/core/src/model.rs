//! The nouns of Tieline that more than one rule shares: component types, levels, schemes, parameters and pinned values.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::endpoint::{EndpointType, Visibility};
use crate::id::SealedVersionId;

/// Makes an enum whose wire form, text form and column form are one lower-case word.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order in which messages list them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word of the wire, the command line and the database.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    format!("\"{text}\" is none of {}", words.join(", "))
                })
            }
        }
    };
}

words! {
    /// What a component is.
    ComponentType {
        /// A long-running program with or without endpoints.
        Service = "service",
        /// A browser application: it gets no minted keys and no secrets.
        WebApp = "web-app",
        /// A program that runs and ends.
        Task = "task",
        /// A consumer that Tieline never deploys.
        ExternalConsumer = "external-consumer",
    }
}

words! {
    /// Where a connection lives, which decides who may refer to it.
    Level {
        /// Any component of the organization.
        Organization = "organization",
        /// Any component of the project.
        Project = "project",
        /// One component.
        Component = "component",
    }
}

words! {
    /// The network visibility through which a connection calls an internal service.
    AccessMode {
        /// The endpoint's own address, inside the project.
        Project = "project",
        /// The internal gateway.
        Organization = "organization",
        /// The external gateway.
        Public = "public",
    }
}

impl AccessMode {
    /// The visibility that admits this mode.
    #[must_use]
    pub fn visibility(self) -> Visibility {
        match self {
            Self::Project => Visibility::Project,
            Self::Organization => Visibility::Organization,
            Self::Public => Visibility::Public,
        }
    }
}

impl From<Visibility> for AccessMode {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Project => Self::Project,
            Visibility::Organization => Self::Organization,
            Visibility::Public => Self::Public,
        }
    }
}

words! {
    /// How a call through the gateway proves who calls.
    Scheme {
        /// An OAuth 2.0 client gets a token by client credentials.
        OAuth2 = "oauth2",
        /// An opaque key in a header.
        ApiKey = "api-key",
        /// No proof.
        None = "none",
    }
}

words! {
    /// How tokens are signed.
    SigningAlgorithm {
        /// ECDSA on P-256 with SHA-256.
        Es256 = "es256",
        /// Ed25519.
        EdDsa = "eddsa",
        /// RSA of 2048 bits with SHA-256, PKCS#1 1.5.
        Rs256 = "rs256",
    }
}

words! {
    /// Whose secret a connection injects.
    Secrets {
        /// One secret for all components that use the application.
        Shared = "shared",
        /// The shared client id with a secret for each component.
        PerComponent = "per-component",
    }
}

words! {
    /// What a marketplace entry is.
    ServiceType {
        /// One endpoint and major version of a component.
        Internal = "internal",
        /// An API of somebody else, registered.
        ThirdParty = "third-party",
        /// A database.
        Database = "database",
        /// A cache.
        Cache = "cache",
        /// A message broker.
        Broker = "broker",
        /// An object store.
        Storage = "storage",
    }
}

words! {
    /// What an actor may do; a later word may do what an earlier one may.
    Role {
        /// Follows the gateway's table, and nothing else.
        Gateway = "gateway",
        /// Fetches the snapshot of one component in one environment, and nothing else.
        Runner = "runner",
        /// Sees everything but secrets.
        Viewer = "viewer",
        /// Connects and deploys in environments that are not critical, and reads their secrets.
        Developer = "developer",
        /// Administers a project: its third-party services, its deployments in critical environments.
        ProjectAdmin = "project-admin",
        /// Administers an organization and reads all its secrets.
        OrganizationAdmin = "organization-admin",
        /// Makes organizations, and administers those it made.
        InstallationAdmin = "installation-admin",
    }
}

words! {
    /// What a single-use link is for that somebody is given.
    InvitationPurpose {
        /// To accept a role in an organization.
        Join = "join",
        /// To become an administrator of the installation.
        Administer = "administer",
        /// To set another password.
        Password = "password",
    }
}

/// One key of a connection kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Parameter {
    /// The key, as `ServiceURL`.
    pub key: String,
    /// The type of its value: `string`, unless the registration says otherwise.
    #[serde(rename = "type", default = "string_type")]
    pub value_type: String,
    /// What the value is.
    #[serde(default)]
    pub description: String,
    /// Whether the value is a secret.
    #[serde(default)]
    pub sensitive: bool,
    /// Whether an entry may leave it without a value.
    #[serde(default)]
    pub optional: bool,
}

fn string_type() -> String {
    "string".to_owned()
}

/// A value that is settled: either plain, or a sealed version to be opened at delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinnedValue {
    /// A value that is no secret.
    Plain(String),
    /// A secret, by its sealed version.
    Sealed(SealedVersionId),
}

/// Why a variable is carried forward from an earlier snapshot instead of resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Degraded {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why.
    pub reason: String,
}

/// What only an internal service has: the endpoint that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEndpoint {
    /// The endpoint's name in the descriptor.
    pub name: String,
    /// What it speaks.
    pub kind: EndpointType,
    /// Its port, as the descriptor of the latest deployment says.
    pub port: u16,
    /// Its base path, as the descriptor of the latest deployment says.
    pub base_path: String,
    /// Whether references that name no endpoint mean this one.
    pub default: bool,
}
