//! Bringing a registered service to what its registration says: its row, its entries and their sealed values.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tieline_core::code;
use tieline_core::definition;
use tieline_core::id::{EntryId, EnvironmentId, SealedVersionId, ServiceId};
use tieline_core::model::{Parameter, PinnedValue};
use tieline_core::secret::Secret;
use tieline_core::wire::service::ServiceView;
use tieline_store::service::{Entry, Service};

use super::assignment::{entry_used, is_complete};
use super::draft::{Draft, EntryDraft, entry_word, value_path};
use super::parameters::connection_parameters;
use super::reach::{assigned, reachable};
use crate::consumers::{Consumer, in_use};
use crate::work::Work;
use crate::{Error, Result};

impl Work<'_> {
    /// Records a registration and ends the use case.
    pub(super) async fn register(
        mut self,
        draft: Draft,
        force: bool,
        expected: Option<i64>,
        action: &str,
    ) -> Result<ServiceView> {
        let reference = draft.reference.to_string();
        let known = self.transaction.service_by_reference(self.organization.id, &reference).await?;
        if let Some(known) = &known {
            same_place(known, &draft)?;
            if expected == Some(0) {
                return Err(registered_already(&known.reference));
            }
        }
        match &known {
            Some(known) => self.expect_revision(expected, known.revision)?,
            None if expected.is_some_and(|expected| expected > 0) => return Err(registered_nowhere(&reference)),
            None => {}
        }
        let word = entry_word(draft.service_type);
        let before = match &known {
            Some(service) => self.transaction.entries(service.id).await?,
            None => Vec::new(),
        };
        let mut service = self.service_drafted(&draft, known.as_ref());
        if let Some(known) = known.as_ref().filter(|known| known.parameters != service.parameters) {
            self.collisions_with_parameters(known, &service.parameters).await?;
        }
        let keys = connection_parameters(&service, None, None);
        let after = self.entries_of(&service, word, draft.entries, &keys, &before).await?;
        service.listed = service.published && after.iter().any(|entry| is_complete(entry, &keys));
        let touched = self.consumers_touched(&service, &before, &after).await?;
        if !force && !touched.is_empty() {
            let names: Vec<String> = touched.iter().map(|(name, _)| format!("{name:?}")).collect();
            let consumers: Vec<Consumer> = touched.into_iter().map(|(_, consumer)| consumer).collect();
            let what = format!("the {word} {} of {}", distinct(names).join(", "), service.reference);
            return Err(in_use(
                code!("service_in_use"),
                &what,
                &consumers,
                "map those connections to something else first, or take it away all the same with --force",
            ));
        }
        service.revision = self.transaction.service_save(&service).await.map_err(|error| match error {
            tieline_store::Error::Duplicate => taken(&service.reference),
            other => other.into(),
        })?;
        self.entries_save(&before, &after).await?;
        if known.is_some_and(|known| before != after || known.parameters != service.parameters) {
            self.refresh_service(service.id).await?;
        }
        let view = self.service_detailed(&service).await?;
        let detail = json!({
            "kind": service.kind, "version": service.version, "listed": service.listed, "forced": !touched.is_empty(),
            "entries": after.iter().map(|entry| &entry.name).collect::<Vec<_>>(),
        });
        self.finish(action, &service.reference, detail).await?;
        Ok(view)
    }

    /// The row of a registration. What a registration does not say (whether it is published) stays as it was.
    fn service_drafted(&self, draft: &Draft, known: Option<&Service>) -> Service {
        let texts = draft.texts.clone();
        let kind = texts.definition.as_ref().map(|text| definition::read(text.as_bytes(), None).kind);
        Service {
            id: known.map_or_else(|| ServiceId(self.control.new_id()), |known| known.id),
            organization_id: self.organization.id,
            project_id: draft.project.as_ref().map(|project| project.id),
            component_id: None,
            service_type: draft.service_type,
            kind: draft.kind.clone(),
            reference: known.map_or_else(|| draft.reference.to_string(), |known| known.reference.clone()),
            name: known.map_or_else(|| draft.name.clone(), |known| known.name.clone()),
            major: draft.major,
            version: draft.version.clone(),
            summary: texts.summary,
            overview: texts.overview,
            document: texts.document,
            labels: texts.labels,
            categories: texts.categories,
            definition_kind: kind.map_or_else(String::new, |kind| kind.as_str().to_owned()),
            definition: texts.definition,
            parameters: draft.parameters.clone(),
            schemes: Vec::new(),
            approval: false,
            visibilities: Vec::new(),
            endpoint: None,
            published: known.is_none_or(|known| known.published),
            listed: false,
            revision: 1,
            created_at: known.map_or(self.at, |known| known.created_at),
            updated_at: self.at,
        }
    }

    /// The entries of a registration, with the ids of those that bear the same name already. Secrets that did not
    /// change keep their versions.
    async fn entries_of(
        &mut self,
        service: &Service,
        word: &str,
        drafts: Vec<EntryDraft>,
        keys: &[Parameter],
        before: &[Entry],
    ) -> Result<Vec<Entry>> {
        let environments = self.transaction.environments(self.organization.id).await?;
        let loopback = self.control.settings.allow_loopback || self.transaction.organization_count().await? <= 1;
        let mut entries = Vec::new();
        for (at, draft) in drafts.into_iter().enumerate() {
            let path = |error: Error| error.at(format!("{word}s[{at}]"));
            let known = before.iter().find(|entry| entry.name.eq_ignore_ascii_case(&draft.name));
            let given = self.values_given(draft.values, known, keys).await.map_err(path)?;
            let assigned = assigned(&draft.name, &draft.environments, word, &environments).map_err(path)?;
            for environment in &assigned {
                reachable((word, &draft.name), &given, environment, loopback, &self.control.settings.listeners)
                    .map_err(path)?;
            }
            let id = known.map_or_else(|| EntryId(self.control.new_id()), |known| known.id);
            let mut values = BTreeMap::new();
            for (key, value) in given {
                let pinned = if is_sensitive(keys, &key) {
                    let previous = known.and_then(|known| known.values.get(&key));
                    PinnedValue::Sealed(self.seal_changed(&format!("entry/{id}/{key}"), &value, previous).await?)
                } else {
                    PinnedValue::Plain(value.expose().to_owned())
                };
                values.insert(key, pinned);
            }
            let environments = assigned.iter().map(|environment| environment.id).collect();
            entries.push(Entry { id, service_id: service.id, name: draft.name, environments, values });
        }
        Ok(entries)
    }

    /// The values of an entry, in which those that stay as they are stand as if they were given.
    async fn values_given(
        &mut self,
        values: BTreeMap<String, Option<Secret>>,
        known: Option<&Entry>,
        keys: &[Parameter],
    ) -> Result<BTreeMap<String, Secret>> {
        let mut given = BTreeMap::new();
        for (key, value) in values {
            let value = match (value, known.and_then(|known| known.values.get(&key))) {
                (Some(value), _) => value,
                (None, None) => continue,
                (None, Some(PinnedValue::Plain(text))) => Secret::new(text),
                (None, Some(PinnedValue::Sealed(id))) if is_sensitive(keys, &key) => self.open_value(*id).await?,
                (None, Some(PinnedValue::Sealed(_))) => return Err(was_secret(&key).at(value_path(&key))),
            };
            given.insert(key, value);
        }
        Ok(given)
    }

    /// The consumers that would no longer find, in the entry they use, every value that it gives them; each with that
    /// entry's name.
    async fn consumers_touched(
        &mut self,
        service: &Service,
        before: &[Entry],
        after: &[Entry],
    ) -> Result<Vec<(String, Consumer)>> {
        if before.is_empty() {
            return Ok(Vec::new());
        }
        let environments = self.transaction.environments(self.organization.id).await?;
        let mut touched = Vec::new();
        for connection in self.transaction.connections_of_service(service.id).await? {
            // Where a value is lost, and of which entry. Nearly always nowhere, and then nobody needs to be looked for.
            let lost: BTreeMap<EnvironmentId, &str> = environments
                .iter()
                .filter_map(|environment| {
                    let used = entry_used(before, &connection.mapping, environment)?;
                    let keeps = |entry: &Entry| {
                        entry.id == used.id && used.values.keys().all(|key| entry.values.contains_key(key))
                    };
                    let kept = entry_used(after, &connection.mapping, environment).is_some_and(keeps);
                    (!kept).then_some((environment.id, used.name.as_str()))
                })
                .collect();
            if lost.is_empty() {
                continue;
            }
            for consumer in self.consumers_of_connection(&connection).await? {
                if let Some(entry) = lost.get(&consumer.environment) {
                    touched.push(((*entry).to_owned(), consumer));
                }
            }
        }
        Ok(touched)
    }

    /// Records the entries of a registration. A secret that stands in none of them any more is superseded and not revoked:
    /// whether the other side still accepts it is not known here, so that who holds it keeps it, and a rollback may bring
    /// it back.
    async fn entries_save(&mut self, before: &[Entry], after: &[Entry]) -> Result<()> {
        let stays = sealed_in(after);
        for gone in sealed_in(before).difference(&stays) {
            self.transaction.sealed_supersede(*gone, self.at).await?;
        }
        for gone in before.iter().filter(|old| !after.iter().any(|new| new.id == old.id)) {
            self.transaction.entry_delete(gone.id).await?;
        }
        for entry in after.iter().filter(|new| !before.contains(new)) {
            self.transaction.entry_save(entry).await?;
        }
        Ok(())
    }
}

