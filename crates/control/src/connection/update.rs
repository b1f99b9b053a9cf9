//! Changing what may change of a connection: its description, and where its environments lead.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::wire::connection::{ConnectionUpdate, ConnectionView};
use tieline_store::connection::Connection;
use tieline_store::tenancy::Project;

use super::find::Scope;
use super::show::Show;
use super::values::{Status, mapped};
use crate::consumers::in_use;
use crate::service::text::{MAX_LINE, within};
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Changes a connection.
    ///
    /// # Errors
    /// `connection_not_found`, `forbidden`, `changed_meanwhile`, `connection_in_use` when a consumer would lose its values, and those of the
    /// mapping.
    pub async fn connection_update(
        &self,
        actor: &Actor,
        organization: &str,
        connection: &str,
        scope: Scope<'_>,
        request: ConnectionUpdate,
        expected: Option<i64>,
    ) -> Result<ConnectionView> {
        let mut work = self.write(actor, organization).await?;
        let mut connection = work.connection(connection, scope).await?;
        let project = work.place_of(&connection).await?.0;
        work.require_connect(connection.level, project.as_ref())?;
        work.expect_revision(expected, connection.revision)?;
        if let Some(description) = request.description {
            within("description", &description, MAX_LINE)?;
            connection.description = description;
        }
        if let Some(changes) = request.mapping {
            work.remap(&mut connection, project.as_ref(), changes).await?;
        }
        connection.updated_at = work.at;
        work.transaction.connection_update(&connection).await?;
        connection.revision += 1;
        work.subscribe(&BTreeSet::from([connection.id])).await?;
        work.refresh_connection(connection.id).await?;
        let answer = work.show(&connection, Show::Masked).await?.view;
        let detail = json!({ "name": answer.name, "mapping": answer.mapping, "description": answer.description });
        work.finish("connection_update", &connection.id.to_string(), detail).await?;
        Ok(answer)
    }
}

impl Work<'_> {
    /// Applies changes of the mapping, unless a consumer would be left without values. Consumers get the other values at
    /// once, as by a deployment: in critical environments that is for administrators of the project.
    async fn remap(
        &mut self,
        connection: &mut Connection,
        project: Option<&Project>,
        changes: BTreeMap<String, String>,
    ) -> Result<()> {
        let service = self.service_of(connection).await?;
        let (removed, set): (BTreeMap<_, _>, BTreeMap<_, _>) =
            changes.into_iter().partition(|(_, target)| target.is_empty());
        let mut mapping = connection.mapping.clone();
        for environment in removed.keys() {
            let environment = self.environment(environment).await?;
            mapping.remove(&environment.handle);
        }
        mapping.extend(self.checked_mapping(&service, &set).await?);
        let before = std::mem::replace(&mut connection.mapping, mapping);
        let former = Connection { mapping: before, ..connection.clone() };
        let consumers = self.consumers_of_connection(&former).await?;
        let mut broken = Vec::new();
        for environment in self.transaction.environments(self.organization.id).await? {
            let here: Vec<_> =
                consumers.iter().filter(|consumer| consumer.environment == environment.id).cloned().collect();
            if here.is_empty() {
                continue;
            }
            if environment.critical && mapped(&former, &environment) != mapped(connection, &environment) {
                self.require(Permission::AdministerProject, project)?;
            }
            let old = self.connection_values(&former, &service, &environment, None).await?;
            let new = self.connection_values(connection, &service, &environment, None).await?;
            if old.status == Status::Ready && new.status != Status::Ready {
                broken.extend(here);
            }
        }
        if broken.is_empty() {
            return Ok(());
        }
        let what = format!("the mapping of {:?}", connection.name);
        let error: Error = in_use(
            code!("connection_in_use"),
            &what,
            &broken,
            "map to what is deployed or assigned there, so that they keep their values",
        );
        Err(error)
    }
}
