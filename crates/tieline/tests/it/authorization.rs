//! Every operation of `/openapi.json`, tried as everybody: who may not is refused, who may not see it finds nothing.
//!
//! An operation without a row fails the test, and so does a row without an operation. A row's body is one that the
//! operation refuses as invalid after it has authorized, where there is such a body, so that rows do not meet.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tieline_core::id::{OrganizationId, TokenId};
use tieline_core::model::Role;
use tieline_core::secret::Digest;
use tieline_store::token::Token;

use crate::world::TestServer;

/// What somebody is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// 401.
    Unknown,
    /// 404 for the organization, or the thing in it, itself: it is not there for them.
    Hidden,
    /// 403.
    Refused,
    /// The operation was reached: done, or refused for another reason.
    Reached,
}

use Outcome::{Hidden as H, Reached as A, Refused as F, Unknown as U};

/// Everybody, in the order of the outcomes of a row. The target is component `orders` of project `shop` in development;
/// viewer, developer and project admin are limited to `shop`.
const EVERYBODY: [&str; 12] = [
    "nobody",
    "admin of another organization",
    "viewer of another project",
    "viewer",
    "developer",
    "project admin",
    "organization admin",
    "installation admin who did not make it",
    "runner of another component",
    "runner of another environment",
    "runner",
    "gateway",
];

/// What a target that is not there for somebody is answered with.
const NOT_THERE: [&str; 7] = [
    "organization_not_found",
    "project_not_found",
    "component_not_found",
    "connection_not_found",
    "service_not_found",
    "subscription_not_found",
    "application_not_found",
];

/// The connection of project `shop` to the service of `orders` that operations are tried on.
const CONNECTION: &str = "3f1b6f0e-8d6c-4f6e-9a57-0b9f3f1f7c11";

/// Operations beside the API: clients prove themselves by id and secret, or nobody needs to. They are tried in `oauth`.
const BESIDE: [&str; 5] = [
    "access_token_introspect",
    "access_token_issue",
    "access_token_revoke",
    "authorization_server_view",
    "signing_key_list",
];

type Row = [Outcome; EVERYBODY.len()];

/// Seen by everybody in the organization.
const MEMBERS: Row = [U, H, A, A, A, A, A, H, H, H, H, H];
/// Seen by everybody in the project.
const VIEW: Row = [U, H, H, A, A, A, A, H, H, H, H, H];
/// Done by developers of the project.
const DEVELOP: Row = [U, H, H, F, A, A, A, H, H, H, H, H];
/// Done by project admins, on things of their project.
const ADMINISTER: Row = [U, H, H, F, F, A, A, H, H, H, H, H];
/// Done by project admins, on things of the organization.
const PROJECT_ADMINS: Row = [U, H, F, F, F, A, A, H, H, H, H, H];
/// Done by organization admins.
const ORGANIZATION: Row = [U, H, F, F, F, F, A, H, H, H, H, H];
/// Done by organization admins, on things of a project.
const ORGANIZATION_IN_PROJECT: Row = [U, H, H, F, F, F, A, H, H, H, H, H];
/// Done by administrators of the installation.
const INSTALLATION: Row = [U, F, F, F, F, F, F, A, F, F, F, F];
/// Values in clear: developers, and the runner of this component and environment.
const DELIVER: Row = [U, H, H, F, A, A, A, H, H, H, A, H];
/// For gateways alone.
const GATEWAY: Row = [U, F, F, F, F, F, F, F, F, F, F, A];
/// Answered to every token with what is its own.
const OWN: Row = [U, A, A, A, A, A, A, A, A, A, A, A];

/// Answered to people's tokens with what is their own, and not to programs'.
const PEOPLE: Row = [U, A, A, A, A, A, A, A, F, F, F, F];

/// Done by people with an account alone; `control` tries that.
const NO_TOKEN: Row = [U, F, F, F, F, F, F, F, F, F, F, F];

