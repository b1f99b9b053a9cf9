//! `promote`: takes a live release from one environment to a later one, and resolves it there.

use serde_json::json;
use tieline_core::code;
use tieline_core::policy::Policy;
use tieline_core::wire::plan::{DeploymentView, PromoteRequest};

use super::deploy::Order;
use super::plan::Spot;
use super::source::prepared_again;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Promotes the live release of a component. Where its endpoints listen is not carried over: another environment is
    /// another place. What the target environment's present deployment was told stays.
    ///
    /// # Errors
    /// [`Error::NotReady`] with every problem; `forbidden`, `not_deployed`, `promotion_backwards`.
    pub async fn promote(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        component: &str,
        request: PromoteRequest,
    ) -> Result<DeploymentView> {
        let mut work = self.write(actor, organization).await?;
        let from = work.spot(project, component, &request.from).await?;
        let to = Spot { environment: work.environment(&request.to).await?, ..from.clone() };
        work.require_deploy(&to)?;
        if to.environment.position <= from.environment.position {
            return Err(Error::conflict(
                code!("promotion_backwards"),
                format!("{} does not come after {}", to.environment.handle, from.environment.handle),
                "see the order with `tieline environment list`; any environment may be deployed to directly",
            ));
        }
        let live = work.live(&from, request.version.as_deref()).await?;
        let release = work.release(&live).await?;
        let there = work.transaction.deployments_live(to.component.id, to.environment.id).await?;
        let there = there.into_iter().find(|deployment| deployment.major == live.major);
        let mut addresses = there.as_ref().map(|there| there.addresses.clone()).unwrap_or_default();
        let prepared = prepared_again(&release.source)?;
        addresses.retain(|name, _| prepared.descriptor.endpoints.iter().any(|endpoint| endpoint.name == *name));
        addresses.extend(request.addresses);
        let policy = there.and_then(|there| Policy::parse(&there.policy).ok()).unwrap_or_default();
        let order = Order {
            prepared,
            major: release.major,
            version: release.version,
            addresses,
            policy,
            allow_pending: request.allow_pending,
            create_connections: false,
        };
        let detail = json!({ "from": from.environment.handle });
        work.carry_out(&to, order, "promote", detail).await
    }
}
