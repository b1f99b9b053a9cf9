//! The frame of every use case: a transaction in one organization, with what was found, who asks, and at the end the
//! audit entry and the numbered change.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value as Json;
use tieline_core::access::{Permission, Place, Verdict, decide};
use tieline_core::code;
use tieline_core::id::{ComponentId, EnvironmentId, ProjectId};
use tieline_core::secret::Digest;
use tieline_store::Transaction;
use tieline_store::organization::Organization;
use tieline_store::record::AuditEntry;
use tieline_store::service::Service;
use tieline_store::tenancy::{Component, Environment, Project};

use crate::table::{self, Difference, Scope};
use crate::{Actor, Control, Error, Result, answer};

/// A use case at work in one organization. Dropped without [`Work::finish`], it leaves nothing behind.
pub(crate) struct Work<'a> {
    pub(crate) control: &'a Control,
    pub(crate) actor: &'a Actor,
    pub(crate) transaction: Transaction,
    pub(crate) organization: Organization,
    pub(crate) at: Timestamp,
    /// Of what the gateway's table is derived anew when it ends.
    pub(crate) touched: BTreeSet<Scope>,
    /// How many deployments it planned again so far.
    pub(crate) replanned: i64,
    /// What it is about to deploy, so that a component finds itself where it will be.
    pub(crate) coming: Option<Coming>,
}

/// Where the endpoints of a component will listen once the use case has deployed it.
pub(crate) struct Coming {
    pub(crate) component: ComponentId,
    pub(crate) environment: EnvironmentId,
    /// None while nobody has said it.
    pub(crate) major: Option<i64>,
    /// Endpoint, address and base path.
    pub(crate) endpoints: Vec<(String, String, String)>,
}

impl Coming {
    /// Address and base path of a service in an environment, if it will be deployed there.
    pub(crate) fn of(&self, service: &Service, environment: EnvironmentId) -> Option<(String, String)> {
        let offered = service.endpoint.as_ref()?;
        let here = service.component_id == Some(self.component) && environment == self.environment;
        if !here || self.major.is_some_and(|major| major != service.major) {
            return None;
        }
        let same = |(name, _, _): &&(String, String, String)| name.eq_ignore_ascii_case(&offered.name);
        self.endpoints.iter().find(same).map(|(_, address, base_path)| (address.clone(), base_path.clone()))
    }
}

impl Control {
    /// Begins a use case that changes something. The organization's lock makes those of one organization wait for each
    /// other, so that what a use case decides from is still true when it records.
    pub(crate) async fn write<'a>(&'a self, actor: &'a Actor, organization: &str) -> Result<Work<'a>> {
        let mut work = Work::begin(self, actor, self.store.write().await?, organization).await?;
        // What was read before the lock may have changed while it was waited for. Who has no part here waits for nobody.
        let locked = work.transaction.organization_lock(work.organization.id).await?;
        work.organization = locked.ok_or_else(|| organization_missing(organization))?;
        answer::claim(&mut work.transaction, actor, work.at).await?;
        Ok(work)
    }

    /// Begins a use case that only looks.
    pub(crate) async fn read<'a>(&'a self, actor: &'a Actor, organization: &str) -> Result<Work<'a>> {
        Work::begin(self, actor, self.store.read().await?, organization).await
    }
}