/// Operation, outcomes, and the body to send.
fn table() -> Vec<(&'static str, Row, Value)> {
    let bad_handle = || json!({ "handle": "!" });
    let source = json!({ "file": "component.yaml", "text": "schemaVersion: 1.2\n" });
    vec![
        ("organization_create", INSTALLATION, bad_handle()),
        ("organization_list", OWN, Value::Null),
        ("organization_view", MEMBERS, Value::Null),
        ("organization_update", ORGANIZATION, json!({ "variable_prefix": "!" })),
        ("environment_create", ORGANIZATION, json!({ "handle": "!", "after": "development" })),
        ("environment_list", MEMBERS, Value::Null),
        ("environment_view", MEMBERS, Value::Null),
        ("environment_update", ORGANIZATION, json!({ "allowed_addresses": ["!"] })),
        ("environment_delete", ORGANIZATION, Value::Null),
        ("identity_provider_set", ORGANIZATION, json!({ "issuer": "!" })),
        ("identity_provider_view", MEMBERS, Value::Null),
        ("identity_provider_remove", ORGANIZATION, Value::Null),
        ("project_create", ORGANIZATION, bad_handle()),
        ("project_list", MEMBERS, Value::Null),
        ("project_delete", ORGANIZATION_IN_PROJECT, Value::Null),
        ("component_create", DEVELOP, json!({ "handle": "!", "type": "task" })),
        ("component_list", VIEW, Value::Null),
        ("component_view", VIEW, Value::Null),
        ("component_delete", DEVELOP, Value::Null),
        ("service_list", MEMBERS, Value::Null),
        ("service_register", ORGANIZATION, json!({ "name": "!", "version": "!", "endpoints": [] })),
        ("resource_register", ORGANIZATION, json!({ "name": "!", "kind": "!", "credentials": [] })),
        ("service_view", MEMBERS, Value::Null),
        ("service_outline", MEMBERS, Value::Null),
        ("service_consumers", DEVELOP, Value::Null),
        ("service_update", DEVELOP, json!({ "schemes": [] })),
        ("service_delete", DEVELOP, Value::Null),
        ("service_unpublish", DEVELOP, Value::Null),
        ("service_publish", DEVELOP, Value::Null),
        ("connection_create", DEVELOP, connection("!")),
        ("connection_preview", DEVELOP, connection("!")),
        ("connection_offer", ORGANIZATION, Value::Null),
        ("connection_list", MEMBERS, Value::Null),
        ("connection_view", VIEW, Value::Null),
        ("connection_guide", VIEW, Value::Null),
        ("connection_targets", DEVELOP, Value::Null),
        ("connection_update", DEVELOP, json!({ "mapping": { "no-such-environment": "x" } })),
        ("connection_rotate", DEVELOP, json!({ "deadline": 0 })),
        ("connection_revoke", DEVELOP, json!({ "component": "billing", "environments": ["nowhere"] })),
        ("application_list", MEMBERS, Value::Null),
        ("application_view", VIEW, Value::Null),
        ("subscription_list", MEMBERS, Value::Null),
        ("subscription_update", ADMINISTER, json!({ "plan": "!" })),
        ("subscription_approve", ADMINISTER, json!({})),
        ("subscription_refuse", ADMINISTER, json!({})),
        ("subscription_block", ADMINISTER, json!({})),
        ("subscription_unblock", ADMINISTER, Value::Null),
        ("graph_view", MEMBERS, Value::Null),
        ("connection_delete", DEVELOP, Value::Null),
        ("plan", VIEW, json!({ "environment": "development", "source": source })),
        ("deploy", DEVELOP, json!({ "environment": "development", "version": "!", "source": source })),
        ("deployment_list", VIEW, Value::Null),
        ("deployment_view", VIEW, Value::Null),
        ("promote", DEVELOP, json!({ "from": "development", "to": "development" })),
        ("rollback", DEVELOP, json!({ "environment": "development" })),
        ("variables", DELIVER, Value::Null),
        ("snapshot", DELIVER, Value::Null),
        ("token_create", ORGANIZATION, json!({ "name": "!", "role": "organization-admin" })),
        ("login_link_create", PEOPLE, Value::Null),
        ("token_list", PROJECT_ADMINS, Value::Null),
        ("token_revoke", MEMBERS, Value::Null),
        ("user_invite", ORGANIZATION, json!({ "name": "!", "role": "organization-admin" })),
        ("user_list", PROJECT_ADMINS, Value::Null),
        ("user_update", ORGANIZATION, json!({ "role": "organization-admin" })),
        ("user_remove", MEMBERS, Value::Null),
        ("user_reset", ORGANIZATION, Value::Null),
        ("account_view", OWN, Value::Null),
        ("password_change", OWN, json!({ "current": "present one", "password": "another good one" })),
        ("sign_out_everywhere", OWN, Value::Null),
        ("own_token_create", NO_TOKEN, json!({ "name": "laptop" })),
        ("own_token_list", OWN, Value::Null),
        ("own_token_revoke", NO_TOKEN, Value::Null),
        ("audit_list", ORGANIZATION, Value::Null),
        ("audit_verify", ORGANIZATION, Value::Null),
        ("installation_audit_list", INSTALLATION, Value::Null),
        ("installation_audit_verify", INSTALLATION, Value::Null),
        ("installation_token_create", INSTALLATION, json!({ "name": "!", "role": "gateway" })),
        ("installation_token_list", INSTALLATION, Value::Null),
        ("installation_token_revoke", INSTALLATION, Value::Null),
        ("installation_user_invite", INSTALLATION, json!({ "name": "!", "role": "installation-admin" })),
        ("installation_user_list", INSTALLATION, Value::Null),
        ("installation_user_update", INSTALLATION, json!({})),
        ("installation_user_reset", INSTALLATION, Value::Null),
        ("key_rotate", INSTALLATION, json!({})),
        ("signing_key_rotate", INSTALLATION, json!({})),
        ("backup_create", INSTALLATION, Value::Null),
        ("gateway_table", GATEWAY, Value::Null),
        ("undeploy", DEVELOP, Value::Null),
    ]
}

