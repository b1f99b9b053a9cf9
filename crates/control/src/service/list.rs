//! Listing and searching the marketplace, one page at a time.

use tieline_core::access::Permission;
use tieline_core::wire::Page;
use tieline_core::wire::service::{SearchField, ServiceQuery, ServiceView};
use tieline_store::search::{Field, Query};

use crate::page::{cursor, cut, place};
use crate::{Actor, Control, Result};

/// Services on a page when the asker does not say.
const DEFAULT_PAGE: u32 = 50;
/// Most services on a page.
const MAX_PAGE: u32 = 200;

impl Control {
    /// One page of what the actor may connect to, by name. With a project: what a component of it may connect to.
    ///
    /// # Errors
    /// `project_not_found`, `cursor_invalid`.
    pub async fn service_list(
        &self,
        actor: &Actor,
        organization: &str,
        query: &ServiceQuery,
    ) -> Result<Page<ServiceView>> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let projects = match &query.project {
            Some(handle) => Some(vec![work.project(handle).await?.id]),
            None => work.projects_seen().await?,
        };
        let limit = query.limit.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE);
        let kinds = query.kind.as_deref().unwrap_or_default().split(',').map(str::trim);
        let search = Query {
            text: query.search.clone().filter(|text| !text.trim().is_empty()),
            field: match query.field {
                SearchField::Name => Field::Name,
                SearchField::Label => Field::Label,
                SearchField::Content => Field::Content,
                SearchField::All => Field::All,
            },
            kinds: kinds.filter(|kind| !kind.is_empty()).map(str::to_lowercase).collect(),
            visibility: query.visibility,
            category: query.category.clone(),
            projects,
            unlisted: query.all,
            after: query.cursor.as_deref().map(after).transpose()?,
            limit: i64::from(limit) + 1,
        };
        let mut services = work.transaction.search(work.organization.id, &search).await?;
        let next = cut(&mut services, i64::from(limit), |last| cursor(&[&last.id.to_string(), &last.name]));
        let projects = work.transaction.projects(work.organization.id).await?;
        let environments = work.transaction.environments(work.organization.id).await?;
        let mut items = Vec::new();
        for service in &services {
            if service.listed || work.is_owner(service).await {
                let mut view = work.service_brief(service, &projects).await?;
                if query.all {
                    view.standing = Some(work.service_standing(service, &environments).await?);
                }
                items.push(view);
            }
        }
        Ok(Page { items, next })
    }
}

/// Ids hold no line break, names may.
fn after(cursor: &str) -> Result<(String, String)> {
    let [id, name] = place(cursor)?;
    Ok((name, id))
}
