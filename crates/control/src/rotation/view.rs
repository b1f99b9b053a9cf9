//! A rotation as it is shown: since when, until when, and who still holds the former keys.

use std::collections::BTreeMap;

use tieline_core::access::{Permission, Verdict};
use tieline_core::id::ComponentId;
use tieline_core::wire::rotation::{HolderView, RotationView};
use tieline_store::connection::Connection;
use tieline_store::tenancy::Environment;

use super::KeySet;
use crate::Result;
use crate::work::Work;

impl Work<'_> {
    /// The rotations of a connection's keys that are under way in an environment.
    pub(crate) async fn rotations_of(
        &mut self,
        connection: &Connection,
        environment: &Environment,
    ) -> Result<Vec<RotationView>> {
        let mut rotations = Vec::new();
        for set in self.key_sets(connection, std::slice::from_ref(environment)).await? {
            rotations.extend(self.rotation_of(&set).await?);
        }
        Ok(rotations)
    }

    async fn rotation_of(&mut self, set: &KeySet) -> Result<Option<RotationView>> {
        let Some(until) = set.retiring().filter_map(|credential| credential.key.not_after).max() else {
            return Ok(None);
        };
        let mut since = None;
        // Component and major; none for an external consumer. Of secret and API key, most instances hold both.
        let mut holders: BTreeMap<(ComponentId, Option<i64>), i64> = BTreeMap::new();
        for credential in set.retiring() {
            since = since.max(self.given_until(credential).await?);
            let sealed = credential.key.sealed_version_id;
            for deployment in self.transaction.deployments_holding(sealed).await? {
                holders.entry((deployment.component_id, Some(deployment.major))).or_default();
            }
            for holding in self.transaction.instances_holding(sealed).await? {
                let known = holders.entry((holding.component_id, Some(holding.major))).or_default();
                *known = holding.instances.max(*known);
            }
            if let Some(external) = self.external_holder(credential).await? {
                holders.entry((external.id, None)).or_default();
            }
        }
        let (mut held_by, mut held_elsewhere) = (Vec::new(), 0);
        for ((component, major), instances) in holders {
            match self.place_visible(component).await? {
                Some((project, component)) => {
                    let version = major.map(|major| format!("v{major}"));
                    held_by.push(HolderView { project, component, version, instances });
                }
                None => held_elsewhere += 1,
            }
        }
        held_by.sort();
        let component = match &set.holder {
            Some(holder) => self.place_visible(holder.id).await?.map(|(project, handle)| format!("{project}/{handle}")),
            None => None,
        };
        let since = since.unwrap_or(self.at);
        Ok(Some(RotationView { component, since, until, held_by, held_elsewhere }))
    }

    /// The handles of a component and its project, if the actor may see them.
    pub(crate) async fn place_visible(&mut self, id: ComponentId) -> Result<Option<(String, String)>> {
        let Some(component) = self.transaction.component_by_id(id).await? else { return Ok(None) };
        if self.verdict(Permission::View, Some(component.project_id)) != Verdict::Allowed {
            return Ok(None);
        }
        let project = self.transaction.project_by_id(component.project_id).await?;
        Ok(project.map(|project| (project.handle, component.handle)))
    }
}
