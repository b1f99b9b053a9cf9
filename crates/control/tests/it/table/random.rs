//! Whatever is done in whatever order: the table that use cases keep is the one that is derived from scratch, and who
//! followed it has the same as who reads it anew.

use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tieline_control::{Force, Scope};
use tieline_core::model::ComponentType;
use tieline_core::wire::subscription::{SubscriptionDecide, SubscriptionQuery};

use super::mirror::Mirror;
use crate::deployment::build::{DEV, LIVE, deploy, offers, promote, roll_back, uses};
use crate::world::{ACME, SHOP, World};

const PROVIDERS: [&str; 2] = ["orders", "pay"];
const CONSUMERS: [&str; 3] = ["web", "app", "partner"];
const ENVIRONMENTS: [&str; 3] = [DEV, "staging", LIVE];
const VISIBILITIES: [&str; 4] = ["Project", "Organization", "Public", "Project, Organization, Public"];
const NAMES: [&str; 3] = ["one", "two", "three"];

/// One thing done: which, and what it chooses.
type Step = (usize, usize, usize, usize);

const STEPS: usize = 18;

#[test]
fn the_table_is_what_the_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
    let steps = prop::collection::vec((0..STEPS, 0..12_usize, 0..12_usize, 0..12_usize), 10..40);
    proptest!(config, |(steps in steps)| {
        let wrong = runtime.block_on(carry_out(&steps));
        prop_assert_eq!(wrong, None);
    });
}

/// Does it all; answers after which step the table was wrong.
async fn carry_out(steps: &[Step]) -> Option<String> {
    let world = World::sqlite().await;
    for component in PROVIDERS.iter().chain(&CONSUMERS) {
        make(&world, component).await;
    }
    let staging = json!({ "handle": "staging", "after": DEV });
    world.control.environment_create(&world.admin, ACME, read(staging)).await.unwrap();
    for component in PROVIDERS {
        provide(&world, component, DEV, 3, 1).await;
    }
    let mut mirror = Mirror::default();
    for step in steps {
        let done = one(&world, *step).await;
        mirror.follow(&world.control).await;
        let differed = world.control.table_rebuild().await.unwrap();
        if differed > 0 || mirror.entries != Mirror::of(&world).await.entries {
            return Some(format!("{differed} entries after {step:?}: {done}"));
        }
    }
    None
}

