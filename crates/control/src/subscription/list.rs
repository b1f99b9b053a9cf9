//! Listing subscriptions: those of a service, or all that the actor may see.

use tieline_core::access::Permission;
use tieline_core::wire::Page;
use tieline_core::wire::subscription::{SubscriptionQuery, SubscriptionView};

use crate::page::{PageQuery, cursor, cut};
use crate::{Actor, Control, Result};

impl Control {
    /// One page of the subscriptions that the actor may see, as owner of the service or as consumer.
    ///
    /// # Errors
    /// `organization_not_found`, `service_not_found`, `reference_invalid`, `cursor_invalid`.
    pub async fn subscription_list(
        &self,
        actor: &Actor,
        organization: &str,
        query: &SubscriptionQuery,
    ) -> Result<Page<SubscriptionView>> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let page = PageQuery { cursor: query.cursor.clone(), limit: query.limit };
        let [connection, environment] = page.after()?.unwrap_or_default();
        let limit = page.limit();
        let after = (connection.as_str(), environment.as_str());
        let mut found = match &query.service {
            Some(reference) => {
                let own = work.own_project(query.project.as_deref()).await?;
                let service = work.service_find(reference, own.as_ref()).await?;
                work.transaction.subscriptions_of_service(service.id, after, limit + 1).await?
            }
            None => work.transaction.subscriptions_page(work.organization.id, after, limit + 1).await?,
        };
        let place = |last: &tieline_store::subscription::Subscription| {
            cursor(&[&last.connection_id.to_string(), &last.environment_id.to_string()])
        };
        let next = cut(&mut found, limit, place);
        let environments = work.transaction.environments(work.organization.id).await?;
        let mut items = Vec::new();
        for subscription in found {
            let Some(found) = work.subscription_seen(subscription).await? else { continue };
            let view = work.subscription_view(&found, &environments).await?;
            if query.state.is_none_or(|state| state == view.standing.state) {
                items.push(view);
            }
        }
        Ok(Page { items, next })
    }
}