/// The secrets of entries.
pub(crate) fn sealed_in(entries: &[Entry]) -> BTreeSet<SealedVersionId> {
    let values = entries.iter().flat_map(|entry| entry.values.values());
    values
        .filter_map(|value| match value {
            PinnedValue::Sealed(id) => Some(*id),
            PinnedValue::Plain(_) => None,
        })
        .collect()
}

/// Refuses to turn a service into another: project and kind are part of what its connections rely on.
fn same_place(known: &Service, draft: &Draft) -> Result<()> {
    if known.project_id != draft.project.as_ref().map(|project| project.id) {
        return Err(taken(&known.reference));
    }
    if known.kind != draft.kind {
        return Err(Error::conflict(
            code!("service_kind_fixed"),
            format!("{} is registered as {}, and a resource keeps its kind", known.reference, known.kind),
            "choose another name, or delete the service first",
        ));
    }
    Ok(())
}

fn is_sensitive(keys: &[Parameter], key: &str) -> bool {
    keys.iter().any(|parameter| parameter.key == key && parameter.sensitive)
}

/// A secret that stays as it is would be shown from now on.
fn was_secret(key: &str) -> Error {
    Error::invalid(
        code!("value_secret"),
        format!("{key} was a secret until now, and nobody is shown one"),
        "give its value anew, or leave it a secret",
    )
}

fn registered_already(reference: &str) -> Error {
    Error::conflict(
        code!("service_exists"),
        format!("{reference} is registered already"),
        "choose another name or major version, or change what is registered",
    )
    .at("name")
}

fn registered_nowhere(reference: &str) -> Error {
    Error::changed(
        code!("changed_meanwhile"),
        format!("{reference} is not registered, and so has no revision to change"),
        "correct its name and major version, or register it as what it is: new",
    )
    .at("version")
}

fn taken(reference: &str) -> Error {
    Error::conflict(
        code!("service_exists"),
        format!("{reference} is registered already, for another project or for the whole organization"),
        "choose another name, or register it where it was registered before",
    )
    .at("name")
}

fn distinct(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}