impl<'a> Work<'a> {
    async fn begin(
        control: &'a Control,
        actor: &'a Actor,
        mut transaction: Transaction,
        handle: &str,
    ) -> Result<Work<'a>> {
        let missing = || organization_missing(handle);
        let organization = transaction.organization_by_handle(handle).await?.ok_or_else(missing)?;
        let belongs = |grant: &tieline_core::access::Grant| grant.organization == Some(organization.id);
        if !actor.grants.iter().any(belongs) {
            return Err(missing());
        }
        Ok(Self {
            control,
            actor,
            transaction,
            organization,
            at: control.now(),
            touched: BTreeSet::new(),
            replanned: 0,
            coming: None,
        })
    }

    /// Whether the actor may do something in a project, or in the organization as a whole.
    pub(crate) fn verdict(&self, permission: Permission, project: Option<ProjectId>) -> Verdict {
        decide(&self.actor.grants, permission, Place { organization: self.organization.id, project })
    }

    /// Refuses unless the actor may do something. Who may not even see the place is told that it is not there.
    pub(crate) fn require(&self, permission: Permission, project: Option<&Project>) -> Result<()> {
        match self.verdict(permission, project.map(|project| project.id)) {
            Verdict::Allowed => Ok(()),
            Verdict::Forbidden => Err(Error::forbidden(
                code!("forbidden"),
                format!("{} may not do this here: it needs {}", self.actor.label, needs(permission)),
                "ask an administrator of the organization for a token with that role",
            )),
            Verdict::Hidden => Err(match project {
                Some(project) => project_missing(&project.handle),
                None => organization_missing(&self.organization.handle),
            }),
        }
    }

    /// The project of a handle, if the actor may see it.
    pub(crate) async fn project(&mut self, handle: &str) -> Result<Project> {
        let found = self.transaction.project_by_handle(self.organization.id, handle).await?;
        let project = found.ok_or_else(|| project_missing(handle))?;
        match self.verdict(Permission::View, Some(project.id)) {
            Verdict::Allowed => Ok(project),
            _ => Err(project_missing(handle)),
        }
    }

    /// The component of a handle, if the actor may see it.
    pub(crate) async fn component(&mut self, project: &str, handle: &str) -> Result<(Project, Component)> {
        let project = self.project(project).await?;
        let found = self.transaction.component_by_handle(project.id, handle).await?;
        let component = found.ok_or_else(|| component_missing(&project.handle, handle))?;
        Ok((project, component))
    }

    /// The environment of a handle.
    pub(crate) async fn environment(&mut self, handle: &str) -> Result<Environment> {
        let found = self.transaction.environment_by_handle(self.organization.id, handle).await?;
        found.ok_or_else(|| {
            Error::not_found(
                code!("environment_not_found"),
                format!("the organization {:?} has no environment {handle:?}", self.organization.handle),
                "see its environments with `tieline environment list`",
            )
        })
    }

    /// Refuses when a thing changed since the asker read it; who does not say what they read takes what is there.
    pub(crate) fn expect_revision(&self, expected: Option<i64>, found: i64) -> Result<()> {
        match expected {
            Some(expected) if expected != found => Err(Error::changed(
                code!("changed_meanwhile"),
                format!("it was changed since it had revision {expected}; now it has {found}"),
                "read it again, and repeat the change with its present ETag in If-Match",
            )),
            _ => Ok(()),
        }
    }

    /// Records what was done and makes everything durable: the audit entry, the numbered change with what it changes of the
    /// gateway's table, the commit. Returns when a gateway in this process has applied it.
    pub(crate) async fn finish(mut self, action: &str, object: &str, detail: Json) -> Result<()> {
        let differences = self.table_differences().await?;
        self.finish_with(differences, action, object, detail).await
    }

    /// As [`Work::finish`], with differences of the gateway's table that were derived already.
    pub(crate) async fn finish_with(
        mut self,
        differences: Vec<Difference>,
        action: &str,
        object: &str,
        detail: Json,
    ) -> Result<()> {
        self.audit(action, object, detail).await?;
        let organization = self.organization.id.to_string();
        let number = self.transaction.change_insert(&organization, action, object, self.at).await?;
        let served = !differences.is_empty();
        table::record(&mut self.transaction, differences, number).await?;
        self.transaction.commit().await?;
        self.control.feed.announce(&organization, number);
        if served {
            self.control.await_applied(number).await;
        }
        Ok(())
    }

    /// As [`Work::finish`], for what was looked at: it leaves an audit entry, and nothing for anybody to follow.
    pub(crate) async fn finish_unchanged(mut self, action: &str, object: &str, detail: Json) -> Result<()> {
        self.audit(action, object, detail).await?;
        Ok(self.transaction.commit().await?)
    }

    /// Records what was done, without ending the use case.
    pub(crate) async fn audit(&mut self, action: &str, object: &str, detail: Json) -> Result<()> {
        let organization = self.organization.id.to_string();
        audit(&mut self.transaction, &organization, &self.actor.label, action, object, detail, self.at).await
    }
}

/// Adds an entry to a chain for what was done.
pub(crate) async fn audit(
    transaction: &mut Transaction,
    organization: &str,
    actor: &str,
    action: &str,
    object: &str,
    detail: Json,
    at: Timestamp,
) -> Result<()> {
    let detail = &detail.to_string();
    record(transaction, &Recorded { organization, actor, action, object, result: "done", detail }, at).await
}

/// What an entry says.
pub(crate) struct Recorded<'a> {
    /// The organization's id; empty for the installation.
    pub(crate) organization: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) action: &'a str,
    pub(crate) object: &'a str,
    /// `done`, or the code of the refusal.
    pub(crate) result: &'a str,
    /// JSON.
    pub(crate) detail: &'a str,
}

/// Adds an entry to a chain: each hash covers the one before it, so that nothing can be taken out unseen.
pub(crate) async fn record(transaction: &mut Transaction, recorded: &Recorded<'_>, at: Timestamp) -> Result<()> {
    let last = transaction.audit_last(recorded.organization).await?;
    let (previous, sequence) = last.map_or((String::new(), 1), |entry| (entry.hash, entry.sequence + 1));
    let mut entry = AuditEntry {
        organization: recorded.organization.to_owned(),
        sequence,
        at,
        actor: recorded.actor.to_owned(),
        action: recorded.action.to_owned(),
        object: recorded.object.to_owned(),
        result: recorded.result.to_owned(),
        detail: recorded.detail.to_owned(),
        hash: String::new(),
    };
    entry.hash = chain_hash(&previous, &entry);
    transaction.audit_insert(&entry).await?;
    Ok(())
}

/// The hash of an entry: SHA-256, base64url, over the previous hash and the fields as a JSON array.
pub(crate) fn chain_hash(previous: &str, entry: &AuditEntry) -> String {
    let fields = serde_json::json!([
        previous,
        entry.organization,
        entry.sequence,
        entry.at.to_string(),
        entry.actor,
        entry.action,
        entry.object,
        entry.result,
        entry.detail
    ]);
    Digest::of(&fields.to_string()).to_string()
}

fn needs(permission: Permission) -> &'static str {
    match permission {
        Permission::View => "the role viewer",
        Permission::Develop | Permission::Secrets { critical: false } => "the role developer",
        Permission::AdministerProject => "the role project-admin",
        Permission::AdministerOrganization => "the role organization-admin",
        Permission::Secrets { critical: true } => "the role organization-admin, because the environment is critical",
    }
}

fn organization_missing(handle: &str) -> Error {
    Error::not_found(
        code!("organization_not_found"),
        format!("there is no organization {handle:?}"),
        "see those you may use with `tieline organization list`",
    )
}

fn project_missing(handle: &str) -> Error {
    Error::not_found(
        code!("project_not_found"),
        format!("there is no project {handle:?}"),
        "see the projects with `tieline project list`",
    )
}

fn component_missing(project: &str, handle: &str) -> Error {
    Error::not_found(
        code!("component_not_found"),
        format!("the project {project:?} has no component {handle:?}"),
        format!("see its components with `tieline component list --project {project}`"),
    )
}
