//! What holds for every input.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tieline_core::endpoint::{EndpointType, Visibility};
use tieline_core::id::ConnectionId;
use tieline_core::model::{AccessMode, Level, Scheme};
use tieline_core::offer::{Consumer, Provider, offer};
use tieline_core::resolve::{Connection, Parameter};
use uuid::Uuid;

use crate::build::{Case, MAIL, absent, file, mail, pending, plain, rename, secret};

const NAMES: [&str; 4] = ["abc", "abc-d", "abc d", "xyz"];
const KEYS: [&str; 4] = ["E", "D_E", "ServiceURL", "ChoreoAPIKey"];

fn parameter() -> impl Strategy<Value = Parameter> {
    (proptest::sample::select(&KEYS[..]), 0..5).prop_map(|(key, state)| match state {
        0 => pending(key),
        1 => absent(key),
        2 => secret(key),
        _ => plain(key, "value"),
    })
}

fn connections() -> impl Strategy<Value = Vec<Connection>> {
    proptest::sample::subsequence(&NAMES[..], 0..=4).prop_flat_map(|names| {
        let count = names.len();
        proptest::collection::vec(proptest::collection::vec(parameter(), 0..4), count).prop_map(move |all| {
            let made = names.iter().zip(all).enumerate().map(|(index, (name, mut parameters))| {
                let mut seen = BTreeSet::new();
                parameters.retain(|parameter| seen.insert(parameter.key.clone()));
                let id = ConnectionId(Uuid::from_u128(100 + index as u128));
                Connection { id, ..mail(name, parameters) }
            });
            made.collect()
        })
    })
}

fn case() -> impl Strategy<Value = Case> {
    let references = proptest::sample::subsequence(&NAMES[..], 0..=4);
    let env = proptest::sample::subsequence(
        vec![
            rename("CHOREO_ABC_D_E", "abc", "E"),
            rename("URL", "abc-d", "ServiceURL"),
            rename("PATH", "xyz", "E"),
            "    - name: CHOREO_XYZ_E\n      value: own\n".to_owned(),
        ],
        0..=4,
    );
    let flags = (any::<bool>(), any::<bool>(), proptest::sample::select(vec!["CHOREO", "TIELINE"]));
    (references, env, connections(), connections(), flags).prop_map(
        |(names, env, present, former, (allow_pending, refresh, prefix))| {
            let references: Vec<_> = names.iter().map(|name| (*name, MAIL)).collect();
            let text = file(&references, &env.concat());
            let before = Case { allow_pending: true, prefix, ..Case::new(text.clone(), &former) }.plan();
            let case = Case { allow_pending, refresh, prefix, ..Case::new(text, &present) };
            // Only what was ready can run.
            if before.ready() { case.after(&before) } else { case }
        },
    )
}

proptest! {
    #[test]
    fn the_same_input_gives_the_same_plan(case in case()) {
        prop_assert_eq!(case.plan(), case.plan());
    }

    #[test]
    fn the_order_of_connections_does_not_matter(case in case(), turn in 0usize..4) {
        let mut turned = case.clone();
        let count = turned.connections.len().max(1);
        turned.connections.rotate_left(turn % count);
        turned.connections.reverse();
        prop_assert_eq!(case.plan(), turned.plan());
    }

    #[test]
    fn a_variable_appears_once_in_a_ready_plan(case in case()) {
        let plan = case.plan();
        let names: BTreeSet<_> = plan.variables.iter().map(|planned| &planned.pinned.name).collect();
        if plan.ready() || case.refresh {
            prop_assert_eq!(names.len(), plan.variables.len(), "{:?}", plan.variables);
        }
    }

    #[test]
    fn a_refresh_takes_away_only_what_is_absent_on_purpose(case in case()) {
        let refreshed = Case { refresh: true, ..case.clone() };
        let after = refreshed.plan();
        for before in &case.previous {
            let there = after.variables.iter().any(|planned| planned.pinned.name == before.name);
            let absent = before.source.as_ref().is_some_and(|source| {
                let connection = case.connections.iter().find(|connection| connection.id == source.id);
                let parameters = connection.into_iter().flat_map(|connection| &connection.parameters);
                parameters.clone().any(|parameter| {
                    parameter.key == source.key && parameter.value == tieline_core::resolve::ValueState::Absent
                })
            });
            // Names are given anew to connections of other ids here, so only what stays the same connection is asked.
            prop_assert!(there || absent || before.source.is_some(), "{before:?}");
            if let Some(source) = &before.source
                && !case.connections.iter().any(|connection| connection.name == source.connection)
            {
                prop_assert!(there, "{before:?}");
            }
        }
    }

    #[test]
    fn narrowing_a_visibility_never_widens_access(
        kind in proptest::sample::select(&EndpointType::ALL[..]),
        visibilities in proptest::sample::subsequence(&Visibility::ALL[..], 0..=3),
        taken in proptest::sample::select(&Visibility::ALL[..]),
        schemes in proptest::sample::subsequence(Scheme::ALL, 0..=3),
        level in proptest::sample::select(Level::ALL),
        same_project in any::<bool>(),
    ) {
        let consumer = Consumer { level, same_project };
        let offered = |visibilities: &[Visibility]| -> BTreeSet<(AccessMode, Scheme)> {
            let provider = Provider { endpoint_type: kind, visibilities, schemes: &schemes };
            let offer = offer(provider, consumer);
            let pairs = AccessMode::ALL.iter().flat_map(|mode| Scheme::ALL.iter().map(|scheme| (*mode, *scheme)));
            pairs.filter(|(mode, scheme)| offer.choose(Some(*mode), Some(*scheme)).is_ok()).collect()
        };
        let narrowed: Vec<_> = visibilities.iter().copied().filter(|visibility| *visibility != taken).collect();
        let (before, after) = (offered(&visibilities), offered(&narrowed));
        prop_assert!(after.is_subset(&before), "{before:?} {after:?}");
    }
}
