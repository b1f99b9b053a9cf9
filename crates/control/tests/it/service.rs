//! The marketplace through its use cases, on every database at hand.

use crate::world::{ACME, SHOP, World, refused};
use serde_json::json;
use tieline_control::{Actor, Refusal, Scope};
use tieline_core::model::{ComponentType, PinnedValue, Role};
use tieline_core::wire::service::{ResourceRegister, ServiceQuery, ServiceUpdate, ServiceView, ThirdPartyRegister};
use tieline_core::wire::tenancy::{EnvironmentUpdate, OrganizationCreate, ProjectCreate};

const MAIL: &str = "thirdparty:Mail Gate/v1";

fn mail() -> serde_json::Value {
    json!({
        "name": "Mail Gate", "version": "v1.2", "summary": "Sends mail", "labels": ["mail", "letters"],
        "definition": "openapi: 3.0.0\ninfo: { title: Mail, version: '1' }\npaths: { /send: { post: { summary: Send } } }",
        "parameters": [{ "name": "ApiKey", "secret": true }, { "name": "Sender", "optional": true }],
        "endpoints": [
            { "name": "sandbox", "url": "https://sandbox.mail.example/v1", "environments": ["development"],
              "values": { "ApiKey": "canary-sandbox" } },
            { "name": "live", "url": "https://mail.example/v1", "environments": ["production"],
              "values": { "ApiKey": "canary-live", "Sender": "shop" } },
        ],
    })
}

fn database() -> serde_json::Value {
    json!({
        "name": "shop/main", "kind": "postgresql", "summary": "Orders",
        "credentials": [{ "name": "dev", "environments": ["development"], "values": {
            "HostName": "db.example", "Port": "5432", "DatabaseName": "shop", "Username": "app", "Password": "canary" } }],
    })
}

async fn register(
    world: &World,
    actor: &Actor,
    value: serde_json::Value,
) -> Result<ServiceView, tieline_control::Error> {
    let request: ThirdPartyRegister = serde_json::from_value(value).unwrap();
    world.control.service_register(actor, ACME, request, false, None).await
}

async fn resource(world: &World, value: serde_json::Value) -> Result<ServiceView, tieline_control::Error> {
    let request: ResourceRegister = serde_json::from_value(value).unwrap();
    world.control.resource_register(&world.admin, ACME, request, false, None).await
}

async fn names(world: &World, actor: &Actor, query: ServiceQuery) -> Vec<String> {
    let page = world.control.service_list(actor, ACME, &query).await.unwrap();
    page.items.into_iter().map(|service| service.reference).collect()
}

#[tokio::test]
async fn a_third_party_service_is_registered_listed_and_shown_without_its_secrets() {
    for world in World::all().await {
        let made = register(&world, &world.admin, mail()).await.unwrap();
        assert_eq!(made.reference, MAIL, "{}", world.database);
        assert_eq!((made.version.as_str(), made.kind.as_str()), ("v1.2", "third-party"));
        assert!(made.published && made.listed);
        assert_eq!(made.definition_type.as_deref(), Some("openapi3"));
        let detail = made.detail.as_ref().unwrap();
        let keys: Vec<&str> = detail.parameters.iter().map(|parameter| parameter.key.as_str()).collect();
        assert_eq!(keys, ["ServiceURL", "ApiKey", "Sender"]);
        assert_eq!(made.standing.as_ref().unwrap().environments, ["development", "production"]);
        assert_eq!(detail.operations[0].path, "/send");
        assert_eq!(detail.entries[0].values["ServiceURL"].as_deref(), Some("https://mail.example/v1"));
        assert_eq!(detail.entries[0].values["ApiKey"], None);
        let shown = serde_json::to_string(&made).unwrap();
        assert!(!shown.contains("canary"), "{shown}");

        let viewer = world.actor(Role::Viewer, None).await;
        for spelling in [MAIL, "thirdparty: mail gate/V1.7"] {
            let seen = world.control.service_view(&viewer, ACME, spelling, None).await.unwrap();
            assert_eq!(seen.reference, MAIL);
            assert!(seen.detail.unwrap().entries.is_empty(), "entries are for owners");
        }
        assert_eq!(world.audited().await.last().map(String::as_str), Some("service_register"));
    }
}

