//! Connections through their use cases, on every database at hand.

use serde_json::{Value, json};
use tieline_control::{Error, PageQuery, Scope};
use tieline_core::id::ConnectionId;
use tieline_core::model::{AccessMode, ComponentType, Role, Scheme};
use tieline_core::wire::connection::{ConnectionUpdate, ConnectionView, ParameterView};

use crate::provider;
use crate::world::{ACME, SHOP, World, refused};

const ORDERS: &str = "service:/shop/orders/v1/api";
const MAIL: &str = "thirdparty:Mail/v1";

/// A provider that everybody may reach, in the project `shop`, and consumers in two projects.
async fn furnished(world: &World) {
    provider::internal(world, SHOP, "orders", "REST", "Project, Organization, Public").await;
    provider::component(world, SHOP, "site", ComponentType::Service).await;
    provider::component(world, SHOP, "admin", ComponentType::Service).await;
    provider::component(world, "back", "report", ComponentType::Task).await;
}

async fn create(world: &World, request: Value) -> Result<ConnectionView, Error> {
    world.control.connection_create(&world.admin, ACME, serde_json::from_value(request).unwrap()).await
}

/// A connection to the orders service through the gateway; `more` adds to the request.
async fn connect(world: &World, name: &str, more: Value) -> ConnectionView {
    let mut request = json!({ "name": name, "service": ORDERS, "access_mode": "organization" });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = create(world, request).await;
    made.unwrap_or_else(|error| panic!("{}: {name}: {error:?}", world.database))
}

async fn reveal(world: &World, id: ConnectionId) -> ConnectionView {
    world.control.connection_view(&world.admin, ACME, &id.to_string(), Scope::default(), true).await.unwrap()
}

async fn view(world: &World, id: ConnectionId) -> ConnectionView {
    world.control.connection_view(&world.admin, ACME, &id.to_string(), Scope::default(), false).await.unwrap()
}

fn parameter<'a>(view: &'a ConnectionView, environment: &str, key: &str) -> &'a ParameterView {
    let parameters = view.environments[environment].parameters.as_ref().unwrap();
    parameters.iter().find(|parameter| parameter.key == key).unwrap()
}

fn value(view: &ConnectionView, environment: &str, key: &str) -> String {
    parameter(view, environment, key).value.clone().unwrap()
}

#[tokio::test]
async fn applications_are_shared_as_the_levels_say() {
    for world in World::all().await {
        furnished(&world).await;
        let site = json!({ "project": "shop", "component": "site" });
        let mut made = Vec::new();
        for (name, place) in [
            ("org-one", json!({})),
            ("org-two", json!({})),
            ("shop-one", json!({ "project": "shop" })),
            ("shop-two", json!({ "project": "shop" })),
            ("back-one", json!({ "project": "back" })),
            ("site-one", site.clone()),
            ("site-two", site.clone()),
            ("site-own", json!({ "project": "shop", "component": "site", "own_application": true })),
            ("admin-one", json!({ "project": "shop", "component": "admin" })),
        ] {
            let id = connect(&world, name, place).await.id;
            made.push((name, reveal(&world, id).await));
        }
        let groups = [["shop-one", "shop-two"], ["site-one", "site-two"]];
        for (a, left) in &made {
            for (b, right) in &made {
                let same = a == b || groups.iter().any(|group| group.contains(a) && group.contains(b));
                for key in ["ConsumerKey", "ConsumerSecret"] {
                    let equal = value(left, "development", key) == value(right, "development", key);
                    assert_eq!(equal, same, "{}: {key} of {a} and {b}", world.database);
                }
                let equal = value(left, "development", "ChoreoAPIKey") == value(right, "development", "ChoreoAPIKey");
                assert_eq!(equal, a == b, "{}: API keys of {a} and {b}", world.database);
            }
            for key in ["ConsumerKey", "ConsumerSecret", "ChoreoAPIKey"] {
                assert_ne!(value(left, "development", key), value(left, "production", key), "{a} {key}");
            }
            assert_eq!(value(left, "development", "TokenURL"), "http://127.0.0.1:7070/oauth2/token");
            let url = value(left, "production", "ServiceURL");
            assert_eq!(url, "http://127.0.0.1:7071/acme/production/shop/orders/v1");
            assert_eq!(left.environments["development"].status, "ready");
            assert_eq!(left.environments["production"].status, "ready");
            assert!(left.environments["production"].warning.is_some(), "the provider is not deployed there");
            assert_eq!(left.environments["development"].warning, None);
        }
    }
}

