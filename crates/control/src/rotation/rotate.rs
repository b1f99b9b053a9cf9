//! `connection rotate`: mints other keys beside the live ones, which are accepted until nobody holds them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::json;
use tieline_core::code;
use tieline_core::model::Secrets;
use tieline_core::wire::rotation::{ConnectionKeysChanged, ConnectionRotate};
use tieline_store::connection::Connection;
use tieline_store::rotation::Issued;
use tieline_store::tenancy::Environment;

use super::{KeySet, Kind};
use crate::connection::Scope;
use crate::consumers::{Consumer, in_use};
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

/// How long the former keys are accepted at most, unless said otherwise.
pub(super) const DEADLINE: i64 = 24 * 60 * 60;
/// As long as an instance that reports nothing counts: nobody would be waited for after that.
const LONGEST: i64 = 30 * DEADLINE;

/// A shorter deadline is for a key that leaked, like none at all: `run --watch` hears of other values within seconds, but
/// after a server that was away within half a minute, and then ends the process (ten seconds) and waits for what it started
/// to be ready, which takes minutes for some.
const HASTY: i64 = 10 * 60;

impl Control {
    /// Rotates the keys of a connection. Everybody who uses them gets a new snapshot by its own policy; the former keys
    /// are revoked when no instance holds them, or at the deadline. A rotation while one is under way is refused, because
    /// it could only be another one or another deadline; with `now` it ends the one under way. Of a connection whose
    /// client secret is being rotated for another that shares the client, the API key is rotated alone.
    ///
    /// # Errors
    /// `connection_not_found`, `forbidden`, `deadline_invalid`, `not_rotatable`, `rotation_at_provider`, `secrets_shared`,
    /// `rotation_under_way`, `rotation_touches_others` and `rotation_breaks` with those whom it would touch.
    pub async fn connection_rotate(
        &self,
        actor: &Actor,
        organization: &str,
        connection: &str,
        scope: Scope<'_>,
        request: ConnectionRotate,
    ) -> Result<ConnectionKeysChanged> {
        let mut work = self.write(actor, organization).await?;
        let connection = work.connection(connection, scope).await?;
        let project = work.place_of(&connection).await?.0;
        let environments = work.require_keys(&connection, project.as_ref(), &request.environments).await?;
        let deadline = request.deadline.unwrap_or(DEADLINE);
        if !(1..=LONGEST).contains(&deadline) {
            return Err(Error::invalid(
                code!("deadline_invalid"),
                format!("a deadline of {deadline} seconds is none"),
                "give one from 1 second to 30 days; to revoke the former keys at once use --now",
            ));
        }
        work.refuse_provider_secrets(&connection).await?;
        let mut sets = work.key_sets_of(&connection, &environments, scope, request.component.as_deref()).await?;
        sets.retain(|set| !set.is_dropped());
        if sets.is_empty() {
            return Err(not_rotatable(&format!("the connection {:?} that are used", connection.name), &environments));
        }
        if !request.now {
            refuse_under_way(&connection, &sets)?;
        }
        let mut touched = work.touched_by(&connection, &sets).await?;
        if !request.now && sets.iter().all(|set| set.is_under_way(Kind::ClientSecret)) {
            touched.retain(|consumer| consumer.connection.id == connection.id);
        }
        if !request.acknowledge {
            let haste = if request.now {
                Some("--now".to_owned())
            } else {
                (deadline < HASTY).then(|| format!("a deadline of {deadline} seconds"))
            };
            refuse_unseen(&connection, &touched, haste)?;
        }
        let until = work.at + SignedDuration::from_secs(deadline);
        for (set, kind) in sets.iter().flat_map(|set| [Kind::ClientSecret, Kind::ApiKey].map(|kind| (set, kind))) {
            let under_way = set.is_under_way(kind);
            if !under_way {
                work.mint_beside(&connection, set, kind).await?;
            }
            for credential in set.of(kind) {
                match (request.now, under_way) {
                    (true, _) if !under_way || credential.key.not_after.is_some() => {
                        work.credential_end(credential).await?;
                    }
                    (false, false) => work.transaction.credential_retire(credential, Some(until)).await?,
                    _ => {}
                }
            }
        }
        let detail = json!({ "deadline": (!request.now).then_some(until), "now": request.now });
        work.keys_changed(&connection, &sets, touched, "connection_rotate", detail).await
    }
}