#[tokio::test]
async fn who_sees_a_service_reads_its_definition() {
    for world in World::all().await {
        register(&world, &world.admin, mail()).await.unwrap();
        let viewer = world.actor(Role::Viewer, None).await;
        let outline = world.control.service_outline(&viewer, ACME, MAIL, None).await.unwrap();
        assert_eq!((outline.title.as_str(), outline.groups[0].operations[0].summary.as_str()), ("Mail", "Send"));
        assert_eq!(outline.notes, []);

        resource(&world, database()).await.unwrap();
        let ask = |reference| world.control.service_outline(&viewer, ACME, reference, None);
        assert_eq!(refused(ask("database:shop/main").await).code, "definition_missing");
        assert_eq!(refused(ask("thirdparty:Mail Gate/v2").await).code, "service_not_found");
    }
}

#[tokio::test]
async fn registering_again_changes_what_changed_and_nothing_else() {
    for world in World::all().await {
        register(&world, &world.admin, mail()).await.unwrap();
        let before = entries(&world).await;
        let mut changed = mail();
        changed["endpoints"][0]["values"]["ApiKey"] = json!("canary-renewed");
        changed["summary"] = json!("Sends letters");
        let view = register(&world, &world.admin, changed).await.unwrap();
        assert_eq!(view.summary, "Sends letters");
        let after = entries(&world).await;
        let sealed = |entries: &[tieline_store::service::Entry], name: &str| {
            let entry = entries.iter().find(|entry| entry.name == name).unwrap();
            match &entry.values["ApiKey"] {
                PinnedValue::Sealed(id) => (entry.id, *id),
                PinnedValue::Plain(text) => panic!("a secret is stored in the clear: {text}"),
            }
        };
        assert_eq!(sealed(&before, "live"), sealed(&after, "live"), "an unchanged secret keeps its version");
        assert_eq!(sealed(&before, "sandbox").0, sealed(&after, "sandbox").0);
        assert_ne!(sealed(&before, "sandbox").1, sealed(&after, "sandbox").1, "a changed one has another");
    }
}

#[tokio::test]
async fn values_that_stay_are_not_given_again() {
    for world in World::all().await {
        register(&world, &world.admin, mail()).await.unwrap();
        let before = entries(&world).await;
        let mut changed = mail();
        changed["endpoints"][0]["values"] = json!({ "ApiKey": null });
        changed["endpoints"][1]["values"] = json!({ "ApiKey": null, "Sender": null });
        register(&world, &world.admin, changed.clone()).await.unwrap();
        assert_eq!(entries(&world).await, before, "{}", world.database);

        // What stays has nothing to stay where nothing was.
        changed["endpoints"][0]["name"] = json!("other");
        let view = register(&world, &world.admin, changed.clone()).await.unwrap();
        assert!(view.detail.unwrap().entries.iter().any(|entry| !entry.values.contains_key("ApiKey")));
        changed["parameters"][0]["secret"] = json!(false);
        let shown = refused(register(&world, &world.admin, changed.clone()).await);
        assert_eq!((shown.code, shown.path.as_deref()), ("value_secret", Some("endpoints[1].values.ApiKey")));

        // What becomes a secret stays as well, and what stays obeys the rules of where it goes.
        let mut changed = mail();
        changed["parameters"][1]["secret"] = json!(true);
        changed["endpoints"][1]["values"] = json!({ "ApiKey": null, "Sender": null });
        let view = register(&world, &world.admin, changed).await.unwrap();
        assert_eq!(view.detail.unwrap().entries[0].values["Sender"], None);
        resource(&world, database()).await.unwrap();
        let networks = EnvironmentUpdate { critical: None, allowed_addresses: Some(vec!["10.0.0.0/8".into()]) };
        world.control.environment_update(&world.admin, ACME, "production", networks, None).await.unwrap();
        let mut moved = database();
        moved["credentials"][0]["values"]["HostName"] = json!("192.0.2.1");
        resource(&world, moved.clone()).await.unwrap();
        moved["credentials"][0]["values"]["HostName"] = json!(null);
        moved["credentials"][0]["environments"] = json!(["production"]);
        let refusal = refused(resource(&world, moved).await);
        assert_eq!(
            (refusal.code, refusal.path.as_deref()),
            ("address_refused", Some("credentials[0].values.HostName"))
        );
    }
}

