//! The vocabulary of endpoints: their types, who may reach them, and how a connection reaches them.

use serde::{Deserialize, Serialize};

/// What an endpoint speaks. The wire form is case-sensitive, as in Choreo's descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub enum EndpointType {
    /// HTTP with a REST interface.
    REST,
    /// GraphQL over HTTP.
    GraphQL,
    /// gRPC over HTTP/2.
    GRPC,
    /// A raw TCP port.
    TCP,
    /// A raw UDP port.
    UDP,
    /// WebSocket.
    WS,
}

impl EndpointType {
    /// Every type, in the order in which messages list them.
    pub const ALL: [Self; 6] = [Self::REST, Self::GraphQL, Self::GRPC, Self::TCP, Self::UDP, Self::WS];

    /// The word of the descriptor.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::REST => "REST",
            Self::GraphQL => "GraphQL",
            Self::GRPC => "GRPC",
            Self::TCP => "TCP",
            Self::UDP => "UDP",
            Self::WS => "WS",
        }
    }

    /// Reads the descriptor's word, case-sensitively.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether only the same project may reach it, whatever the descriptor says: the gateway does not carry these.
    #[must_use]
    pub fn project_only(self) -> bool {
        matches!(self, Self::GRPC | Self::TCP | Self::UDP)
    }
}

/// Who may reach an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Visibility {
    /// Components of the same project, at the endpoint's own address.
    Project,
    /// Any component of the organization, through the internal gateway.
    Organization,
    /// Anybody with a subscription, through the external gateway.
    Public,
}

impl Visibility {
    /// Every visibility, narrowest first.
    pub const ALL: [Self; 3] = [Self::Project, Self::Organization, Self::Public];

    /// The word of the descriptor: `Project`, `Organization`, `Public`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "Project",
            Self::Organization => "Organization",
            Self::Public => "Public",
        }
    }

    /// The word of a reference: `PROJECT`, `ORGANIZATION`, `PUBLIC`.
    #[must_use]
    pub fn reference_word(self) -> &'static str {
        match self {
            Self::Project => "PROJECT",
            Self::Organization => "ORGANIZATION",
            Self::Public => "PUBLIC",
        }
    }

    /// Reads the descriptor's word, case-sensitively.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|visibility| visibility.as_str() == text)
    }
}
