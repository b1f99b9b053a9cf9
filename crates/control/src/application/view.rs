//! Looking at OAuth applications: all that the actor may see, and one with its secrets and who uses it.

use tieline_core::access::{Permission, Verdict};
use tieline_core::code;
use tieline_core::id::ApplicationId;
use tieline_core::wire::Page;
use tieline_core::wire::application::ApplicationView;
use tieline_store::key::Application;

use super::ApplicationHome;
use crate::page::{PageQuery, cursor, cursor_invalid, cut};
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// One page of the OAuth applications that the actor may see, in the order in which they were made.
    ///
    /// # Errors
    /// `organization_not_found`, `cursor_invalid`.
    pub async fn application_list(
        &self,
        actor: &Actor,
        organization: &str,
        page: &PageQuery,
    ) -> Result<Page<ApplicationView>> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let mut after = match page.after()? {
            Some([id]) => id.parse::<ApplicationId>().map_err(|_| cursor_invalid())?.to_string(),
            None => String::new(),
        };
        let limit = page.limit();
        let mut seen = Vec::new();
        // Whoever sees one project alone passes over the applications of the others.
        loop {
            let found = work.transaction.applications_page(work.organization.id, &after, limit + 1).await?;
            let last = found.len() <= usize::try_from(limit).unwrap_or(usize::MAX);
            after = found.last().map(|application| application.id.to_string()).unwrap_or(after);
            for application in found {
                seen.extend(work.application_seen(application).await?);
            }
            if last || seen.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
                break;
            }
        }
        let next = cut(&mut seen, limit, |(application, _)| cursor(&[&application.id.to_string()]));
        let environments = work.transaction.environments(work.organization.id).await?;
        let mut items = Vec::with_capacity(seen.len());
        for (application, home) in seen {
            items.push(work.application_shown(&application, home, &environments).await?);
        }
        Ok(Page { items, next })
    }

    /// An OAuth application with its secrets, without their values, and the connections that use it.
    ///
    /// # Errors
    /// `organization_not_found`, `application_not_found`.
    pub async fn application_view(&self, actor: &Actor, organization: &str, id: &str) -> Result<ApplicationView> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let missing = || {
            Error::not_found(
                code!("application_not_found"),
                format!("there is no OAuth application {id:?}"),
                "see those that you may see with `tieline application list`",
            )
        };
        let found = work.transaction.application_by_id(id.parse::<ApplicationId>().map_err(|_| missing())?).await?;
        let found = found.filter(|application| application.organization_id == work.organization.id);
        let (application, home) = match found {
            Some(application) => work.application_seen(application).await?.ok_or_else(missing)?,
            None => return Err(missing()),
        };
        let environments = work.transaction.environments(work.organization.id).await?;
        let mut view = work.application_shown(&application, home, &environments).await?;
        for environment in &environments {
            if let Some(client) = view.environments.get_mut(&environment.handle) {
                client.secrets = Some(work.application_secrets(&application, environment).await?);
            }
        }
        view.used_by = Some(work.application_used_by(&application, &environments).await?);
        Ok(view)
    }
}

impl Work<'_> {
    /// An application with whose it is, if the actor may see the connections that use it.
    async fn application_seen(&mut self, application: Application) -> Result<Option<(Application, ApplicationHome)>> {
        let Some(home) = self.application_home(&application).await? else { return Ok(None) };
        let project = home.project.as_ref().map(|project| project.id);
        let sees = self.verdict(Permission::View, project) == Verdict::Allowed;
        Ok(sees.then_some((application, home)))
    }
}