#[tokio::test]
async fn a_registration_may_say_what_it_expects() {
    let world = World::sqlite().await;
    let ask = async |expected| {
        let request = serde_json::from_value(mail()).unwrap();
        world.control.service_register(&world.admin, ACME, request, false, expected).await
    };
    assert_eq!(refused(ask(Some(7)).await).code, "changed_meanwhile");
    let made = ask(Some(0)).await.unwrap();
    let again = refused(ask(Some(0)).await);
    assert_eq!((again.code, again.path.as_deref()), ("service_exists", Some("name")));
    let changed = ask(Some(made.revision)).await.unwrap();
    assert_eq!(refused(ask(Some(made.revision)).await).code, "changed_meanwhile");
    ask(Some(changed.revision)).await.unwrap();
}

#[tokio::test]
async fn a_list_of_all_says_where_each_stands() {
    for world in World::all().await {
        register(&world, &world.admin, mail()).await.unwrap();
        let mut bare = mail();
        bare["name"] = json!("Bare");
        bare["endpoints"][0]["values"] = json!({});
        bare["endpoints"][1]["url"] = json!("");
        bare["endpoints"][1]["values"] = json!({});
        register(&world, &world.admin, bare.clone()).await.unwrap();
        bare["name"] = json!("Empty");
        bare["endpoints"] = json!([]);
        register(&world, &world.admin, bare).await.unwrap();
        resource(&world, database()).await.unwrap();
        world.control.service_unpublish(&world.admin, ACME, "database:shop/main", None, None).await.unwrap();
        let connect = json!({ "name": "mail", "service": MAIL });
        let connect = serde_json::from_value(connect).unwrap();
        world.control.connection_create(&world.admin, ACME, connect).await.unwrap();

        let all = ServiceQuery { all: true, ..ServiceQuery::default() };
        let page = world.control.service_list(&world.admin, ACME, &all).await.unwrap();
        let found: Vec<_> =
            page.items.iter().map(|service| (service.name.as_str(), service.standing.as_ref().unwrap())).collect();
        let expect = [
            ("Bare", 0, Some("its endpoint \"sandbox\" has no value for ApiKey")),
            ("Empty", 0, Some("it has no endpoint yet")),
            ("Mail Gate", 1, None),
            ("shop/main", 0, Some("it was taken out of the marketplace")),
        ];
        for ((name, standing), (expected, connections, unlisted)) in found.iter().zip(expect) {
            assert_eq!(*name, expected);
            assert_eq!((standing.connections, standing.unlisted.as_deref()), (Some(connections), unlisted), "{name}");
        }
        assert_eq!(found.len(), 4);
        assert_eq!(found[3].1.environments, ["development"]);

        let viewer = world.actor(Role::Viewer, None).await;
        let page = world.control.service_list(&viewer, ACME, &all).await.unwrap();
        let found: Vec<_> = page
            .items
            .iter()
            .map(|service| (service.name.as_str(), service.standing.as_ref().unwrap().connections))
            .collect();
        assert_eq!(found, [("Mail Gate", None)], "the rest is for owners");
        let listed = world.control.service_list(&viewer, ACME, &ServiceQuery::default()).await.unwrap();
        assert_eq!(listed.items[0].standing, None);
    }
}

async fn entries(world: &World) -> Vec<tieline_store::service::Entry> {
    let organization = world.organization().await;
    let mut transaction = world.store.read().await.unwrap();
    let service = transaction.service_by_reference(organization, MAIL).await.unwrap().unwrap();
    transaction.entries(service.id).await.unwrap()
}