#[tokio::test]
async fn names_are_found_by_scope_and_ids_everywhere() {
    for world in World::all().await {
        furnished(&world).await;
        connect(&world, "everyone", json!({})).await;
        connect(&world, "shoppers", json!({ "project": "shop" })).await;
        let site = connect(&world, "site only", json!({ "project": "shop", "component": "site" })).await;
        let at = |project, component| Scope { project, component };
        let (shop, back) = (Some("shop"), Some("back"));
        for (scope, expect) in [
            (at(None, None), &["everyone"][..]),
            (at(shop, None), &["everyone", "shoppers"]),
            (at(shop, Some("site")), &["everyone", "shoppers", "site only"]),
            (at(shop, Some("admin")), &["everyone", "shoppers"]),
            (at(back, Some("report")), &["everyone"]),
        ] {
            let list =
                world.control.connection_list(&world.admin, ACME, scope, &PageQuery::default()).await.unwrap().items;
            let names: Vec<_> = list.iter().map(|connection| connection.name.as_str()).collect();
            assert_eq!(names, expect, "{scope:?}");
            assert!(list.iter().all(|one| one.environments.values().all(|state| state.parameters.is_none())));
            let found = world.control.connection_view(&world.admin, ACME, "SITE_ONLY", scope, false).await;
            assert_eq!(found.is_ok(), expect.contains(&"site only"), "{scope:?}");
        }
        assert_eq!(view(&world, site.id).await.name, "site only");
        let stranger = world.actor(Role::Developer, Some("back")).await;
        let id = site.id.to_string();
        let missing = world.control.connection_view(&stranger, ACME, &id, Scope::default(), false).await;
        assert_eq!(refused(missing).code, "connection_not_found");
    }
}

#[tokio::test]
async fn who_may_connect() {
    for world in World::all().await {
        furnished(&world).await;
        let developer = world.actor(Role::Developer, Some("back")).await;
        let viewer = world.actor(Role::Viewer, None).await;
        for (actor, place, expect) in [
            (&developer, json!({ "project": "back" }), "made"),
            (&developer, json!({ "project": "back", "component": "report" }), "made"),
            (&developer, json!({ "project": "shop" }), "project_not_found"),
            (&developer, json!({}), "forbidden"),
            (&viewer, json!({ "project": "back" }), "forbidden"),
            (&viewer, json!({}), "forbidden"),
        ] {
            let name = format!("c{}", place.as_object().unwrap().len());
            let mut request = json!({ "name": format!("{name} x"), "service": ORDERS });
            request.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
            let request = serde_json::from_value(request).unwrap();
            let got = match world.control.connection_create(actor, ACME, request).await {
                Ok(_) => "made".to_owned(),
                error => refused(error).code.to_owned(),
            };
            assert_eq!(got, expect, "{} {place}", actor.label());
        }
    }
}