/// A component with one endpoint.
const DESCRIPTOR: &str = "schemaVersion: 1.2\nendpoints: [{ name: api, type: REST, service: { port: 9090 } }]\n";

/// What makes the connection, or is refused for its name.
fn connection(name: &str) -> Value {
    let service = "service:/shop/orders/v1/api";
    json!({ "id": CONNECTION, "name": name, "service": service, "level": "project", "project": "shop" })
}

#[tokio::test]
async fn every_operation_as_everybody() {
    let server = TestServer::start();
    let tokens = everybody(&server).await;
    let operations = operations(&server);
    let table = table();

    let rows: BTreeSet<_> = table.iter().map(|(operation, ..)| (*operation).to_owned()).collect();
    let known: BTreeSet<_> = operations.keys().cloned().collect();
    assert_eq!(rows, known, "every operation has a row here, and every row an operation");

    let mut wrong = Vec::new();
    for (operation, row, body) in &table {
        let (method, path) = &operations[*operation];
        let body = (!body.is_null()).then_some(body);
        for ((who, token), expect) in EVERYBODY.iter().zip(&tokens).zip(row) {
            let reply = server.ask(method, path, token.as_deref(), body);
            let found = match (reply.status, reply.code()) {
                (401, _) => U,
                (403, _) => F,
                (404, code) if NOT_THERE.contains(&code) => H,
                (404, "no_such_operation") | (500.., _) => panic!("{operation} as {who}: {reply:?}"),
                _ => A,
            };
            if found != *expect {
                let answer = (reply.status, reply.code().to_owned());
                wrong.push(format!("{operation} as {who}: {found:?}, not {expect:?}: {answer:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A token for each of [`EVERYBODY`].
async fn everybody(server: &TestServer) -> Vec<Option<String>> {
    let acme = ["--organization", "acme"];
    for organization in ["acme", "other"] {
        server.tieline(&["organization", "create", organization]).done();
    }
    for project in ["shop", "mail"] {
        server.tieline(&[&["project", "create", project], &acme[..]].concat()).done();
    }
    for component in ["orders", "billing"] {
        let create = ["component", "create", component, "--type", "service", "--project", "shop"];
        server.tieline(&[&create[..], &acme].concat()).done();
    }
    let source = json!({ "file": "component.yaml", "text": DESCRIPTOR });
    let deploy = json!({ "environment": "development", "version": "v1.0", "source": source, "addresses": { "api": "http://10.0.0.1:9090" } });
    let admin = server.admin_token();
    let uses = "schemaVersion: 1.2\ndependencies: { connectionReferences: [{ name: orders-api, resourceRef: 'service:/shop/orders/v1/api' }] }\n";
    let source = json!({ "file": "component.yaml", "text": uses });
    let using = json!({ "environment": "development", "version": "v1.0", "source": source });
    for (path, body) in [
        ("/organizations/acme/projects/shop/components/orders/deployments", deploy),
        ("/organizations/acme/connections", connection("orders-api")),
        ("/organizations/acme/projects/shop/components/billing/deployments", using),
    ] {
        let reply = server.ask("POST", path, Some(&admin), Some(&body));
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    let token = |name: &str, role: &str, organization: &str, more: &[&str]| {
        let create = ["token", "create", name, "--role", role, "--organization", organization];
        Some(server.tieline(&[&create[..], more].concat()).done().stdout.trim().to_owned())
    };
    let shop = ["--project", "shop"];
    let runner = |name: &str, component: &str, environment: &str| {
        let more = [&shop[..], &["--component", component, "--env", environment]].concat();
        token(name, "runner", "acme", &more)
    };
    vec![
        None,
        token("other", "organization-admin", "other", &[]),
        token("mail", "viewer", "acme", &["--project", "mail"]),
        token("viewer", "viewer", "acme", &shop),
        token("developer", "developer", "acme", &shop),
        token("lead", "project-admin", "acme", &shop),
        token("admin", "organization-admin", "acme", &[]),
        Some(installation_admin(server).await),
        runner("billing", "billing", "development"),
        runner("production", "orders", "production"),
        runner("orders", "orders", "development"),
        Some(server.tieline(&["token", "create", "edge", "--role", "gateway"]).done().stdout.trim().to_owned()),
    ]
}

/// An administrator of the installation who made none of its organizations: no operation makes one, a restore does.
async fn installation_admin(server: &TestServer) -> String {
    let text = "tl_admin_of_the_installation_alone";
    let token = Token {
        id: TokenId(uuid::Uuid::from_u128(7)),
        name: "second".to_owned(),
        digest: Digest::of(text).as_bytes().to_vec(),
        role: Role::InstallationAdmin,
        organization_id: None::<OrganizationId>,
        project_id: None,
        component_id: None,
        environment_id: None,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        expires_at: None,
        revoked_at: None,
    };
    let store = server.store().await;
    let mut transaction = store.write().await.expect("a transaction");
    transaction.token_insert(&token).await.expect("the token");
    transaction.commit().await.expect("the commit");
    store.close().await;
    text.to_owned()
}

/// Method and path of each operation, with the target's handles filled in.
fn operations(server: &TestServer) -> BTreeMap<String, (String, String)> {
    let document = server.ask("GET", "/openapi.json", None, None).body;
    let list = server.ask("GET", "/organizations/acme/applications", Some(&server.admin_token()), None).body;
    let application = list["items"][0]["id"].as_str().expect("the connection's application").to_owned();
    let deployments = "/organizations/acme/projects/shop/components/orders/deployments";
    let list = server.ask("GET", deployments, Some(&server.admin_token()), None).body;
    let deployment = list["items"][0]["deployment"].as_str().expect("a deployment").to_owned();
    let (mut operations, mut beside) = (BTreeMap::new(), BTreeSet::new());
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let Some(mut filled) = path.strip_prefix("/api/v1").map(str::to_owned) else {
            for operation in methods.as_object().expect("methods").values() {
                assert!(operation["security"].is_array(), "{path} says who may ask");
                beside.insert(operation["operationId"].as_str().expect("an id").to_owned());
            }
            continue;
        };
        for (name, handle) in [
            ("organization", "acme"),
            ("project", "shop"),
            ("component", "orders"),
            ("environment", "development"),
            ("reference", "service:%2Fshop%2Forders%2Fv1%2Fapi"),
            ("connection", CONNECTION),
            ("subscription", &format!("{CONNECTION}.development")),
            ("application", &application),
            ("deployment", &deployment),
            ("token", "no-such-token"),
            ("user", "nobody"),
        ] {
            filled = filled.replace(&format!("{{{name}}}"), handle);
        }
        assert!(!filled.contains('{'), "a parameter of {path} has no value here");
        for (method, operation) in methods.as_object().expect("methods") {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no id"));
            operations.insert(id.to_owned(), (method.to_uppercase(), filled.clone()));
        }
    }
    assert!(beside.iter().eq(BESIDE.iter()), "what stands beside the API is known: {beside:?}");
    operations
}