#[tokio::test]
async fn a_faulty_registration_is_refused_and_changes_nothing() {
    let world = World::sqlite().await;
    type Change = fn(&mut serde_json::Value);
    let faults: &[(&str, Change)] = &[
        ("service_name_invalid", |file| file["name"] = json!("Mail/Gate")),
        ("service_name_invalid", |file| file["name"] = json!("  ")),
        ("version_invalid", |file| file["version"] = json!("latest")),
        ("project_not_found", |file| file["project"] = json!("nowhere")),
        ("text_too_large", |file| file["definition"] = json!("x".repeat(2 * 1024 * 1024 + 1))),
        ("text_too_large", |file| file["overview"] = json!("x".repeat(1024 * 1024 + 1))),
        ("text_too_large", |file| file["endpoints"][0]["values"]["ApiKey"] = json!("x".repeat(64 * 1024 + 1))),
        ("text_invalid", |file| file["endpoints"][0]["values"]["ApiKey"] = json!("a\u{0}b")),
        ("text_invalid", |file| file["labels"] = json!([""])),
        ("parameter_invalid", |file| file["parameters"][0]["name"] = json!("1st")),
        ("parameter_name_taken", |file| file["parameters"][1]["name"] = json!("apikey")),
        ("parameter_name_taken", |file| file["parameters"][1]["name"] = json!("serviceurl")),
        ("parameter_unknown", |file| file["endpoints"][0]["values"]["Other"] = json!("x")),
        ("parameter_unknown", |file| file["endpoints"][0]["values"]["ServiceURL"] = json!("https://x.example")),
        ("entry_name_taken", |file| file["endpoints"][1]["name"] = json!("Sandbox")),
        ("service_name_invalid", |file| file["endpoints"][1]["name"] = json!("a=b")),
        ("environment_unknown", |file| file["endpoints"][0]["environments"] = json!(["testing"])),
        ("address_refused", |file| file["endpoints"][0]["url"] = json!("mail.example")),
        ("address_refused", |file| file["endpoints"][0]["url"] = json!("ftp://mail.example")),
        ("address_refused", |file| file["endpoints"][0]["url"] = json!("https://me:pw@mail.example")),
        ("address_refused", |file| file["endpoints"][0]["url"] = json!("https://mail.example/a b")),
        ("address_refused", |file| file["endpoints"][0]["url"] = json!("http://169.254.169.254/latest")),
        ("address_refused", |file| file["endpoints"][0]["url"] = json!("http://127.0.0.1:7070")),
    ];
    for (code, fault) in faults {
        let mut file = mail();
        fault(&mut file);
        let refusal = refused(register(&world, &world.admin, file).await);
        assert_eq!(refusal.code, *code, "{refusal:?}");
        assert!(!refusal.hint.is_empty() && !refusal.message.contains("canary"), "{refusal:?}");
    }
    assert_eq!(names(&world, &world.admin, ServiceQuery { all: true, ..ServiceQuery::default() }).await, [""; 0]);
    assert_eq!(world.audited().await, ["organization_create", "project_create"]);
}

#[tokio::test]
async fn a_fault_names_its_place() {
    let world = World::sqlite().await;
    type Change = fn(&mut serde_json::Value);
    let faults: &[(&str, Change)] = &[
        ("name", |file| file["name"] = json!("Mail/Gate")),
        ("version", |file| file["version"] = json!("latest")),
        ("summary", |file| file["summary"] = json!("x".repeat(5000))),
        ("labels", |file| file["labels"] = json!(["a\nb"])),
        ("definition", |file| file["definition"] = json!("Dear all,\nhere is our API.")),
        ("definition", |file| file["definition"] = json!("x".repeat(2 * 1024 * 1024 + 1))),
        ("parameters[1].name", |file| file["parameters"][1]["name"] = json!("APIKEY")),
        ("parameters[0].name", |file| file["parameters"][0]["name"] = json!("1")),
        ("parameters[0].description", |file| file["parameters"][0]["description"] = json!("x".repeat(5000))),
        ("endpoints[1].name", |file| file["endpoints"][1]["name"] = json!("Sandbox")),
        ("endpoints[1].name", |file| file["endpoints"][1]["name"] = json!("")),
        ("endpoints[0].environments", |file| file["endpoints"][0]["environments"] = json!(["testing"])),
        ("endpoints[1].url", |file| file["endpoints"][1]["url"] = json!("mail")),
        ("endpoints[0].values.Other", |file| file["endpoints"][0]["values"]["Other"] = json!("x")),
        ("endpoints[0].values.ApiKey", |file| file["endpoints"][0]["values"]["ApiKey"] = json!("a\u{0}b")),
    ];
    for (path, fault) in faults {
        let mut file = mail();
        fault(&mut file);
        let refusal = refused(register(&world, &world.admin, file).await);
        assert_eq!(refusal.path.as_deref(), Some(*path), "{refusal:?}");
    }
}

