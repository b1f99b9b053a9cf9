//! Typed ids: an id of one kind of thing cannot be given where another is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid")]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// An organization.
    OrganizationId,
    /// An environment of an organization.
    EnvironmentId,
    /// A project.
    ProjectId,
    /// A component.
    ComponentId,
    /// A marketplace entry.
    ServiceId,
    /// A third-party endpoint or a resource's credential.
    EntryId,
    /// A connection; UUID v4, because files carry it and Choreo's validator refuses later versions.
    ConnectionId,
    /// An OAuth application.
    ApplicationId,
    /// One sealed value.
    SealedVersionId,
    /// A release.
    ReleaseId,
    /// A deployment.
    DeploymentId,
    /// An API token.
    TokenId,
    /// A person's account.
    UserId,
    /// A role that somebody has, or is invited to, in an organization or project.
    MembershipId,
    /// A single-use link by which somebody joins, or sets a password.
    InvitationId,
    /// A running process that holds a snapshot.
    InstanceId,
    /// A single-use sign-in link of the console.
    SignInLinkId,
    /// A session of the console.
    SessionId,
    /// A row that only other rows refer to: a client secret, an API key.
    RowId,
}
