//! What a service's definition says, for people to read.

use tieline_core::code;
use tieline_core::definition::{DefinitionKind, outline};
use tieline_core::wire::outline::Outline;

use crate::{Actor, Control, Error, Result};

/// Outlines that are made at a time: one of the largest definition takes some 60 MB while it is made.
pub(crate) const OUTLINES: usize = 2;

impl Control {
    /// The definition of a service, read for people: whoever may see the service may read it. A reference without project
    /// means `project`.
    ///
    /// # Errors
    /// `definition_missing`, `service_not_found`, `reference_invalid`, `reference_incomplete`, `project_not_found`.
    pub async fn service_outline(
        &self,
        actor: &Actor,
        organization: &str,
        reference: &str,
        project: Option<&str>,
    ) -> Result<Outline> {
        // Nobody ends this semaphore, so that each waits only for its turn; and before it holds anything.
        let _turn = self.outlines.acquire().await.ok();
        let mut work = self.read(actor, organization).await?;
        let own = work.own_project(project).await?;
        let service = work.service_find(reference, own.as_ref()).await?;
        drop(work);
        let Some(text) = service.definition else {
            return Err(Error::not_found(
                code!("definition_missing"),
                format!("{} has no API definition", service.reference),
                "its owners register one with it, or deploy one that an endpoint's schemaFilePath names",
            ));
        };
        Ok(outline(DefinitionKind::of_word(&service.definition_kind).unwrap_or(DefinitionKind::Unknown), &text))
    }
}