#[tokio::test]
async fn loopback_is_for_installations_with_one_organization() {
    let world = World::sqlite().await;
    let mut file = mail();
    file["endpoints"][0]["url"] = json!("http://127.0.0.1:9000/v1");
    register(&world, &world.admin, file.clone()).await.unwrap();
    world.control.organization_create(&world.admin, OrganizationCreate { handle: "other".to_owned() }).await.unwrap();
    assert_eq!(refused(register(&world, &world.admin, file).await).code, "address_refused");
}

#[tokio::test]
async fn addresses_lie_in_the_networks_of_the_environment() {
    let world = World::sqlite().await;
    let update = EnvironmentUpdate { allowed_addresses: Some(vec!["10.0.0.0/8".to_owned()]), ..Default::default() };
    world.control.environment_update(&world.admin, ACME, "production", update, None).await.unwrap();
    for (url, good) in [("http://10.1.2.3/v1", true), ("http://192.0.2.1/v1", false), ("https://mail.example", true)] {
        let mut file = mail();
        file["endpoints"][1]["url"] = json!(url);
        assert_eq!(register(&world, &world.admin, file).await.is_ok(), good, "{url}");
    }
    for (host, good) in [("db.example", true), ("169.254.169.254", false), ("a.example,b.example:1", true)] {
        let mut file = database();
        file["credentials"][0]["values"]["HostName"] = json!(host);
        assert_eq!(resource(&world, file).await.is_ok(), good, "{host}");
    }
}

#[tokio::test]
async fn a_resource_is_listed_when_one_credential_is_complete() {
    for world in World::all().await {
        let mut incomplete = database();
        incomplete["credentials"][0]["values"]["Password"] = json!("");
        let made = resource(&world, incomplete).await.unwrap();
        assert_eq!((made.reference.as_str(), made.listed, made.published), ("database:shop/main", false, true));
        assert_eq!(names(&world, &world.admin, ServiceQuery::default()).await, [""; 0]);
        let made = resource(&world, database()).await.unwrap();
        assert!(made.listed, "{}", world.database);
        assert_eq!(names(&world, &world.admin, ServiceQuery::default()).await, ["database:shop/main"]);

        for (code, field, value) in [
            ("kind_unknown", "kind", "postgres"),
            ("service_name_invalid", "name", "a/b/c"),
            ("service_name_invalid", "name", "shop main"),
            ("service_kind_fixed", "kind", "mysql"),
        ] {
            let mut file = database();
            file[field] = json!(value);
            let refusal = refused(resource(&world, file).await);
            assert_eq!(refusal.code, code);
            assert!(code != "kind_unknown" || refusal.hint.contains("did you mean postgresql?"), "{}", refusal.hint);
        }
        let mut bare = database();
        bare["name"] = json!("main");
        assert_eq!(resource(&world, bare).await.unwrap().reference, "database:main");
    }
}

#[tokio::test]
async fn unpublishing_takes_a_service_out_of_the_list_and_publishing_brings_it_back() {
    for world in World::all().await {
        register(&world, &world.admin, mail()).await.unwrap();
        let hidden = world.control.service_unpublish(&world.admin, ACME, MAIL, None, None).await.unwrap();
        assert!(!hidden.published && !hidden.listed);
        assert!(!register(&world, &world.admin, mail()).await.unwrap().listed, "registering again does not publish");
        assert_eq!(names(&world, &world.admin, ServiceQuery::default()).await, [""; 0]);
        let all = ServiceQuery { all: true, ..ServiceQuery::default() };
        assert_eq!(names(&world, &world.admin, all.clone()).await, [MAIL]);
        let viewer = world.actor(Role::Viewer, None).await;
        assert_eq!(names(&world, &viewer, all).await, [""; 0], "what is not listed is for its owners");
        let refusal = refused(world.control.service_publish(&viewer, ACME, MAIL, None, None).await);
        assert_eq!(refusal.code, "forbidden");
        assert!(world.control.service_publish(&world.admin, ACME, MAIL, None, None).await.unwrap().listed);
    }
}