/// One step, which may be refused.
async fn one(world: &World, (step, a, b, c): Step) -> String {
    let (control, admin) = (&world.control, &world.admin);
    let (provider, consumer, environment) = (PROVIDERS[a % 2], CONSUMERS[b % 3], ENVIRONMENTS[c % 3]);
    let reference = format!("service:/shop/{provider}/v1/api");
    let name = NAMES[c % 3];
    let all = [PROVIDERS[0], PROVIDERS[1], CONSUMERS[0], CONSUMERS[1], CONSUMERS[2]];
    match step {
        0 => provide(world, provider, environment, b % 4, 1 + b % 2).await,
        1 => format!("{:?}", control.undeploy(admin, ACME, SHOP, all[a % 5], environment, None).await),
        2 => {
            let modes = ["organization", "public", "project"];
            let schemes = ["oauth2", "api-key", "none"];
            let (level, secrets) = ([None, Some(consumer)][a / 2 % 2], ["shared", "per-component"][a / 4 % 2]);
            let request = json!({ "name": name, "service": reference, "project": SHOP, "component": level,
                "access_mode": modes[b / 3 % 3], "authentication_scheme": schemes[a / 6 % 3], "secrets": secrets });
            format!("{:?}", control.connection_create(admin, ACME, read(request)).await)
        }
        3 | 4 => {
            let mut used = Vec::new();
            for (index, name) in NAMES.iter().enumerate() {
                let scope = Scope { project: Some(SHOP), component: Some(consumer) };
                if let Ok(found) = control.connection_view(admin, ACME, name, scope, false).await
                    && (a >> index) & 1 == 0
                {
                    used.push((*name, found.service));
                }
            }
            let used: Vec<_> = used.iter().map(|(name, service)| (*name, service.as_str())).collect();
            let order = deploy(consumer, uses(&used)).to(environment).with("allow_pending", json!(true));
            format!("{:?}", order.carry_out(world).await)
        }
        5 => {
            let scope = Scope { project: Some(SHOP), component: [None, Some(consumer)][a % 2] };
            let force = [Force::No, Force::KeepHeld, Force::RevokeNow][a / 2 % 3];
            format!("{:?}", control.connection_delete(admin, ACME, name, scope, force, None).await)
        }
        6 => {
            let schemes = [json!(["oauth2", "api-key"]), json!(["oauth2", "api-key", "none"]), json!(["oauth2"])];
            let request = read(json!({ "schemes": schemes[c % 3] }));
            format!("{:?}", control.service_update(admin, ACME, &reference, None, request, None).await)
        }
        7 => {
            let networks = [json!([]), json!(["10.0.0.0/8"])];
            let request = read(json!({ "allowed_addresses": networks[a % 2] }));
            format!("{:?}", control.environment_update(admin, ACME, environment, request, None).await)
        }
        8 if a < 4 => {
            let gone = control.environment_delete(admin, ACME, "staging", b % 2 == 0).await;
            let staging = json!({ "handle": "staging", "after": DEV });
            let _ = control.environment_create(admin, ACME, read(staging)).await;
            format!("{gone:?}")
        }
        9 if a < 4 => {
            let component = all[b % 5];
            let gone = control.component_delete(admin, ACME, SHOP, component, c % 2 == 0).await;
            if gone.is_ok() {
                make(world, component).await;
            }
            format!("{gone:?}")
        }
        10 => format!("{:?} {:?}", roll_back(world, all[a % 5], None).await, promote(world, provider, json!({})).await),
        12 | 13 => {
            let listed = control.subscription_list(admin, ACME, &SubscriptionQuery::default()).await.unwrap().items;
            let Some(id) = listed.get(a % listed.len().max(1)).map(|found| found.id.clone()) else {
                return "no subscription".to_owned();
            };
            let why = || SubscriptionDecide { reason: "because".to_owned() };
            match b % 6 {
                0 => format!("{:?}", control.subscription_approve(admin, ACME, &id, why()).await),
                1 => format!("{:?}", control.subscription_refuse(admin, ACME, &id, why()).await),
                2 => format!("{:?}", control.subscription_block(admin, ACME, &id, why()).await),
                3 => format!("{:?}", control.subscription_unblock(admin, ACME, &id).await),
                _ => {
                    let plan = ["bronze", "gold", "unlimited"][c % 3];
                    let plan = read(json!({ "plan": plan }));
                    format!("{:?}", control.subscription_update(admin, ACME, &id, plan).await)
                }
            }
        }
        14 => {
            let request = read(json!({ "approval": b % 2 == 0 }));
            format!("{:?}", control.service_update(admin, ACME, &reference, None, request, None).await)
        }
        15 => {
            let scope = Scope { project: Some(SHOP), component: [None, Some(consumer)][a % 2] };
            let request = read(json!({ "acknowledge": true, "now": b % 4 == 0, "deadline": 1 + b * 1000 }));
            format!("{:?}", control.connection_rotate(admin, ACME, name, scope, request).await)
        }
        16 => {
            let scope = Scope { project: Some(SHOP), component: [None, Some(consumer)][a % 2] };
            let request = read(json!({ "component": consumer }));
            format!("{:?}", control.connection_revoke(admin, ACME, name, scope, request).await)
        }
        17 => {
            world.pass(SignedDuration::from_secs([5, 3_600][a % 2]));
            let done = control.rotations_reconcile().await;
            // Which revocations are forgotten depends on the time, and is not derived: both forget together.
            format!("{done:?} {:?}", control.purge().await)
        }
        _ => {
            let scope = Scope { project: Some(SHOP), component: [None, Some(consumer)][a % 2] };
            let target = ["staging", DEV, ""][c % 3];
            let request = read(json!({ "mapping": { DEV: target } }));
            format!("{:?}", control.connection_update(admin, ACME, name, scope, request, None).await)
        }
    }
}

async fn provide(world: &World, component: &str, environment: &str, visibilities: usize, address: usize) -> String {
    let order = deploy(component, offers(&[("api", 8080, VISIBILITIES[visibilities])])).to(environment);
    format!("{:?}", order.at("api", &format!("http://10.0.0.{address}:8080")).carry_out(world).await)
}

async fn make(world: &World, component: &str) {
    let external = component == "partner";
    let kind = if external { ComponentType::ExternalConsumer } else { ComponentType::Service };
    world.component(component, kind).await;
}

fn read<T: serde::de::DeserializeOwned>(value: Json) -> T {
    serde_json::from_value(value).unwrap()
}