#[tokio::test]
async fn variables_that_would_meet_are_refused_across_levels() {
    for world in World::all().await {
        furnished(&world).await;
        provider::mail(&world, &[("live", &["development", "production"])]).await;
        connect(&world, "at org", json!({})).await;
        connect(&world, "at-shop", json!({ "project": "shop" })).await;
        connect(&world, "at.site", json!({ "project": "shop", "component": "site" })).await;
        let (org, shop, back) = (json!({}), json!({ "project": "shop" }), json!({ "project": "back" }));
        let site = json!({ "project": "shop", "component": "site" });
        let admin = json!({ "project": "shop", "component": "admin" });
        for (name, place, service, taken) in [
            ("AT_ORG", &org, ORDERS, true),
            ("at-org", &back, ORDERS, true),
            ("At.Org", &site, ORDERS, true),
            ("at_shop", &shop, ORDERS, true),
            ("at shop", &admin, ORDERS, true),
            ("at shop", &org, ORDERS, true),
            ("at shop", &org, MAIL, true),
            ("at_shop", &back, ORDERS, false),
            ("at_site", &site, MAIL, true),
            ("at_site", &shop, ORDERS, true),
            ("at_site", &admin, ORDERS, false),
            ("at-orga", &org, ORDERS, false),
        ] {
            let mut request = json!({ "name": name, "service": service });
            request.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
            match create(&world, request).await {
                Ok(made) => {
                    assert!(!taken, "{name} {place} was made");
                    let id = made.id.to_string();
                    world
                        .control
                        .connection_delete(&world.admin, ACME, &id, Scope::default(), false, None)
                        .await
                        .unwrap();
                }
                error => {
                    let refusal = refused(error);
                    assert_eq!((refusal.code, taken), ("connection_name_taken", true), "{name} {place}: {refusal:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_offered_is_refused() {
    for world in World::all().await {
        furnished(&world).await;
        provider::internal(&world, SHOP, "stream", "GRPC", "Project").await;
        provider::internal(&world, SHOP, "hidden", "REST", "Project").await;
        provider::mail(&world, &[("sandbox", &["development"])]).await;
        provider::component(&world, SHOP, "page", ComponentType::WebApp).await;
        for (request, expect) in [
            (json!({ "service": ORDERS, "access_mode": "project" }), "access_mode_not_offered"),
            (json!({ "service": format!("{ORDERS}/PROJECT") }), "access_mode_not_offered"),
            (json!({ "service": "service:/shop/stream/v1/api" }), "access_mode_not_offered"),
            (json!({ "service": "service:/shop/hidden/v1", "project": "back" }), "access_mode_not_offered"),
            (json!({ "service": ORDERS, "authentication_scheme": "none" }), "scheme_not_offered"),
            (json!({ "service": ORDERS, "project": "shop", "authentication_scheme": "oauth2" }), "scheme_not_offered"),
            (json!({ "service": MAIL, "access_mode": "public" }), "not_applicable"),
            (json!({ "service": MAIL, "secrets": "per-component" }), "not_applicable"),
            (json!({ "service": ORDERS, "project": "shop", "own_application": true }), "not_applicable"),
            (json!({ "service": "thirdparty:Other/v1" }), "service_not_found"),
            (json!({ "service": ORDERS, "level": "component", "project": "shop" }), "scope_missing"),
            (json!({ "service": ORDERS, "component": "site" }), "scope_missing"),
            (json!({ "service": ORDERS, "name": "a--b" }), "connection_name_invalid"),
            (json!({ "service": ORDERS, "mapping": { "nowhere": "production" } }), "environment_not_found"),
            (json!({ "service": ORDERS, "mapping": { "development": "production" } }), "mapping_crosses_critical"),
            (json!({ "service": ORDERS, "mapping": { "production": "development" } }), "mapping_crosses_critical"),
            (json!({ "service": MAIL, "mapping": { "production": "live" } }), "mapping_target_unknown"),
            (json!({ "service": MAIL, "mapping": { "production": "sandbox" } }), "mapping_not_assigned"),
        ] {
            let mut whole = json!({ "name": "connection" });
            whole.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
            assert_eq!(refused(create(&world, whole).await).code, expect, "{request}");
        }
        let made = create(&world, json!({ "name": "default", "service": ORDERS, "project": "shop" })).await.unwrap();
        assert_eq!((made.access_mode, made.authentication_scheme), (Some(AccessMode::Project), Some(Scheme::None)));
        for (flag, mode) in [(Value::Null, AccessMode::Public), (json!("organization"), AccessMode::Organization)] {
            let name = format!("written {mode}");
            let written = json!({ "name": name, "service": format!("{ORDERS}/PUBLIC"), "access_mode": flag });
            assert_eq!(create(&world, written).await.unwrap().access_mode, Some(mode));
        }
        let page = json!({ "project": "shop", "component": "page" });
        let page = connect(&world, "page", page).await;
        let keys: Vec<_> = page.environments["development"].parameters.as_ref().unwrap().iter().collect();
        assert_eq!(keys.iter().map(|key| key.key.as_str()).collect::<Vec<_>>(), ["ServiceURL"]);
        let guide = world.control.connection_guide(&world.admin, ACME, &page.id.to_string(), Scope::default()).await;
        assert_eq!(guide.unwrap().variables.len(), 1);
    }
}

#[tokio::test]
async fn pending_completes_by_itself() {
    for world in World::all().await {
        furnished(&world).await;
        let direct = create(&world, json!({ "name": "direct", "service": ORDERS, "project": "shop" })).await.unwrap();
        assert_eq!(value(&direct, "development", "ServiceURL"), "http://10.0.0.1:8080/base");
        let reason = direct.environments["production"].reason.clone().unwrap();
        assert!(reason.contains("is not deployed in production"), "{reason}");
        provider::deploy(&world, SHOP, "orders", "production", ("REST", "Project, Organization, Public")).await;
        let direct = view(&world, direct.id).await;
        assert_eq!(value(&direct, "production", "ServiceURL"), "http://10.0.0.1:8080/base");

        provider::mail(&world, &[("live", &["production"])]).await;
        let made = create(&world, json!({ "name": "mail", "service": MAIL })).await.unwrap();
        assert_eq!(made.environments["development"].status, "pending", "{made:?}");
        provider::mail(&world, &[("a", &["development"]), ("live", &["production"])]).await;
        let mail_view = view(&world, made.id).await;
        assert_eq!(value(&mail_view, "development", "ServiceURL"), "https://a.example");
        assert_eq!(parameter(&mail_view, "development", "ApiKey").state, "masked");
        assert!(parameter(&mail_view, "development", "Sender").optional);
        provider::mail(&world, &[("a", &["development"]), ("b", &["development"]), ("live", &["production"])]).await;
        let mail_view = view(&world, made.id).await;
        let reason = mail_view.environments["development"].reason.clone().unwrap();
        assert!(reason.contains("several for development: a, b") && reason.contains("--map development=a"), "{reason}");
        assert_eq!(mail_view.environments["production"].status, "ready");
        let mapping = Some([("development".to_owned(), "b".to_owned())].into());
        let update = ConnectionUpdate { description: None, mapping };
        let id = made.id.to_string();
        let changed =
            world.control.connection_update(&world.admin, ACME, &id, Scope::default(), update, None).await.unwrap();
        assert_eq!(value(&changed, "development", "ServiceURL"), "https://b.example");

        let request = json!({ "handle": "staging", "after": "development", "critical": false });
        let request = serde_json::from_value(request).unwrap();
        let orders = connect(&world, "orders", json!({})).await;
        world.control.environment_create(&world.admin, ACME, request).await.unwrap();
        let orders = view(&world, orders.id).await;
        assert_eq!(orders.environments["staging"].status, "ready");
        let url = value(&orders, "staging", "ServiceURL");
        assert_eq!(url, "http://127.0.0.1:7071/acme/staging/shop/orders/v1");
    }
}

#[tokio::test]
async fn what_is_in_use_is_protected() {
    for world in World::all().await {
        furnished(&world).await;
        let orders = connect(&world, "orders", json!({ "project": "shop" })).await;
        world.deploy("site", "development", "orders", ORDERS).await;
        world.deploy("admin", "production", "orders", ORDERS).await;
        let id = orders.id.to_string();
        let delete = |force| world.control.connection_delete(&world.admin, ACME, &id, Scope::default(), force, None);
        let refusal = refused(delete(false).await);
        assert_eq!(refusal.code, "connection_in_use");
        for part in ["in development: shop/site (v1.0", "in production: shop/admin (v1.0"] {
            assert!(refusal.message.contains(part), "{}", refusal.message);
        }
        let component = world.control.component_delete(&world.admin, ACME, SHOP, "orders", false).await;
        let refusal = refused(component);
        assert_eq!(refusal.code, "component_in_use");
        for part in ["in development: shop/site (v1.0", "in production: shop/admin (v1.0"] {
            assert!(refusal.message.contains(part), "{}", refusal.message);
        }
        let component = world.control.component_delete(&world.admin, ACME, SHOP, "site", false).await;
        assert_eq!(refused(component).code, "component_deployed");
        let environment = world.control.environment_delete(&world.admin, ACME, "development", false).await;
        let refusal = refused(environment);
        assert_eq!(refusal.code, "environment_in_use");
        assert!(refusal.message.contains("shop/site v1 is deployed there"), "{}", refusal.message);
        let developer = world.actor(Role::Developer, None).await;
        let forced = world.control.connection_delete(&developer, ACME, &id, Scope::default(), true, None).await;
        assert_eq!(refused(forced).code, "forbidden");
    }
}

#[tokio::test]
async fn a_forced_deletion_revokes_with_the_last_holder() {
    for world in World::all().await {
        furnished(&world).await;
        let orders = connect(&world, "orders", json!({})).await;
        connect(&world, "other", json!({})).await;
        world.deploy("site", "development", "orders", ORDERS).await;
        let before = world.variables("site", "development").await;
        let revoked = async || {
            let organization = world.organization().await;
            let mut transaction = world.store.read().await.unwrap();
            let versions = transaction.sealed_of_organization(organization, "", 1000).await.unwrap();
            versions.iter().filter(|version| version.revoked_at.is_some()).count()
        };
        let delete = async |connection: ConnectionId, force| {
            let id = connection.to_string();
            world.control.connection_delete(&world.admin, ACME, &id, Scope::default(), force, None).await
        };
        delete(orders.id, true).await.unwrap();
        let gone = world.control.connection_view(&world.admin, ACME, "orders", Scope::default(), false).await;
        assert_eq!(refused(gone).code, "connection_not_found");
        assert_eq!(revoked().await, 0, "{}: the running component still holds the keys", world.database);
        assert_eq!(world.variables("site", "development").await, before, "nothing is taken away");
        let taken = create(&world, json!({ "name": "again", "service": ORDERS, "id": orders.id })).await;
        assert_eq!(refused(taken).code, "connection_id_taken");
        world.deploy("site", "development", "other", ORDERS).await;
        // A client secret and an API key in each of the two environments.
        assert_eq!(revoked().await, 4, "{}", world.database);
        assert!(world.audited().await.iter().any(|action| action == "connection_delete"));
    }
}

#[tokio::test]
async fn secrets_are_revealed_to_those_who_may_read_them_and_audited() {
    for world in World::all().await {
        furnished(&world).await;
        let id = connect(&world, "orders", json!({ "project": "shop" })).await.id.to_string();
        let reveals = async || world.audited().await.iter().filter(|action| *action == "connection_reveal").count();
        let developer = world.actor(Role::Developer, Some("shop")).await;
        let viewer = world.actor(Role::Viewer, None).await;
        for (actor, reveal, development, production, audited) in [
            (&world.admin, false, "masked", "masked", 0),
            (&viewer, true, "masked", "masked", 0),
            (&developer, true, "set", "masked", 1),
            (&world.admin, true, "set", "set", 2),
        ] {
            let shown = world.control.connection_view(actor, ACME, &id, Scope::default(), reveal).await.unwrap();
            for (environment, state) in [("development", development), ("production", production)] {
                let secret = parameter(&shown, environment, "ConsumerSecret");
                assert_eq!(secret.state, state, "{} {environment}", actor.label());
                assert_eq!(secret.value.is_some(), state == "set");
                assert_eq!(parameter(&shown, environment, "ConsumerKey").state, "set");
            }
            assert_eq!(reveals().await, audited, "{}", actor.label());
        }
    }
}

#[tokio::test]
async fn ids_that_files_carry_are_adopted() {
    for world in World::all().await {
        furnished(&world).await;
        for (id, expect) in [
            ("6fa459ea-ee8a-3ca4-894e-db77e160355e", "made"),
            ("6fa459ea-ee8a-3ca4-894e-db77e160355e", "connection_id_taken"),
            ("886313e1-3b8a-5372-9b90-0c9aee199e5d", "made"),
            ("00000000-0000-0000-0000-000000000000", "connection_id_invalid"),
            ("019ac6b4-6a7c-7000-8000-000000000001", "connection_id_invalid"),
        ] {
            let name = format!("c {}", &id[..8]);
            let name = if expect == "connection_id_taken" { "another".to_owned() } else { name };
            let got = match create(&world, json!({ "name": name, "service": ORDERS, "id": id })).await {
                Ok(made) => {
                    assert_eq!(made.id.to_string(), id);
                    "made"
                }
                error => refused(error).code,
            };
            assert_eq!(got, expect, "{id}");
        }
        let drawn = connect(&world, "drawn", json!({})).await;
        assert_eq!(drawn.id.0.get_version_num(), 4);
    }
}

#[tokio::test]
async fn a_later_environment_gets_the_keys_that_the_others_have() {
    for world in World::all().await {
        furnished(&world).await;
        provider::component(&world, SHOP, "browser", ComponentType::WebApp).await;
        let site = json!({ "project": "shop", "component": "site" });
        let apart = json!({ "project": "shop", "component": "site", "secrets": "per-component" });
        let browser = json!({ "project": "shop", "component": "browser" });
        let mut made = Vec::new();
        for (name, place) in [
            ("org", json!({})),
            ("shop-one", json!({ "project": "shop" })),
            ("shop-two", json!({ "project": "shop" })),
            ("by-key", json!({ "project": "shop", "authentication_scheme": "api-key" })),
            ("later", json!({ "project": "shop", "secrets": "per-component" })),
            ("site", site),
            ("apart", apart),
            ("browser", browser),
        ] {
            made.push(connect(&world, name, place).await.id);
        }
        let request = serde_json::from_value(json!({ "handle": "staging", "after": "development" })).unwrap();
        world.control.environment_create(&world.admin, ACME, request).await.unwrap();
        let mut shared = Vec::new();
        for id in made {
            let shown = reveal(&world, id).await;
            let states = |environment: &str| -> Vec<(String, String, bool)> {
                let parameters = shown.environments[environment].parameters.as_ref().unwrap();
                let state = |one: &ParameterView| (one.key.clone(), one.state.clone(), one.value.is_some());
                parameters.iter().map(state).collect()
            };
            assert_eq!(states("staging"), states("development"), "{}: {}", world.database, shown.name);
            if shown.name.starts_with("shop-") {
                shared.push(value(&shown, "staging", "ConsumerSecret"));
            }
        }
        assert_eq!(shared[0], shared[1], "one application has one secret");
    }
}

#[tokio::test]
async fn an_environment_changes_its_kind_only_where_no_connection_would_cross() {
    let world = World::sqlite().await;
    furnished(&world).await;
    let environment = json!({ "handle": "staging", "after": "development", "critical": false });
    let environment = serde_json::from_value(environment).unwrap();
    world.control.environment_create(&world.admin, ACME, environment).await.unwrap();
    let made = connect(&world, "led", json!({ "mapping": { "staging": "development" } })).await;
    let critical = async |handle: &str, critical: bool| {
        let request = serde_json::from_value(json!({ "critical": critical })).unwrap();
        world.control.environment_update(&world.admin, ACME, handle, request, None).await
    };
    for handle in ["staging", "development"] {
        let refusal = refused(critical(handle, true).await);
        assert_eq!(refusal.code, "mapping_crosses_critical", "{handle}");
        let names = format!("\"led\" ({}) from staging to development", made.id);
        assert!(refusal.message.contains(&names), "{}", refusal.message);
    }
    let unchanged = critical("staging", false).await.unwrap();
    assert!(!unchanged.critical);
    let mapping = serde_json::from_value::<ConnectionUpdate>(json!({ "mapping": { "staging": "" } })).unwrap();
    let id = made.id.to_string();
    world.control.connection_update(&world.admin, ACME, &id, Scope::default(), mapping, None).await.unwrap();
    assert!(critical("staging", true).await.unwrap().critical);
}

#[tokio::test]
async fn an_environment_comes_back_only_as_one_of_the_kind_that_connections_lead_to() {
    let world = World::sqlite().await;
    furnished(&world).await;
    let make = async |handle: &str, critical: bool| {
        let request = json!({ "handle": handle, "after": "development", "critical": critical });
        world.control.environment_create(&world.admin, ACME, serde_json::from_value(request).unwrap()).await
    };
    make("staging", false).await.unwrap();
    let made = connect(&world, "led", json!({ "mapping": { "development": "staging" } })).await;
    world.control.environment_delete(&world.admin, ACME, "staging", true).await.unwrap();
    let refusal = refused(make("Staging", true).await);
    assert_eq!(refusal.code, "mapping_crosses_critical");
    let names = format!("\"led\" ({}) from development to staging", made.id);
    assert!(refusal.message.contains(&names), "{}", refusal.message);
    assert!(!make("staging", false).await.unwrap().critical);
}

#[tokio::test]
async fn each_component_has_its_own_secret_where_asked_for() {
    for world in World::all().await {
        furnished(&world).await;
        let shared = connect(&world, "shared", json!({ "project": "shop" })).await;
        let own = connect(&world, "apart", json!({ "project": "shop", "secrets": "per-component" })).await;
        let (shared, own) = (reveal(&world, shared.id).await, reveal(&world, own.id).await);
        assert_eq!(value(&shared, "development", "ConsumerKey"), value(&own, "development", "ConsumerKey"));
        for key in ["ConsumerSecret", "ChoreoAPIKey"] {
            let parameter = parameter(&own, "development", key);
            assert_eq!((parameter.state.as_str(), parameter.value.as_deref()), ("masked", None), "{key}");
        }
        assert_eq!(own.environments["development"].status, "ready");
        let place = json!({ "project": "shop", "component": "site", "secrets": "per-component" });
        let site = connect(&world, "site", place).await;
        assert!(parameter(&reveal(&world, site.id).await, "development", "ConsumerSecret").value.is_some());
    }
}

#[tokio::test]
async fn external_consumers_are_subscribed_where_the_provider_is() {
    for world in World::all().await {
        furnished(&world).await;
        provider::component(&world, SHOP, "partner", ComponentType::ExternalConsumer).await;
        let place = json!({ "project": "shop", "component": "partner", "access_mode": "public" });
        let partner = connect(&world, "partner", place).await;
        let mut transaction = world.store.read().await.unwrap();
        let subscribed = transaction.subscription_environments(partner.id).await.unwrap();
        let organization = transaction.organization_by_handle(ACME).await.unwrap().unwrap().id;
        let development = transaction.environment_by_handle(organization, "development").await.unwrap().unwrap();
        assert_eq!(subscribed, [development.id], "{}", world.database);
        drop(transaction);
        let orders = world.control.component_delete(&world.admin, ACME, SHOP, "orders", false).await;
        let refusal = refused(orders);
        assert_eq!(refusal.code, "component_in_use");
        assert!(refusal.message.contains("in development: shop/partner (external"), "{}", refusal.message);
    }
}

#[tokio::test]
async fn forced_deletions_leave_nothing_behind() {
    for world in World::all().await {
        furnished(&world).await;
        connect(&world, "orders", json!({ "project": "shop" })).await;
        world.deploy("site", "development", "orders", ORDERS).await;
        connect(&world, "mine", json!({ "project": "shop", "component": "site" })).await;
        let kept = world.variables("site", "development").await;
        world.control.component_delete(&world.admin, ACME, SHOP, "orders", true).await.unwrap();
        assert_eq!(world.variables("site", "development").await, kept, "{}", world.database);
        world.control.component_delete(&world.admin, ACME, SHOP, "site", true).await.unwrap();
        let scope = Scope { project: Some(SHOP), component: None };
        let list = world.control.connection_list(&world.admin, ACME, scope, &PageQuery::default()).await;
        assert!(list.unwrap().items.is_empty());
        world.control.environment_delete(&world.admin, ACME, "development", false).await.unwrap();
        let last = world.control.environment_delete(&world.admin, ACME, "production", true).await;
        assert_eq!(refused(last).code, "environment_last");
    }
}