#[tokio::test]
async fn a_service_of_one_project_is_seen_there_alone() {
    for world in World::all().await {
        let request = ProjectCreate { handle: "other".to_owned() };
        world.control.project_create(&world.admin, ACME, request).await.unwrap();
        let mut file = mail();
        file["project"] = json!(SHOP);
        let (inside, outside) =
            (world.actor(Role::ProjectAdmin, Some(SHOP)).await, world.actor(Role::ProjectAdmin, Some("other")).await);
        assert_eq!(refused(register(&world, &outside, file.clone()).await).code, "project_not_found");
        assert_eq!(refused(register(&world, &inside, mail()).await).code, "forbidden");
        assert_eq!(register(&world, &inside, file).await.unwrap().project.as_deref(), Some(SHOP));
        for (actor, project, expect) in [
            (&world.admin, None, true),
            (&world.admin, Some(SHOP), true),
            (&world.admin, Some("other"), false),
            (&inside, None, true),
            (&outside, None, false),
        ] {
            let query = ServiceQuery { project: project.map(str::to_owned), ..ServiceQuery::default() };
            assert_eq!(names(&world, actor, query).await.len(), usize::from(expect), "{} {project:?}", actor.label());
        }
        assert_eq!(refused(world.control.service_view(&outside, ACME, MAIL, None).await).code, "service_not_found");
        assert_eq!(refused(world.control.service_outline(&outside, ACME, MAIL, None).await).code, "service_not_found");
        let refusal = refused(register(&world, &world.admin, mail()).await);
        assert_eq!(refusal.code, "service_exists");
    }
}

#[tokio::test]
async fn search_finds_by_field_kind_and_category_page_by_page() {
    for world in World::all().await {
        register(&world, &world.admin, mail()).await.unwrap();
        resource(&world, database()).await.unwrap();
        for number in 0..3 {
            let mut file = mail();
            file["name"] = json!(format!("Extra {number}"));
            file["categories"] = json!(["Messaging"]);
            file["labels"] = json!([]);
            file["definition"] = json!(null);
            register(&world, &world.admin, file).await.unwrap();
        }
        let query = |text: &str| ServiceQuery { search: Some(text.to_owned()), ..ServiceQuery::default() };
        let field = |text: &str, field: &str| ServiceQuery {
            field: serde_json::from_value(json!(field)).unwrap(),
            ..query(text)
        };
        for (query, expect) in [
            (query("mail gate"), 1),
            (query("MAI"), 5),
            (query("send"), 4),
            (field("letters", "label"), 1),
            (field("letters", "name"), 0),
            (field("send", "content"), 4),
            (field("orders", "content"), 1),
            (query("nothing of the kind"), 0),
            (query("%"), 0),
            (ServiceQuery { kind: Some("database".to_owned()), ..ServiceQuery::default() }, 1),
            (ServiceQuery { kind: Some("postgresql,third-party".to_owned()), ..ServiceQuery::default() }, 5),
            (ServiceQuery { category: Some("messaging".to_owned()), ..ServiceQuery::default() }, 3),
        ] {
            let found = names(&world, &world.admin, query.clone()).await;
            assert_eq!(found.len(), expect, "{} {query:?} {found:?}", world.database);
        }
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let query = ServiceQuery { limit: Some(2), cursor, ..ServiceQuery::default() };
            let page = world.control.service_list(&world.admin, ACME, &query).await.unwrap();
            assert!(page.items.len() <= 2);
            seen.extend(page.items.into_iter().map(|service| service.name));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["Extra 0", "Extra 1", "Extra 2", "Mail Gate", "shop/main"]);
        let query = ServiceQuery { cursor: Some("nonsense".to_owned()), ..ServiceQuery::default() };
        assert_eq!(refused(world.control.service_list(&world.admin, ACME, &query).await).code, "cursor_invalid");
    }
}

