//! Organizations: made by the installation's administrators, who administer what they made.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::id::{EnvironmentId, MembershipId, OrganizationId};
use tieline_core::model::Role;
use tieline_core::name::{Handle, NameError};
use tieline_core::wire::tenancy::{OrganizationCreate, OrganizationUpdate, OrganizationView};
use tieline_core::{access_token, code};
use tieline_store::organization::Organization;
use tieline_store::session::Owner;
use tieline_store::tenancy::Environment;
use tieline_store::user::Membership;

use crate::{Actor, Control, Error, Result, answer, table, work};

impl Control {
    /// Makes an organization with the environments `development` and `production`, the latter critical.
    ///
    /// # Errors
    /// `forbidden`, `handle_invalid`, `organization_exists`.
    pub async fn organization_create(&self, actor: &Actor, request: OrganizationCreate) -> Result<OrganizationView> {
        actor.require_installation()?;
        let handle = handle(&request.handle)?;
        let mut transaction = self.store.write().await?;
        let at = self.now();
        transaction.installation_lock().await?;
        answer::claim(&mut transaction, actor, at).await?;
        let organization = Organization {
            id: OrganizationId(self.new_id()),
            handle: handle.as_str().to_owned(),
            variable_prefix: "CHOREO".to_owned(),
            token_lifetime: access_token::LIFETIME,
            revision: 1,
            created_at: at,
        };
        if transaction.organization_by_handle(handle.as_str()).await?.is_some() {
            return Err(exists(&handle));
        }
        transaction.organization_insert(&organization).await.map_err(|error| match error {
            tieline_store::Error::Duplicate => exists(&handle),
            other => other.into(),
        })?;
        for (position, name, critical) in [(1, "development", false), (2, "production", true)] {
            transaction
                .environment_insert(&Environment {
                    id: EnvironmentId(self.new_id()),
                    organization_id: organization.id,
                    handle: name.to_owned(),
                    position,
                    critical,
                    allowed_addresses: Vec::new(),
                    revision: 1,
                    created_at: at,
                })
                .await?;
        }
        match actor.owner {
            Owner::Token(token) => transaction.token_organization_insert(token, organization.id).await?,
            Owner::User(user_id) => {
                let membership = Membership {
                    id: MembershipId(self.new_id()),
                    user_id,
                    organization_id: organization.id,
                    project_id: None,
                    role: Role::OrganizationAdmin,
                    created_at: at,
                    accepted_at: Some(at),
                };
                transaction.membership_insert(&membership).await?;
            }
        }
        let id = organization.id.to_string();
        let object = organization.handle.clone();
        work::audit(&mut transaction, &id, actor.label(), "organization_create", &object, json!({}), at).await?;
        // A second organization takes loopback from the endpoints of the first.
        let differences = self.own_differences(&mut transaction).await?;
        let number = transaction.change_insert(&id, "organization_create", &object, at).await?;
        table::record(&mut transaction, differences, number).await?;
        transaction.commit().await?;
        self.feed.announce(&id, number);
        Ok(view(organization))
    }

    /// The organizations that the actor has a part in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organization_list(&self, actor: &Actor) -> Result<Vec<OrganizationView>> {
        let mut transaction = self.store.read().await?;
        let mut organizations = transaction.organizations().await?;
        organizations.retain(|organization| {
            actor.grants.iter().any(|grant| grant.organization == Some(organization.id) && grant.role >= Role::Viewer)
        });
        Ok(organizations.into_iter().map(view).collect())
    }

    /// One organization.
    ///
    /// # Errors
    /// `organization_not_found`.
    pub async fn organization_view(&self, actor: &Actor, organization: &str) -> Result<OrganizationView> {
        let work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        Ok(view(work.organization))
    }

    /// Changes the settings of an organization.
    ///
    /// # Errors
    /// `organization_not_found`, `forbidden`, `variable_prefix_invalid`, `token_lifetime_invalid`, `changed_meanwhile`.
    pub async fn organization_update(
        &self,
        actor: &Actor,
        organization: &str,
        request: OrganizationUpdate,
        expected: Option<i64>,
    ) -> Result<OrganizationView> {
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        work.expect_revision(expected, work.organization.revision)?;
        if let Some(prefix) = request.variable_prefix {
            let good = prefix.starts_with(|c: char| c.is_ascii_uppercase())
                && prefix.len() <= 32
                && prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            if !good {
                return Err(Error::invalid(
                    code!("variable_prefix_invalid"),
                    format!("{prefix:?} cannot begin the names of variables"),
                    "use up to 32 capitals, digits and _, beginning with a capital, as CHOREO",
                ));
            }
            work.organization.variable_prefix = prefix;
        }
        if let Some(seconds) = request.token_lifetime_seconds {
            if !access_token::LIFETIMES.contains(&seconds) {
                return Err(Error::invalid(
                    code!("token_lifetime_invalid"),
                    format!("access tokens cannot live for {seconds} s"),
                    "choose between a minute and a day, as 15m",
                ));
            }
            work.organization.token_lifetime = seconds;
        }
        work.transaction.organization_update(&work.organization).await?;
        work.organization.revision += 1;
        let answer = view(work.organization.clone());
        let object = answer.handle.clone();
        let detail = json!({
            "variable_prefix": answer.variable_prefix, "token_lifetime_seconds": answer.token_lifetime_seconds,
        });
        work.finish("organization_update", &object, detail).await?;
        Ok(answer)
    }
}

/// Reads a handle that somebody chose.
pub(crate) fn handle(text: &str) -> Result<Handle> {
    Handle::parse(text).map_err(|NameError(message)| {
        Error::invalid(code!("handle_invalid"), message, "choose another handle, as `orders` or `order-service`")
    })
}

fn exists(handle: &Handle) -> Error {
    Error::conflict(
        code!("organization_exists"),
        format!("there is an organization {handle:?} already; handles differ ignoring case", handle = handle.as_str()),
        "choose another handle",
    )
}

fn view(organization: Organization) -> OrganizationView {
    OrganizationView {
        handle: organization.handle,
        variable_prefix: organization.variable_prefix,
        token_lifetime_seconds: organization.token_lifetime,
        revision: organization.revision,
        created_at: organization.created_at,
    }
}
