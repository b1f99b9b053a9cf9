//! Which endpoint or credential a connection uses in an environment. Pure: the one place of the mapping's rule.

use std::collections::BTreeMap;

use tieline_core::model::Parameter;
use tieline_store::service::Entry;
use tieline_store::tenancy::Environment;

/// The entry that a connection uses in an environment: the mapped one if it is assigned there; without a mapping the
/// only one that is assigned there, or among several the one of the environment's name.
pub(crate) fn entry_used<'a>(
    entries: &'a [Entry],
    mapping: &BTreeMap<String, String>,
    environment: &Environment,
) -> Option<&'a Entry> {
    let assigned: Vec<&Entry> = entries.iter().filter(|entry| entry.environments.contains(&environment.id)).collect();
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    if let Some((_, name)) = mapping.iter().find(|(handle, _)| same(handle, &environment.handle)) {
        return assigned.into_iter().find(|entry| same(&entry.name, name));
    }
    match assigned.as_slice() {
        [only] => Some(only),
        several => several.iter().copied().find(|entry| same(&entry.name, &environment.handle)),
    }
}

/// Whether an entry has a value for every key that needs one.
pub(crate) fn is_complete(entry: &Entry, parameters: &[Parameter]) -> bool {
    parameters.iter().all(|parameter| parameter.optional || entry.values.contains_key(&parameter.key))
}

#[cfg(test)]
mod tests {
    use tieline_core::clock::{Clock, FixedClock};
    use tieline_core::id::{EntryId, EnvironmentId, OrganizationId, ServiceId};
    use tieline_core::randomness::{FixedRandomness, uuid_v4};

    use super::*;

    #[test]
    fn the_mapping_decides_then_the_only_one_then_the_name() {
        let random = FixedRandomness::seeded(1);
        let at = FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap()).now();
        let environment = |handle: &str| Environment {
            id: EnvironmentId(uuid_v4(&random)),
            organization_id: OrganizationId(uuid_v4(&random)),
            handle: handle.to_owned(),
            position: 1,
            critical: false,
            allowed_addresses: Vec::new(),
            revision: 1,
            created_at: at,
        };
        let (development, production) = (environment("development"), environment("production"));
        let entry = |name: &str, environments: &[&Environment]| Entry {
            id: EntryId(uuid_v4(&random)),
            service_id: ServiceId(uuid_v4(&random)),
            name: name.to_owned(),
            environments: environments.iter().map(|environment| environment.id).collect(),
            values: BTreeMap::new(),
        };
        let one = [entry("sandbox", &[&development])];
        let two = [entry("a", &[&development]), entry("Development", &[&development, &production])];
        let ambiguous = [entry("a", &[&development]), entry("b", &[&development])];
        for (entries, mapped, place, expect) in [
            (&one[..], None, &development, Some("sandbox")),
            (&one[..], None, &production, None),
            (&one[..], Some("sandbox"), &development, Some("sandbox")),
            (&one[..], Some("other"), &development, None),
            (&two[..], None, &development, Some("Development")),
            (&two[..], Some("A"), &development, Some("a")),
            (&two[..], None, &production, Some("Development")),
            (&ambiguous[..], None, &development, None),
            (&ambiguous[..], Some("b"), &development, Some("b")),
        ] {
            let mapping = mapped.map(|name| (place.handle.clone(), name.to_owned())).into_iter().collect();
            let used = entry_used(entries, &mapping, place).map(|entry| entry.name.as_str());
            assert_eq!(used, expect, "{mapped:?} {}", place.handle);
        }
    }
}