#[tokio::test]
async fn what_is_in_use_is_not_taken_away_unless_forced() {
    for world in World::all().await {
        register(&world, &world.admin, mail()).await.unwrap();
        world.component("orders", ComponentType::Service).await;
        world.connect("orders", "mailer", MAIL).await;
        world.deploy("orders", "development", "mailer", MAIL).await;
        type Change = fn(&mut serde_json::Value);
        let narrowing: &[(&str, Change)] = &[
            ("the endpoint is gone", |file| {
                file["endpoints"].as_array_mut().unwrap().remove(0);
            }),
            ("it is not assigned there", |file| file["endpoints"][0]["environments"] = json!([])),
            ("it lacks a value", |file| {
                file["endpoints"][0]["values"] = json!({});
            }),
            ("the choice is open", |file| file["endpoints"][1]["environments"] = json!(["development", "production"])),
        ];
        for (what, change) in narrowing {
            let mut file = mail();
            change(&mut file);
            names_the_consumer(&refused(register(&world, &world.admin, file).await), what);
        }
        let key = "CHOREO_MAILER_APIKEY";
        assert_eq!(world.variables("orders", "development").await[key], "canary-sandbox");
        let mut renewed = mail();
        renewed["endpoints"][0]["values"]["ApiKey"] = json!("canary-renewed");
        register(&world, &world.admin, renewed.clone()).await.unwrap();
        assert_eq!(world.variables("orders", "development").await[key], "canary-renewed", "a change is delivered");
        let mut other = renewed;
        other["endpoints"].as_array_mut().unwrap().remove(1);
        register(&world, &world.admin, other).await.expect("nobody uses the live endpoint");

        let refusal = refused(world.control.service_delete(&world.admin, ACME, MAIL, None, false, None).await);
        names_the_consumer(&refusal, "delete");
        let mut file = mail();
        file["endpoints"] = json!([]);
        let request: ThirdPartyRegister = serde_json::from_value(file).unwrap();
        let forced = world.control.service_register(&world.admin, ACME, request, true, None).await.unwrap();
        assert!(!forced.listed);
        world.control.service_delete(&world.admin, ACME, MAIL, None, true, None).await.unwrap();
        assert_eq!(refused(world.control.service_view(&world.admin, ACME, MAIL, None).await).code, "service_not_found");
        assert_eq!(world.variables("orders", "development").await[key], "canary-renewed", "who runs keeps its values");
        assert!(world.audited().await.contains(&"service_delete".to_owned()));
    }
}

#[tokio::test]
async fn a_connection_that_was_deleted_while_in_use_holds_its_service_too() {
    for world in World::all().await {
        register(&world, &world.admin, mail()).await.unwrap();
        world.component("orders", ComponentType::Service).await;
        world.connect("orders", "mailer", MAIL).await;
        world.deploy("orders", "development", "mailer", MAIL).await;
        let kept = world.variables("orders", "development").await;
        let scope = Scope { project: Some(SHOP), component: Some("orders") };
        world.control.connection_delete(&world.admin, ACME, "mailer", scope, true, None).await.unwrap();
        let refusal = refused(world.control.service_delete(&world.admin, ACME, MAIL, None, false, None).await);
        names_the_consumer(&refusal, world.database);
        world.control.service_delete(&world.admin, ACME, MAIL, None, true, None).await.unwrap();
        assert_eq!(
            world.variables("orders", "development").await,
            kept,
            "{}: who runs keeps its values",
            world.database
        );
    }
}