impl Work<'_> {
    /// The keys that are meant: all of the connection in the environments, or those of one component.
    pub(super) async fn key_sets_of(
        &mut self,
        connection: &Connection,
        environments: &[Environment],
        scope: Scope<'_>,
        component: Option<&str>,
    ) -> Result<Vec<KeySet>> {
        let mut sets = self.key_sets(connection, environments).await?;
        let mut whose = format!("the connection {:?}", connection.name);
        if let Some(handle) = component {
            let project = match (scope.project, connection.project_id) {
                (Some(project), _) => project.to_owned(),
                (None, Some(id)) => {
                    self.transaction.project_by_id(id).await?.map(|project| project.handle).unwrap_or_default()
                }
                (None, None) => String::new(),
            };
            let (_, component) = self.component(&project, handle).await?;
            let shared = connection.secrets == Secrets::Shared;
            // Of a connection of its own, it shares the keys with nobody.
            if shared && connection.component_id != Some(component.id) {
                return Err(Error::conflict(
                    code!("secrets_shared"),
                    format!("{handle} has no keys of its own: all who use {:?} share them", connection.name),
                    "rotate them for all without --component; only a connection made with --secrets per-component gives \
                     each its own",
                ));
            }
            sets.retain(|set| set.holder.as_ref().map_or(shared, |holder| holder.id == component.id));
            whose = format!("{handle} under {whose}");
        }
        if sets.is_empty() {
            return Err(not_rotatable(&whose, environments));
        }
        Ok(sets)
    }

    /// Who gets other keys: those who use the connection, or another one by the same OAuth client.
    pub(super) async fn touched_by(&mut self, connection: &Connection, sets: &[KeySet]) -> Result<Vec<Consumer>> {
        let mut touched = Vec::new();
        for sharing in self.sharing(connection).await? {
            touched.extend(self.consumers_of_connection(&sharing).await?);
        }
        touched.retain(|consumer| {
            sets.iter().any(|set| {
                set.environment.id == consumer.environment
                    && set.holder.as_ref().is_none_or(|holder| holder.id == consumer.component)
            })
        });
        Ok(touched)
    }

    /// Mints what a set has of a kind beside what it has.
    async fn mint_beside(&mut self, connection: &Connection, set: &KeySet, kind: Kind) -> Result<()> {
        let holder = set.holder.as_ref();
        match set.of(kind).next().map(|credential| &credential.issued) {
            Some(Issued::ClientSecret { client, .. }) => self.client_secret_new(client, holder).await,
            Some(Issued::ApiKey { .. }) => self.api_key_new(connection, &set.environment, holder).await,
            None => Ok(()),
        }
    }

    /// Gives everybody the present keys, and records what was done.
    pub(super) async fn keys_changed(
        mut self,
        connection: &Connection,
        sets: &[KeySet],
        touched: Vec<Consumer>,
        action: &str,
        mut detail: serde_json::Value,
    ) -> Result<ConnectionKeysChanged> {
        self.touch_connection(connection);
        for sharing in self.sharing(connection).await? {
            self.refresh_connection(sharing.id).await?;
        }
        let mut environments = BTreeMap::new();
        for set in sets {
            if !environments.contains_key(&set.environment.handle) {
                let rotations = self.rotations_of(connection, &set.environment).await?;
                environments.insert(set.environment.handle.clone(), rotations);
            }
        }
        let touched = touched.into_iter().filter_map(|consumer| consumer.view).collect();
        let answer = ConnectionKeysChanged { id: connection.id, name: connection.name.clone(), environments, touched };
        if let Some(detail) = detail.as_object_mut() {
            detail.insert("name".into(), json!(answer.name));
            detail.insert("environments".into(), json!(answer.environments.keys().collect::<Vec<_>>()));
            detail.insert("touched".into(), json!(answer.touched));
        }
        self.finish(action, &connection.id.to_string(), detail).await?;
        Ok(answer)
    }
}

fn not_rotatable(whose: &str, environments: &[Environment]) -> Error {
    let places: Vec<_> = environments.iter().map(|environment| environment.handle.as_str()).collect();
    Error::conflict(
        code!("not_rotatable"),
        format!("there are no keys of {whose} in {}", places.join(", ")),
        "only keys for Tieline's gateway are rotated here; values of a third party are registered anew",
    )
}

fn refuse_under_way(connection: &Connection, sets: &[KeySet]) -> Result<()> {
    let state = |set: &KeySet| {
        if !(set.is_under_way(Kind::ClientSecret) && set.is_under_way(Kind::ApiKey)) {
            return None;
        }
        let until = set.retiring().filter_map(|credential| credential.key.not_after).max()?;
        Some(format!("in {} until {until:.0} at the latest", set.environment.handle))
    };
    let states: Vec<_> = sets.iter().filter_map(state).collect();
    if states.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(
        code!("rotation_under_way"),
        format!("the keys of {:?} are being rotated already: {}", connection.name, states.join(", ")),
        format!(
            "`tieline connection view {}` shows who still holds the former ones; --now revokes these at once",
            connection.id
        ),
    ))
}

/// Refuses what its asker may not expect: that others are touched, or anybody broken.
fn refuse_unseen(connection: &Connection, touched: &[Consumer], haste: Option<String>) -> Result<()> {
    let others: Vec<_> = touched.iter().filter(|consumer| consumer.connection.id != connection.id).cloned().collect();
    let name = &connection.name;
    if let Some(haste) = haste.filter(|_| !touched.is_empty()) {
        let hint = "--yes does it all the same: they get 401 until they start with the next snapshot; without --now and \
                    with a deadline of ten minutes or more nobody who takes it in time is broken";
        return Err(in_use(code!("rotation_breaks"), &format!("what {haste} revokes of {name:?}"), touched, hint));
    }
    if !others.is_empty() {
        let what = format!("the OAuth client of {name:?}, which other connections share,");
        let hint = "--yes rotates it for all of them: each gets a new snapshot, taken by the policy of its deployment";
        return Err(in_use(code!("rotation_touches_others"), &what, &others, hint));
    }
    Ok(())
}
