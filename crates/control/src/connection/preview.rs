//! What a connection would be, without making it: the decision of `connection_create`, of which nothing stays.

use tieline_core::kind::CONSUMER_KEY;
use tieline_core::wire::connection::ConnectionCreate;
use tieline_core::wire::offer::ConnectionPreview;

use super::show::Show;
use crate::{Actor, Control, Result};

impl Control {
    /// Decides about a connection as `connection_create` does, and shows what it would inject. Nothing is recorded, so
    /// that its id and the ids of clients that would be made for it are not known.
    ///
    /// # Errors
    /// Those of `connection_create`.
    pub async fn connection_preview(
        &self,
        actor: &Actor,
        organization: &str,
        request: ConnectionCreate,
    ) -> Result<ConnectionPreview> {
        // Never finished: what is written to decide is taken back.
        let mut work = self.write(actor, organization).await?;
        let connection = work.connection_make(request).await?;
        let mut view = work.show(&connection, Show::Masked).await?.view;
        for parameter in view.environments.values_mut().filter_map(|found| found.parameters.as_mut()).flatten() {
            if parameter.key == CONSUMER_KEY && parameter.value.take().is_some() {
                "masked".clone_into(&mut parameter.state);
            }
        }
        Ok(ConnectionPreview {
            name: view.name,
            level: view.level,
            project: view.project,
            component: view.component,
            service: view.service,
            access_mode: view.access_mode,
            authentication_scheme: view.authentication_scheme,
            secrets: view.secrets,
            mapping: view.mapping,
            environments: view.environments,
        })
    }
}