#[tokio::test]
async fn nothing_invisible_keeps_a_project() {
    for world in World::all().await {
        register(&world, &world.admin, mail()).await.unwrap();
        world.component("orders", ComponentType::Service).await;
        let request =
            serde_json::from_value(json!({ "name": "all", "service": MAIL, "level": "project", "project": SHOP }));
        world.control.connection_create(&world.admin, ACME, request.unwrap()).await.unwrap();
        world.deploy("orders", "development", "all", MAIL).await;
        world.actor(Role::Developer, Some(SHOP)).await;
        let scope = Scope { project: Some(SHOP), component: None };
        world.control.connection_delete(&world.admin, ACME, "all", scope, true, None).await.unwrap();
        let refusal = refused(world.control.project_delete(&world.admin, ACME, SHOP).await);
        assert_eq!(refusal.code, "project_in_use");
        world.control.component_delete(&world.admin, ACME, SHOP, "orders", true).await.unwrap();
        world.control.project_delete(&world.admin, ACME, SHOP).await.unwrap();
    }
}

fn names_the_consumer(refusal: &Refusal, what: &str) {
    assert_eq!(refusal.code, "service_in_use", "{what}");
    let expect = "in development: shop/orders (v1.0, connection \"mailer\")";
    assert!(refusal.message.contains(expect), "{what}: {}", refusal.message);
}

#[tokio::test]
async fn an_added_parameter_may_not_become_the_variable_of_another_connection() {
    let world = World::sqlite().await;
    register(&world, &world.admin, mail()).await.unwrap();
    world.component("orders", ComponentType::Service).await;
    world.connect("orders", "abc", MAIL).await;
    world.connect("orders", "abc-extra", MAIL).await;
    let mut file = mail();
    file["parameters"].as_array_mut().unwrap().push(json!({ "name": "Extra_ApiKey", "optional": true }));
    assert_eq!(refused(register(&world, &world.admin, file).await).code, "connection_name_taken");
}

#[tokio::test]
async fn an_external_consumer_uses_its_connection_without_a_deployment() {
    let world = World::sqlite().await;
    register(&world, &world.admin, mail()).await.unwrap();
    world.component("partner", ComponentType::ExternalConsumer).await;
    world.connect("partner", "mailer", MAIL).await;
    let refusal = refused(world.control.service_delete(&world.admin, ACME, MAIL, None, false, None).await);
    for environment in ["development", "production"] {
        let expect = format!("in {environment}: shop/partner (external, connection \"mailer\")");
        assert!(refusal.message.contains(&expect), "{}", refusal.message);
    }
}

#[tokio::test]
async fn what_is_written_about_a_service_can_be_changed() {
    let world = World::sqlite().await;
    register(&world, &world.admin, mail()).await.unwrap();
    let update = |value| serde_json::from_value::<ServiceUpdate>(value).unwrap();
    let change = update(json!({ "summary": "Letters", "labels": ["a", "A", "b"], "overview": "# Mail" }));
    let view = world.control.service_update(&world.admin, ACME, MAIL, None, change, None).await.unwrap();
    assert_eq!((view.summary.as_str(), view.labels), ("Letters", vec!["a".to_owned(), "b".to_owned()]));
    let detail = view.detail.unwrap();
    assert_eq!(detail.overview, "# Mail");
    assert!(detail.definition.is_some(), "what is not given stays");
    let schemes = update(json!({ "schemes": ["none"] }));
    let refusal = refused(world.control.service_update(&world.admin, ACME, MAIL, None, schemes, None).await);
    assert_eq!(refusal.code, "schemes_invalid");
}

#[tokio::test]
async fn a_missing_service_is_answered_with_the_nearest() {
    let world = World::sqlite().await;
    register(&world, &world.admin, mail()).await.unwrap();
    for (reference, code, hint) in [
        ("thirdparty:Mail Gaet/v1", "service_not_found", "did you mean thirdparty:Mail Gate/v1?"),
        ("thirdparty:Mail Gate/v2", "service_not_found", "did you mean thirdparty:Mail Gate/v1?"),
        ("service:/shop/orders/v1", "service_not_found", "tieline service list"),
        ("orders/v1", "reference_incomplete", "service:/<project>/orders/v1"),
        ("database:", "reference_invalid", "tieline service list"),
    ] {
        let refusal = refused(world.control.service_view(&world.admin, ACME, reference, None).await);
        assert_eq!(refusal.code, code, "{reference}");
        assert!(refusal.hint.contains(hint), "{reference}: {}", refusal.hint);
    }
}
