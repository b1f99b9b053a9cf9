//! People on the wire: members of an organization, accounts of the installation, and the links that they are given.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::TokenId;
use crate::model::Role;
use crate::secret::Secret;

/// The role of a person in an organization or project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MemberView {
    /// The name of the account: an e-mail address or a handle.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The one project that the role is limited to.
    pub project: Option<String>,
    /// Whether the role counts.
    pub state: MemberState,
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When the person accepted it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub accepted_at: Option<Timestamp>,
}

/// Whether somebody can make use of a role, or of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MemberState {
    /// They were invited, and have not accepted yet.
    Invited,
    /// They can.
    Active,
    /// An administrator of the installation took the account out of use.
    Disabled,
}

/// What invites a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserInvite {
    /// An e-mail address or a handle: the name that the person signs in with.
    pub name: String,
    /// What the person may do: viewer, developer, project-admin or organization-admin; of the installation: installation-admin.
    pub role: Role,
    /// The one project that the role is limited to.
    #[serde(default)]
    pub project: Option<String>,
}

/// Somebody who was invited. This is the only time that the link is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvitationView {
    /// The name of the account.
    pub name: String,
    /// The invitation link or password link that the person opens, once.
    pub url: String,
    /// When it stops being accepted.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// What changes the role of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserUpdate {
    /// The project that the role is limited to; absent for the role in the whole organization.
    #[serde(default)]
    pub project: Option<String>,
    /// The other role.
    pub role: Role,
}

/// Which role of a person is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// The project that it is limited to; absent for the role in the whole organization.
    pub project: Option<String>,
}

/// The account of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserView {
    /// Its name: an e-mail address or a handle.
    pub name: String,
    /// Whether it administers the installation.
    pub installation_admin: bool,
    /// Whether somebody can sign in with it.
    pub state: MemberState,
    /// The OpenID provider that somebody signs in to it with: then it has no password.
    pub issuer: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was taken out of use.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Timestamp>,
}

/// What changes an account; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstallationUserUpdate {
    /// Whether it is out of use.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// `false` takes the role installation-admin away. It is given by inviting.
    #[serde(default)]
    pub installation_admin: Option<bool>,
    /// `true` takes it from whom it belongs to at a sign-in provider: whoever has its e-mail address verified there is next.
    #[serde(default)]
    pub unlink: bool,
}

/// Who somebody is, to themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountView {
    /// How the audit names them: `user:` and a name, or `token:` and its name with the end of its id.
    pub label: String,
    /// The name of the account; null for the holder of a token.
    pub name: Option<String>,
    /// Whether they administer the installation.
    pub installation_admin: bool,
    /// Whether the account has a password.
    pub password: bool,
    /// The OpenID provider that the account signs in with.
    pub issuer: Option<String>,
    /// What they may do where.
    pub roles: Vec<RoleView>,
}

/// A role that somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RoleView {
    /// Where.
    pub organization: String,
    /// The one project that it is limited to.
    pub project: Option<String>,
    /// The role.
    pub role: Role,
}

/// What gives a person's account another password.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The one that it has.
    #[schema(value_type = String)]
    pub current: Secret,
    /// The one that it gets: 12 to 200 characters.
    #[schema(value_type = String)]
    pub password: Secret,
}

/// What makes a token with which a person uses the API as themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnTokenCreate {
    /// What the person calls it: a handle.
    pub name: String,
    /// After how many seconds it stops being accepted; 90 days, when absent.
    #[serde(default)]
    pub expires_in_seconds: Option<i64>,
}

/// A token of a person, without what they present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OwnTokenView {
    /// Its id.
    pub id: TokenId,
    /// What the person calls it.
    pub name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it stops being accepted.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A token of a person that was made. This is the only time that `token` is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OwnTokenCreated {
    /// What the person presents.
    pub token: String,
    /// The token.
    #[serde(flatten)]
    pub view: OwnTokenView,
}
