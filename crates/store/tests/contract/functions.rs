//! Every function of the store at least once, with what it recorded read back: the same on both databases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tieline_core::endpoint::{EndpointType, Visibility};
use tieline_core::id::{
    ApplicationId, ComponentId, ConnectionId, DeploymentId, EntryId, EnvironmentId, InstanceId, InvitationId,
    MembershipId, OrganizationId, ProjectId, ReleaseId, RowId, SealedVersionId, ServiceId, SessionId, SignInLinkId,
    TokenId, UserId,
};
use tieline_core::identity_provider::{Metadata, Proof};
use tieline_core::model::{
    AccessMode, ComponentType, InvitationPurpose, Level, PinnedValue, Role, Scheme, Secrets, ServiceType,
    SigningAlgorithm,
};
use tieline_core::route_table::ScopedOperation;
use tieline_core::secret::Secret;
use tieline_store::Transaction;
use tieline_store::application::{ApplicationClient, ClientSecret};
use tieline_store::backup::TABLES;
use tieline_store::connection::Connection;
use tieline_store::deployment::Deployment;
use tieline_store::graph::UseFilter;
use tieline_store::identity_provider::IdentityProvider;
use tieline_store::invitation::Invitation;
use tieline_store::key::{Application, ApplicationOwner, Key, SealedVersion};
use tieline_store::oauth::{Revocation, SigningKeyRow};
use tieline_store::organization::Organization;
use tieline_store::own_token::OwnToken;
use tieline_store::record::{AuditEntry, AuditFilter, LastChange};
use tieline_store::registration::{Registration, RegistrationCount};
use tieline_store::release::{Release, Snapshot};
use tieline_store::rotation::{Credential, Holding, Issued};
use tieline_store::route_table::StoredEntry;
use tieline_store::search::Query;
use tieline_store::service::{Entry, Service};
use tieline_store::session::{Owner, Session, SignInLink};
use tieline_store::subscription::{ClientSubscription, Decision, KeySubscription, Subscriber, Subscription};
use tieline_store::tenancy::{Component, Environment, Project};
use tieline_store::token::{Installation, Token};
use tieline_store::usage::{DeployedEndpoint, ServiceUse};
use tieline_store::user::{Identity, Member, Membership, User};
use uuid::Uuid;

use crate::database::Database;

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const ORGANIZATION: OrganizationId = OrganizationId(Uuid::from_u128(1));
const ENVIRONMENT: EnvironmentId = EnvironmentId(Uuid::from_u128(2));
const PROJECT: ProjectId = ProjectId(Uuid::from_u128(3));
const COMPONENT: ComponentId = ComponentId(Uuid::from_u128(4));
const SERVICE: ServiceId = ServiceId(Uuid::from_u128(5));
const ENTRY: EntryId = EntryId(Uuid::from_u128(6));
const SEALED: SealedVersionId = SealedVersionId(Uuid::from_u128(7));
const APPLICATION: ApplicationId = ApplicationId(Uuid::from_u128(8));
const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(9));
const RELEASE: ReleaseId = ReleaseId(Uuid::from_u128(10));
const DEPLOYMENT: DeploymentId = DeploymentId(Uuid::from_u128(11));
const TOKEN: TokenId = TokenId(Uuid::from_u128(12));

/// The store's errors end a test.
type Done = Result<(), tieline_store::Error>;

#[tokio::test]
async fn what_is_recorded_is_found() {
    for database in Database::all().await {
        let walk = async {
            let mut transaction = database.store.write().await?;
            tenancy(&mut transaction).await?;
            services(&mut transaction).await?;
            keys(&mut transaction).await?;
            connections(&mut transaction).await?;
            deployments(&mut transaction).await?;
            records(&mut transaction).await?;
            transaction.commit().await?;
            // Dropped, it leaves nothing behind.
            foreseen(&mut database.store.write().await?).await?;
            backup(&database).await?;
            let mut transaction = database.store.write().await?;
            endings(&mut transaction).await?;
            transaction.commit().await
        };
        if let Err(error) = walk.await {
            panic!("on {}: {error}", database.url);
        }
        database.drop().await;
    }
}

async fn tenancy(transaction: &mut Transaction) -> Done {
    let mut organization = Organization {
        id: ORGANIZATION,
        handle: "Acme".to_owned(),
        variable_prefix: "CHOREO".to_owned(),
        token_lifetime: 900,
        revision: 1,
        created_at: AT,
    };
    transaction.organization_insert(&organization).await?;
    assert_eq!(transaction.organization_lock(ORGANIZATION).await?.as_ref(), Some(&organization));
    assert_eq!(transaction.organization_by_handle("ACME").await?.as_ref(), Some(&organization));
    (organization.variable_prefix, organization.token_lifetime) = ("ACME".to_owned(), 60);
    transaction.organization_update(&organization).await?;
    organization.revision = 2;
    assert_eq!(transaction.organization_by_id(ORGANIZATION).await?.as_ref(), Some(&organization));
    assert_eq!(transaction.organizations().await?, [organization]);
    assert_eq!(transaction.organization_count().await?, 1);

    let mut environment = Environment {
        id: ENVIRONMENT,
        organization_id: ORGANIZATION,
        handle: "Development".to_owned(),
        position: 1,
        critical: false,
        allowed_addresses: vec![],
        revision: 1,
        created_at: AT,
    };
    transaction.environment_insert(&environment).await?;
    (environment.critical, environment.allowed_addresses) = (true, vec!["10.0.0.0/8".to_owned()]);
    transaction.environment_update(&environment).await?;
    environment.revision = 2;
    assert_eq!(transaction.environments(ORGANIZATION).await?, std::slice::from_ref(&environment));
    assert_eq!(transaction.environment_by_handle(ORGANIZATION, "development").await?, Some(environment));

    let project = Project { id: PROJECT, organization_id: ORGANIZATION, handle: "Shop".to_owned(), created_at: AT };
    transaction.project_insert(&project).await?;
    assert_eq!(transaction.projects(ORGANIZATION).await?, std::slice::from_ref(&project));
    assert_eq!(transaction.project_by_id(PROJECT).await?.as_ref(), Some(&project));
    assert_eq!(transaction.project_by_handle(ORGANIZATION, "SHOP").await?, Some(project));

    let component = Component {
        id: COMPONENT,
        organization_id: ORGANIZATION,
        project_id: PROJECT,
        handle: "Orders".to_owned(),
        component_type: ComponentType::Service,
        created_at: AT,
    };
    transaction.component_insert(&component).await?;
    assert_eq!(transaction.components(PROJECT).await?, std::slice::from_ref(&component));
    assert_eq!(transaction.components_of_organization(ORGANIZATION).await?, std::slice::from_ref(&component));
    assert_eq!(transaction.component_by_id(COMPONENT).await?.as_ref(), Some(&component));
    assert_eq!(transaction.component_by_handle(PROJECT, "orders").await?, Some(component));
    Ok(())
}

async fn services(transaction: &mut Transaction) -> Done {
    let mut service = Service {
        id: SERVICE,
        organization_id: ORGANIZATION,
        project_id: Some(PROJECT),
        component_id: Some(COMPONENT),
        service_type: ServiceType::Internal,
        kind: "service".to_owned(),
        reference: "service:/Shop/Orders/v1/api".to_owned(),
        name: "Orders - api".to_owned(),
        major: 1,
        version: "v1.0".to_owned(),
        summary: "takes orders".to_owned(),
        overview: String::new(),
        document: String::new(),
        labels: vec!["sale".to_owned()],
        categories: vec![],
        definition_kind: "openapi3".to_owned(),
        definition: Some("openapi: 3.0.0".to_owned()),
        parameters: vec![],
        schemes: vec![],
        approval: false,
        visibilities: vec![],
        endpoint: None,
        published: true,
        listed: true,
        revision: 1,
        created_at: AT,
        updated_at: AT,
    };
    transaction.service_save(&service).await?;
    service.summary = "takes every order".to_owned();
    transaction.service_save(&service).await?;
    let found = transaction.service_by_id(SERVICE).await?.expect("the service");
    assert_eq!((found.summary.as_str(), found.revision), ("takes every order", 2));
    let by_reference = transaction.service_by_reference(ORGANIZATION, "SERVICE:/shop/orders/V1/api").await?;
    assert_eq!(by_reference.as_ref(), Some(&found));
    assert_eq!(transaction.services_of_component(COMPONENT, 1).await?, std::slice::from_ref(&found));
    assert_eq!(transaction.services_of_provider(COMPONENT).await?, std::slice::from_ref(&found));
    let query = Query { text: Some("every sale".to_owned()), limit: 10, ..Query::default() };
    assert_eq!(transaction.search(ORGANIZATION, &query).await?, [found]);

    let values = BTreeMap::from([("Key".to_owned(), PinnedValue::Plain("value".to_owned()))]);
    let entry =
        Entry { id: ENTRY, service_id: SERVICE, name: "live".to_owned(), environments: vec![ENVIRONMENT], values };
    transaction.entry_save(&entry).await?;
    assert_eq!(transaction.entries(SERVICE).await?, std::slice::from_ref(&entry));
    assert_eq!(transaction.entries_of_organization(ORGANIZATION).await?, [entry]);
    transaction.entry_delete(ENTRY).await?;
    assert_eq!(transaction.entries(SERVICE).await?, []);
    Ok(())
}

async fn keys(transaction: &mut Transaction) -> Done {
    let mut version = SealedVersion {
        id: SEALED,
        organization_id: ORGANIZATION,
        context: "entry/1/Key".to_owned(),
        sealed: vec![0, 1, 255],
        created_at: AT,
        revoked_at: None,
    };
    transaction.sealed_insert(&version).await?;
    version.sealed = vec![2];
    transaction.sealed_rewrap(SEALED, &version.sealed).await?;
    assert_eq!(transaction.sealed_by_id(SEALED).await?.as_ref(), Some(&version));
    assert_eq!(transaction.sealed_of_organization(ORGANIZATION, "", 10).await?, std::slice::from_ref(&version));
    assert_eq!(transaction.sealed_of_organization(ORGANIZATION, &SEALED.to_string(), 10).await?, []);
    let superseded = SealedVersionId(Uuid::from_u128(70));
    transaction.sealed_insert(&SealedVersion { id: superseded, ..version }).await?;
    assert_eq!(transaction.sealed_abandoned(ORGANIZATION, "", 10).await?, []);
    transaction.sealed_supersede(superseded, AT).await?;
    assert_eq!(transaction.sealed_abandoned(ORGANIZATION, "", 10).await?, [superseded]);
    transaction.sealed_delete(superseded).await?;

    let application = Application {
        id: APPLICATION,
        organization_id: ORGANIZATION,
        owner: ApplicationOwner::Project(PROJECT),
        created_at: AT,
    };
    transaction.application_insert(&application).await?;
    assert_eq!(transaction.application_by_owner(application.owner).await?, Some(application));
    transaction.client_insert("client", APPLICATION, ENVIRONMENT, AT).await?;
    assert_eq!(transaction.client_id(APPLICATION, ENVIRONMENT).await?.as_deref(), Some("client"));
    let key = key(20, &[1, 2]);
    transaction.client_secret_insert("client", &key).await?;
    assert_eq!(transaction.client_secrets("client").await?, [key]);
    let client = transaction.client_by_id("client").await?.expect("the client");
    assert_eq!((client.application_id, client.organization_id), (APPLICATION, ORGANIZATION));
    assert_eq!((client.organization.as_str(), client.environment.as_str()), ("Acme", "Development"));
    assert_eq!((client.environment_id, client.token_lifetime), (ENVIRONMENT, 60));
    assert_eq!(transaction.client_by_id("another").await?, None);
    let application = transaction.application_by_id(APPLICATION).await?.expect("the application");
    assert_eq!((application.owner, application.organization_id), (ApplicationOwner::Project(PROJECT), ORGANIZATION));
    assert_eq!(transaction.application_of_client("client").await?, Some(APPLICATION));
    assert_eq!(transaction.application_of_client("another").await?, None);
    assert_eq!(transaction.applications_page(ORGANIZATION, "", 10).await?, [application]);
    assert_eq!(transaction.applications_page(ORGANIZATION, &APPLICATION.to_string(), 10).await?, []);
    assert_eq!(transaction.application_clients(APPLICATION).await?, [client_of([0, 1, 0])]);
    identity_provider(transaction).await?;
    signing(transaction).await
}

async fn identity_provider(transaction: &mut Transaction) -> Done {
    let mut provider = IdentityProvider {
        organization_id: ORGANIZATION,
        issuer: "https://id.example".to_owned(),
        audience: None,
        registration_token_id: Some(SEALED),
        metadata: Metadata {
            token_endpoint: "https://id.example/token".to_owned(),
            registration_endpoint: "https://id.example/reg".to_owned(),
            jwks_uri: "https://id.example/jwks".to_owned(),
            proof: Proof::Basic,
        },
        keys: vec![json!({ "kid": "a" })],
        checked_at: AT,
        failure: None,
        created_at: AT,
    };
    assert_eq!(transaction.identity_provider(ORGANIZATION).await?, None);
    transaction.identity_provider_save(&provider).await?;
    let later = AT + SignedDuration::from_secs(60);
    assert_eq!(transaction.identity_providers_due(AT).await?, []);
    assert_eq!(transaction.identity_providers_due(later).await?, [ORGANIZATION]);
    (provider.audience, provider.failure) = (Some("gateway".to_owned()), Some("away".to_owned()));
    (provider.keys, provider.checked_at) = (vec![], later);
    transaction.identity_provider_save(&provider).await?;
    assert_eq!(transaction.identity_provider(ORGANIZATION).await?, Some(provider));
    registrations(transaction, later).await
}

/// The only client is registered at the end.
async fn registrations(transaction: &mut Transaction, later: Timestamp) -> Done {
    let mut wanted = Registration {
        id: RowId(Uuid::from_u128(60)),
        organization_id: ORGANIZATION,
        client_id: Some("client".to_owned()),
        name: "Tieline: Acme".to_owned(),
        registered_id: None,
        management_uri: None,
        management_token_id: None,
        begun_at: None,
        attempts: 0,
        due_at: Some(later),
        failure: None,
        created_at: AT,
    };
    transaction.registration_insert(&wanted).await?;
    assert_eq!(transaction.client_by_id("client").await?, None, "it is the provider's");
    assert_eq!(transaction.registrations_untried(APPLICATION).await?, 1);
    assert_eq!(transaction.registrations_due(ORGANIZATION, AT, 10).await?, []);
    transaction.registrations_hasten(ORGANIZATION, AT).await?;
    wanted.due_at = Some(AT);
    assert_eq!(transaction.registering_next("", AT).await?, Some(ORGANIZATION));
    assert_eq!(transaction.registering_next(&ORGANIZATION.to_string(), AT).await?, None);
    assert_eq!(transaction.registrations_due(ORGANIZATION, AT, 10).await?, std::slice::from_ref(&wanted));
    let count = |registered, pending, ending| RegistrationCount { registered, pending, ending };
    assert_eq!(transaction.registrations_count(ORGANIZATION).await?, count(0, 1, 0));
    let other = Registration { id: RowId(Uuid::from_u128(61)), client_id: None, ..wanted.clone() };
    transaction.registration_insert(&other).await?;
    assert_eq!(transaction.registrations_count(ORGANIZATION).await?, count(0, 1, 1));
    transaction.registration_delete(other.id).await?;
    assert_eq!(transaction.registration_by_id(other.id).await?, None);
    (wanted.registered_id, wanted.attempts, wanted.due_at) = (Some("theirs".to_owned()), 2, None);
    (wanted.management_uri, wanted.management_token_id) = (Some("https://id.example/reg/1".to_owned()), Some(SEALED));
    (wanted.begun_at, wanted.failure) = (Some(AT), Some("away".to_owned()));
    transaction.registration_update(&wanted).await?;
    assert_eq!(transaction.registration_by_id(wanted.id).await?.as_ref(), Some(&wanted));
    assert_eq!(transaction.registration_of_client("client").await?.as_ref(), Some(&wanted));
    let found = transaction.registration_by_registered(ORGANIZATION, "theirs").await?;
    assert_eq!(found.as_ref(), Some(&wanted));
    assert_eq!(transaction.registrations_count(ORGANIZATION).await?, count(1, 0, 0));
    assert_eq!(transaction.registrations_untried(APPLICATION).await?, 0);
    wanted.begun_at = None;
    transaction.registration_update(&wanted).await
}

async fn signing(transaction: &mut Transaction) -> Done {
    let mut signing_key = SigningKeyRow {
        kid: "kid".to_owned(),
        algorithm: SigningAlgorithm::Es256,
        jwk: "{}".to_owned(),
        sealed: vec![1],
        created_at: AT,
        signs_from: AT,
        retires_at: None,
    };
    transaction.signing_key_insert(&signing_key).await?;
    transaction.signing_key_retire("kid", AT).await?;
    transaction.signing_key_rewrap("kid", &[2]).await?;
    (signing_key.sealed, signing_key.retires_at) = (vec![2], Some(AT));
    assert_eq!(transaction.signing_keys().await?, [signing_key]);

    let mut revocation = Revocation { id: "jti".to_owned(), organization_id: ORGANIZATION, until: 10 };
    transaction.revocation_save(&revocation).await?;
    revocation.until = 20;
    transaction.revocation_save(&revocation).await?;
    transaction.revocation_save(&Revocation { until: 5, ..revocation.clone() }).await?;
    assert_eq!(transaction.revocation_by_id("jti").await?.as_ref(), Some(&revocation));
    assert_eq!(transaction.revocations(ORGANIZATION, 19).await?, [revocation]);
    assert_eq!(transaction.revocations(ORGANIZATION, 20).await?, []);
    Ok(())
}

/// The only client, with its secrets that are live, that retire, and that are revoked.
fn client_of([live, retiring, revoked]: [i64; 3]) -> ApplicationClient {
    let id = "client".to_owned();
    ApplicationClient { id, environment_id: ENVIRONMENT, created_at: AT, live, retiring, revoked }
}

fn key(id: u128, digest: &[u8]) -> Key {
    Key {
        id: RowId(Uuid::from_u128(id)),
        sealed_version_id: SEALED,
        digest: digest.to_vec(),
        holder: None,
        not_after: Some(AT),
        created_at: AT,
    }
}

async fn connections(transaction: &mut Transaction) -> Done {
    let mut connection = Connection {
        id: CONNECTION,
        organization_id: ORGANIZATION,
        project_id: Some(PROJECT),
        component_id: None,
        level: Level::Project,
        name: "Orders api".to_owned(),
        description: String::new(),
        service_id: SERVICE,
        access_mode: Some(AccessMode::Organization),
        scheme: Some(Scheme::OAuth2),
        secrets: Secrets::Shared,
        application_id: Some(APPLICATION),
        mapping: BTreeMap::new(),
        revision: 1,
        created_at: AT,
        updated_at: AT,
    };
    assert!(!transaction.connection_id_taken(CONNECTION).await?);
    transaction.connection_insert(&connection).await?;
    assert!(transaction.connection_id_taken(CONNECTION).await?);
    let again = transaction.connection_insert(&connection).await;
    assert!(matches!(again, Err(tieline_store::Error::Duplicate)), "{again:?}");
    (connection.description, connection.revision) = ("where orders go".to_owned(), 2);
    transaction.connection_update(&connection).await?;
    let all = std::slice::from_ref(&connection);
    assert_eq!(transaction.connections_with_application(ORGANIZATION, 10).await?, all);
    assert_eq!(transaction.connection_by_id(CONNECTION).await?.as_ref(), Some(&connection));
    let part = "ORDERS_API".to_owned();
    for (after, expect) in [
        (None, all),
        (Some((Level::Organization, "X".to_owned(), CONNECTION)), all),
        (Some((Level::Project, "A".to_owned(), CONNECTION)), all),
        (Some((Level::Project, part.clone(), CONNECTION)), &[]),
        (Some((Level::Component, "A".to_owned(), CONNECTION)), &[]),
    ] {
        let page = transaction.connections_usable_page(ORGANIZATION, Some(PROJECT), None, after, 1).await?;
        assert_eq!(page, expect);
    }
    for (project, component) in [(None, None), (Some(PROJECT), None), (Some(PROJECT), Some(COMPONENT))] {
        assert_eq!(transaction.connections_meeting(ORGANIZATION, project, component, "orders-api").await?, all);
    }
    for (project, component, expect) in
        [(None, None, &[][..]), (Some(PROJECT), None, all), (Some(PROJECT), Some(COMPONENT), all)]
    {
        assert_eq!(transaction.connections_named(ORGANIZATION, project, component, "ORDERS_API").await?, expect);
    }
    assert_eq!(transaction.connections_of_service(SERVICE).await?, all);
    assert_eq!(transaction.external_connections_of_service(SERVICE).await?, []);
    assert_eq!(transaction.connection_count_of_service(SERVICE).await?, 1);
    assert_eq!(transaction.connections_holding_service(SERVICE).await?, all);
    assert_eq!(transaction.connections_of_application(APPLICATION).await?, all);
    assert_eq!(transaction.services_of_application(APPLICATION).await?, [(SERVICE, 2)]);
    assert_eq!(transaction.service_definition(SERVICE).await?.as_deref(), Some("openapi: 3.0.0"));
    assert_eq!(transaction.connections_of_component(COMPONENT).await?, []);
    assert_eq!(transaction.connections_of_organization(ORGANIZATION).await?, all);
    assert_eq!(transaction.connections_with_keys(ORGANIZATION).await?, all);
    assert_eq!(transaction.connection_held_by_id(CONNECTION).await?.as_ref(), Some(&connection));
    assert_eq!(transaction.connections_proving(ORGANIZATION, "", 10).await?, all);
    assert_eq!(transaction.connections_proving(ORGANIZATION, &CONNECTION.to_string(), 10).await?, []);
    assert_eq!(transaction.connections_keyed_for(COMPONENT).await?, []);
    assert_eq!(transaction.connections_unheld(ORGANIZATION).await?, []);

    let key = key(21, &[3]);
    transaction.api_key_insert(CONNECTION, ENVIRONMENT, &key).await?;
    assert_eq!(transaction.api_keys(CONNECTION, ENVIRONMENT).await?, [key]);
    assert!(transaction.subscription_save(CONNECTION, ENVIRONMENT, SERVICE, ENVIRONMENT, AT).await?);
    assert!(!transaction.subscription_save(CONNECTION, ENVIRONMENT, SERVICE, ENVIRONMENT, AT).await?, "no change");
    assert_eq!(transaction.subscription_environments(CONNECTION).await?, [ENVIRONMENT]);
    assert!(!transaction.subscription_delete_other(CONNECTION, ENVIRONMENT, ENVIRONMENT).await?);
    assert_eq!(transaction.subscription_environments(CONNECTION).await?, [ENVIRONMENT]);
    subscriptions(transaction, &connection).await?;
    assert!(transaction.subscription_delete(CONNECTION, ENVIRONMENT).await?);
    assert!(!transaction.subscription_delete(CONNECTION, ENVIRONMENT).await?);
    assert_eq!(transaction.subscription_environments(CONNECTION).await?, []);
    Ok(())
}

async fn subscriptions(transaction: &mut Transaction, connection: &Connection) -> Done {
    assert_eq!(transaction.connections_subscribed_in(ENVIRONMENT).await?, std::slice::from_ref(connection));
    let subscription = Subscription {
        connection_id: CONNECTION,
        environment_id: ENVIRONMENT,
        service_id: SERVICE,
        provider_environment_id: ENVIRONMENT,
        created_at: AT,
    };
    assert_eq!(transaction.subscription_find(CONNECTION, ENVIRONMENT).await?.as_ref(), Some(&subscription));
    let of_service = transaction.subscriptions_of_service(SERVICE, ("", ""), 10).await?;
    assert_eq!(of_service, std::slice::from_ref(&subscription));
    assert_eq!(transaction.subscriptions_page(ORGANIZATION, ("", ""), 10).await?, [subscription]);
    let last = (&*CONNECTION.to_string(), &*ENVIRONMENT.to_string());
    assert_eq!(transaction.subscriptions_page(ORGANIZATION, last, 10).await?, []);
    let client = ClientSubscription {
        client: "theirs".to_owned(),
        connection_id: CONNECTION,
        consumer_environment_id: ENVIRONMENT,
        environment_id: ENVIRONMENT,
        approval: false,
    };
    assert_eq!(transaction.subscriptions_of_application(APPLICATION, SERVICE).await?, [client]);
    let key = KeySubscription {
        digest: vec![3],
        application_id: Some(APPLICATION),
        holder: None,
        service_id: SERVICE,
        consumer_environment_id: ENVIRONMENT,
        environment_id: ENVIRONMENT,
        approval: false,
    };
    assert_eq!(transaction.subscriptions_of_keys(CONNECTION).await?, [key]);
    assert_eq!(transaction.application_uses_count(APPLICATION).await?, 1);
    let used = &transaction.application_uses(APPLICATION, 10).await?[0];
    assert_eq!((used.connection_id, used.name.as_str(), used.deleted), (CONNECTION, connection.name.as_str(), false));
    assert_eq!(transaction.application_subscriptions(APPLICATION, 10).await?.len(), 1);
    assert_eq!(transaction.application_subscriptions(APPLICATION, 0).await?, []);

    let subscriber = Subscriber::Application(APPLICATION);
    let mut decision = Decision {
        subscriber,
        service_id: SERVICE,
        environment_id: ENVIRONMENT,
        kind: "approval".to_owned(),
        choice: "refused".to_owned(),
        reason: "ask first".to_owned(),
        actor: "token:anna".to_owned(),
        at: AT,
    };
    transaction.decision_save(&decision).await?;
    decision.choice = "approved".to_owned();
    transaction.decision_save(&decision).await?;
    assert_eq!(transaction.decisions(&subscriber, SERVICE).await?, std::slice::from_ref(&decision));
    assert_eq!(transaction.decisions(&Subscriber::Connection(CONNECTION), SERVICE).await?, []);
    decision.kind = "block".to_owned();
    assert!(!transaction.service_decided(SERVICE, "block").await?);
    transaction.decision_save(&decision).await?;
    assert!(transaction.service_decided(SERVICE, "block").await?);
    transaction.decision_delete(&subscriber, SERVICE, ENVIRONMENT, "approval").await?;
    assert_eq!(transaction.decisions(&subscriber, SERVICE).await?, std::slice::from_ref(&decision));
    assert_eq!(transaction.decisions_about(&subscriber).await?, [decision]);
    Ok(())
}

async fn deployments(transaction: &mut Transaction) -> Done {
    let release = Release {
        id: RELEASE,
        component_id: COMPONENT,
        version: "v1.0".to_owned(),
        major: 1,
        digest: "digest".to_owned(),
        source: json!({ "file": "component.yaml" }),
        created_at: AT,
    };
    transaction.release_insert(&release).await?;
    assert_eq!(transaction.release_by_id(RELEASE).await?.as_ref(), Some(&release));
    assert_eq!(transaction.release_by_digest(COMPONENT, "v1.0", "digest").await?, Some(release));
    for id in ["one", "two"] {
        let snapshot = Snapshot {
            id: id.to_owned(),
            organization_id: ORGANIZATION,
            component_id: COMPONENT,
            environment_id: ENVIRONMENT,
            variables: json!([]),
            created_at: AT,
        };
        transaction.snapshot_insert(&snapshot, &[SEALED]).await?;
        assert_eq!(transaction.snapshot_by_id(id).await?, Some(snapshot));
    }
    assert_eq!(transaction.snapshot_sealed("one").await?.len(), 1);
    assert_eq!(transaction.snapshot_revoked("one").await?, []);
    let mut deployment = Deployment {
        id: DEPLOYMENT,
        organization_id: ORGANIZATION,
        component_id: COMPONENT,
        environment_id: ENVIRONMENT,
        major: 1,
        release_id: RELEASE,
        snapshot_id: "one".to_owned(),
        policy: "immediate".to_owned(),
        addresses: BTreeMap::new(),
        degraded: BTreeMap::new(),
        state: "live".to_owned(),
        sequence: 0,
        created_at: AT,
        ended_at: None,
    };
    transaction.deployment_insert(&mut deployment).await?;
    transaction.deployment_repin(DEPLOYMENT, "two", &BTreeMap::new()).await?;
    deployment.snapshot_id = "two".to_owned();
    let all = std::slice::from_ref(&deployment);
    assert_eq!(transaction.deployment_by_id(DEPLOYMENT).await?.as_ref(), Some(&deployment));
    assert_eq!(transaction.deployments_of_component(COMPONENT).await?, all);
    for (environment, before, expect) in [(None, 2, all), (Some(ENVIRONMENT), 2, all), (Some(ENVIRONMENT), 1, &[])] {
        assert_eq!(transaction.deployments_page(COMPONENT, environment, before, 1).await?, expect);
    }
    let later = Deployment { sequence: 2, ..deployment.clone() };
    assert_eq!(transaction.deployment_before(&later).await?.as_ref(), Some(&deployment));
    assert_eq!(transaction.deployment_before(&deployment).await?, None);
    assert_eq!(transaction.deployments_live(COMPONENT, ENVIRONMENT).await?, all);
    assert_eq!(transaction.deployments_live_of_organization(ORGANIZATION).await?, all);

    let endpoint = DeployedEndpoint {
        deployment_id: DEPLOYMENT,
        service_id: SERVICE,
        environment_id: ENVIRONMENT,
        address: "http://10.0.0.1".to_owned(),
        base_path: "/".to_owned(),
        kind: EndpointType::WS,
        visibilities: vec![Visibility::Public],
        operations: vec![ScopedOperation {
            method: "GET".to_owned(),
            path: "/orders".to_owned(),
            scopes: vec![vec!["read".to_owned()]],
        }],
    };
    transaction.deployed_endpoint_insert(&endpoint).await?;
    assert_eq!(transaction.deployed_endpoints_of_service(SERVICE).await?, std::slice::from_ref(&endpoint));
    assert_eq!(transaction.deployed_endpoints_of_deployment(DEPLOYMENT).await?, [endpoint]);
    assert_eq!(transaction.services_deployed_in(ENVIRONMENT).await?, [SERVICE]);
    transaction.deployment_connection_insert(DEPLOYMENT, CONNECTION).await?;
    assert_eq!(transaction.deployment_connections(DEPLOYMENT).await?, [CONNECTION]);
    assert_eq!(transaction.deployments_using_connection(CONNECTION).await?, all);
    let used = ServiceUse {
        connection_id: CONNECTION,
        environment_id: ENVIRONMENT,
        component_id: COMPONENT,
        component: "Orders".to_owned(),
        project_id: PROJECT,
        project: "Shop".to_owned(),
        version: "v1.0".to_owned(),
    };
    assert_eq!(transaction.uses_of_service(SERVICE).await?, [used]);
    assert_eq!(transaction.connections_of_deployment(DEPLOYMENT).await?.len(), 1);
    graph(transaction).await?;
    let later = "2020-01-01T00:00:00Z".parse().expect("a time");
    for marked in [
        transaction.replan_connection(CONNECTION, "first", AT).await?,
        transaction.replan_service(SERVICE, "second", AT).await?,
        transaction.replan_organization(ORGANIZATION, "third", AT).await?,
    ] {
        assert_eq!(marked, 1);
    }
    assert_eq!(transaction.replan_next("", AT).await?, Some(ORGANIZATION));
    assert_eq!(transaction.replan_next(&ORGANIZATION.to_string(), AT).await?, None);
    assert_eq!(transaction.replans_take(ORGANIZATION, AT, 2).await?, [(DEPLOYMENT, "third".to_owned())]);
    assert!(!transaction.replan_waits(DEPLOYMENT).await?);
    for due in [AT, later] {
        transaction.replan_later(DEPLOYMENT, ORGANIZATION, "third", due).await?;
    }
    assert!(transaction.replan_waits(DEPLOYMENT).await?);
    assert_eq!(transaction.replan_next("", AT).await?, None);
    assert_eq!(transaction.replans_take(ORGANIZATION, AT, 2).await?, []);
    assert_eq!(transaction.replans_take(ORGANIZATION, later, 2).await?.len(), 1);
    assert_eq!(transaction.replan_next("", later).await?, None);
    transaction.replan_service(SERVICE, "again", AT).await?;
    let instance = InstanceId(Uuid::from_u128(30));
    let place = (COMPONENT, ENVIRONMENT);
    transaction.instance_save(instance, place, 1, "two", AT).await?;
    transaction.instance_save(InstanceId(Uuid::from_u128(31)), place, 1, "gone", AT).await?;
    let elsewhere = (ComponentId(Uuid::from_u128(99)), ENVIRONMENT);
    transaction.instance_save(InstanceId(Uuid::from_u128(32)), elsewhere, 1, "two", AT).await?;
    let ended = InstanceId(Uuid::from_u128(33));
    transaction.instance_save(ended, place, 1, "two", AT).await?;
    transaction.instance_delete(ended).await?;
    transaction.instances_forget(AT).await?;
    assert_eq!(transaction.instances_of_component(COMPONENT).await?, [(instance, "two".to_owned())]);
    let mut live = transaction.deployments_live(COMPONENT, ENVIRONMENT).await?.remove(0);
    assert_eq!(transaction.instances_of_deployment(&live).await?, (1, 0));
    live.snapshot_id = "three".to_owned();
    assert_eq!(transaction.instances_of_deployment(&live).await?, (0, 1));
    retiring(transaction).await
}

/// Who uses what: the one deployment, and no external consumer.
async fn graph(transaction: &mut Transaction) -> Done {
    let other = Uuid::from_u128(99);
    for (filter, found) in [
        (UseFilter::default(), 1),
        (UseFilter { project: Some(PROJECT), environment: Some(ENVIRONMENT) }, 1),
        (UseFilter { project: Some(ProjectId(other)), environment: None }, 0),
        (UseFilter { project: None, environment: Some(EnvironmentId(other)) }, 0),
    ] {
        let uses = transaction.uses_of_deployments(ORGANIZATION, filter, 10).await?;
        assert_eq!(uses.len(), found, "{filter:?}");
        for usage in uses {
            assert_eq!((usage.connection_id, usage.environment_id), (CONNECTION, Some(ENVIRONMENT)));
            assert_eq!((usage.offered.as_slice(), usage.version.is_some()), (&[ENVIRONMENT][..], true));
        }
    }
    assert_eq!(transaction.uses_of_deployments(ORGANIZATION, UseFilter::default(), 0).await?, []);
    assert_eq!(transaction.uses_of_external_consumers(ORGANIZATION, UseFilter::default(), 10).await?, []);
    for entry in transaction.entries_assigned(ORGANIZATION).await? {
        assert_eq!((entry.id, entry.service_id, entry.values.len()), (ENTRY, SERVICE, 0));
    }
    Ok(())
}

/// What retires, who holds it, and its end. The deployment and the instance run with the snapshot `two`.
async fn retiring(transaction: &mut Transaction) -> Done {
    let held = key(20, &[1, 2]);
    let issued = Issued::ClientSecret { client: "client".to_owned(), application: APPLICATION };
    let secret = Credential { issued, environment_id: ENVIRONMENT, key: held.clone() };
    let end = AT + SignedDuration::from_hours(1);
    transaction.credential_retire(&secret, Some(end)).await?;
    let secret = Credential { key: Key { not_after: Some(end), ..held }, ..secret };
    assert_eq!(transaction.retiring_next("").await?, Some(ORGANIZATION));
    assert_eq!(transaction.retiring_next(&ORGANIZATION.to_string()).await?, None);
    assert_eq!(transaction.application_clients(APPLICATION).await?, [client_of([0, 1, 0])]);
    let shown = ClientSecret { holder: None, created_at: AT, not_after: Some(end), revoked_at: None };
    assert_eq!(transaction.client_secrets_shown("client", 10).await?, [shown]);
    let keys = transaction.api_keys(CONNECTION, ENVIRONMENT).await?;
    let issued = Issued::ApiKey { connection: CONNECTION };
    let key = Credential { issued, environment_id: ENVIRONMENT, key: keys[0].clone() };
    assert_eq!(transaction.credentials_retiring(ORGANIZATION).await?, [secret, key.clone()]);
    transaction.credential_retire(&key, Some(end)).await?;
    assert_eq!(transaction.api_keys(CONNECTION, ENVIRONMENT).await?[0].not_after, Some(end));
    let deployments = transaction.deployments_holding(SEALED).await?;
    assert_eq!(deployments.into_iter().map(|found| found.id).collect::<Vec<_>>(), [DEPLOYMENT]);
    assert_eq!(transaction.snapshot_retiring("two").await?, [SEALED]);
    let holding = Holding { component_id: COMPONENT, major: 1, instances: 1 };
    assert_eq!(transaction.instances_holding(SEALED).await?, [holding]);
    let own: Vec<_> = transaction.credentials_of_component(COMPONENT, Some(ENVIRONMENT)).await?;
    assert_eq!(own, transaction.credentials_of_component(COMPONENT, None).await?);
    for credential in transaction.credentials_retiring(ORGANIZATION).await? {
        transaction.credential_revoke(&credential, AT).await?;
    }
    assert_eq!(transaction.retiring_next("").await?, None);
    assert_eq!(transaction.client_secrets("client").await?, []);
    assert_eq!(transaction.application_clients(APPLICATION).await?, [client_of([0, 0, 1])]);
    assert_eq!(transaction.client_secrets_shown("client", 10).await?[0].revoked_at, Some(AT));
    Ok(())
}

/// What is foreseen answers once, and later questions see what was changed meanwhile.
async fn foreseen(transaction: &mut Transaction) -> Done {
    transaction.replan_service(SERVICE, "again", AT).await?;
    transaction.remember();
    transaction.replans_foresee(ORGANIZATION, AT, 2).await?;
    let before = transaction.deployment_by_id(DEPLOYMENT).await?;
    assert_eq!(transaction.deployment_by_id(DEPLOYMENT).await?, before);
    transaction.replans_foresee(ORGANIZATION, AT, 2).await?;
    transaction.deployment_repin(DEPLOYMENT, "one", &BTreeMap::new()).await?;
    assert_eq!(transaction.deployment_by_id(DEPLOYMENT).await?, before, "it was foreseen");
    let after = transaction.deployment_by_id(DEPLOYMENT).await?.expect("it is there");
    assert_eq!(after.snapshot_id, "one");
    transaction.deployment_repin(DEPLOYMENT, "two", &BTreeMap::new()).await?;
    let connections = transaction.connections_of_deployment(DEPLOYMENT).await?;
    assert_eq!(transaction.connections_of_deployment(DEPLOYMENT).await?, connections, "foreseen and asked");
    assert_eq!(connections.len(), 1);
    assert_eq!(transaction.component_by_id(COMPONENT).await?.map(|found| found.id), Some(COMPONENT));
    assert_eq!(transaction.release_by_id(RELEASE).await?.map(|found| found.id), Some(RELEASE));
    for _ in 0..2 {
        assert_eq!(transaction.snapshot_by_id("two").await?.map(|found| found.id).as_deref(), Some("two"));
    }
    Ok(())
}

async fn records(transaction: &mut Transaction) -> Done {
    let mut token = Token {
        id: TOKEN,
        name: "anna".to_owned(),
        digest: vec![9; 32],
        role: Role::Developer,
        organization_id: Some(ORGANIZATION),
        project_id: Some(PROJECT),
        component_id: None,
        environment_id: None,
        created_at: AT,
        expires_at: Some(AT),
        revoked_at: None,
    };
    transaction.token_insert(&token).await?;
    assert_eq!(transaction.token_by_digest(&[9; 32]).await?.as_ref(), Some(&token));
    transaction.token_revoke(TOKEN, AT).await?;
    token.revoked_at = Some(AT);
    assert_eq!(transaction.tokens_page(ORGANIZATION, None, 1).await?, std::slice::from_ref(&token));
    assert_eq!(transaction.tokens_page(ORGANIZATION, Some(TOKEN), 1).await?, []);
    assert_eq!(transaction.tokens(ORGANIZATION).await?, [token]);
    transaction.installation_lock().await?;
    assert_eq!(transaction.installation_tokens().await?, []);
    transaction.token_organization_insert(TOKEN, ORGANIZATION).await?;
    assert_eq!(transaction.token_organizations(TOKEN).await?, [ORGANIZATION]);
    signing_in(transaction).await?;
    people(transaction).await?;

    assert_eq!(transaction.installation().await?, None);
    let addresses = BTreeMap::from([("public".to_owned(), "http://127.0.0.1".to_owned())]);
    let installation = Installation { key_fingerprint: "key".to_owned(), addresses, created_at: AT };
    transaction.installation_save(&installation).await?;
    assert_eq!(transaction.installation().await?, Some(installation));

    assert_eq!(transaction.audit_last("a").await?, None);
    for sequence in 1..=3 {
        let entry = AuditEntry {
            organization: "a".to_owned(),
            sequence,
            at: AT,
            actor: "token:anna#1f2e3d4c".to_owned(),
            action: format!("action_{sequence}"),
            object: "shop".to_owned(),
            result: "done".to_owned(),
            detail: "{}".to_owned(),
            hash: format!("hash {sequence}"),
        };
        transaction.audit_insert(&entry).await?;
        assert_eq!(transaction.audit_last("a").await?, Some(entry));
    }
    let numbers = |entries: Vec<AuditEntry>| entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>();
    assert_eq!(numbers(transaction.audit_after("a", 1, 10).await?), [2, 3]);
    for (action, before, limit, expect) in
        [(None, i64::MAX, 10, vec![3, 2, 1]), (None, 3, 1, vec![2]), (Some("action_1"), i64::MAX, 10, vec![1])]
    {
        let filter = AuditFilter {
            action: action.map(str::to_owned),
            object: Some("shop".to_owned()),
            actor: Some("token:anna".to_owned()),
            before,
            limit,
        };
        assert_eq!(numbers(transaction.audit_list("a", &filter).await?), expect);
    }

    assert_eq!(transaction.change_oldest().await?, None);
    let number = transaction.change_insert("a", "kind", "object", AT).await?;
    assert_eq!(transaction.change_oldest().await?, Some(number));
    table(transaction, number).await?;
    assert_eq!(transaction.change_number().await?, number);
    let later = "2020-01-01T00:00:00Z".parse().expect("a time");
    assert_eq!(transaction.changes_forget(later, 10).await?, 0, "the last change stays");
    transaction.change_insert("a", "kind", "object", AT).await?;
    let later_ones = |first| [LastChange { organization: "a".to_owned(), first, last: number + 1 }];
    assert_eq!(transaction.changes_after(number - 1).await?, later_ones(number));
    assert_eq!(transaction.changes_after(number).await?, later_ones(number + 1));
    assert_eq!(transaction.changes_after(number + 1).await?, []);
    assert_eq!(transaction.changes_forget(AT, 10).await?, 0, "what is young stays");
    assert_eq!(transaction.changes_forget(later, 10).await?, 1);
    assert_eq!(transaction.change_number().await?, number + 1);
    assert_eq!(transaction.table_forget().await?, 1, "what is gone goes with its change");
    assert_eq!(transaction.table_after(0, "", 10).await?.len(), 1);

    for key in ["one", "two"] {
        transaction.idempotency_insert(Owner::Token(TOKEN), key, "digest", AT).await?;
    }
    let claimed = Some(("digest".to_owned(), 0, String::new()));
    assert_eq!(transaction.idempotency_find(Owner::Token(TOKEN), "one").await?, claimed);
    transaction.idempotency_answer(Owner::Token(TOKEN), "one", 201, "{}").await?;
    assert_eq!(transaction.idempotency_find(Owner::Token(TOKEN), "two").await?, claimed);
    let kept = Some(("digest".to_owned(), 201, "{}".to_owned()));
    assert_eq!(transaction.idempotency_find(Owner::Token(TOKEN), "one").await?, kept);
    assert_eq!(transaction.idempotency_forget(later).await?, 2);
    assert_eq!(transaction.idempotency_find(Owner::Token(TOKEN), "one").await?, None);
    Ok(())
}

/// The gateway's table, with one entry and the mark of another at the end.
async fn table(transaction: &mut Transaction, number: i64) -> Done {
    assert_eq!(transaction.change_generation().await?, "");
    transaction.change_generation_set("1-a").await?;
    assert_eq!(transaction.change_generation().await?, "1-a");
    let stored =
        |key: &str, entry: Option<&str>| StoredEntry { key: key.to_owned(), number, entry: entry.map(str::to_owned) };
    for (scope, key, entry) in [("s", "b", Some("1")), ("s", "a", Some("2")), ("s", "b", Some("3"))] {
        transaction.table_save("o", scope, key, entry, number).await?;
    }
    assert_eq!(transaction.table_scope("o", "s").await?, [stored("a", Some("2")), stored("b", Some("3"))]);
    transaction.table_save("o", "another", "a", None, number).await?;
    transaction.table_save("o", "s", "b", None, number).await?;
    assert_eq!(transaction.table_scope("o", "s").await?, [stored("a", Some("2"))], "another scope takes nothing");
    transaction.table_save("o", "t", "a", Some("4"), number).await?;
    assert_eq!(transaction.table_scopes("o", "", 10).await?, ["t"]);
    assert_eq!(transaction.table_scopes("o", "t", 10).await?, [""; 0]);
    let (a, b) = (stored("a", Some("4")), stored("b", None));
    assert_eq!(transaction.table_after(number, "", 10).await?, [a.clone(), b.clone()]);
    assert_eq!(transaction.table_after(0, "", 1).await?, [a]);
    assert_eq!(transaction.table_after(number, "a", 10).await?, [b]);
    assert_eq!(transaction.table_after(number + 1, "", 10).await?, []);
    assert_eq!(transaction.table_forget().await?, 0, "its change is kept");
    Ok(())
}

async fn signing_in(transaction: &mut Transaction) -> Done {
    assert!(transaction.token_by_id(TOKEN).await?.is_some());
    let owner = Owner::Token(TOKEN);
    let later = AT + SignedDuration::from_secs(60);
    let (id, digest) = (SignInLinkId(Uuid::from_u128(13)), vec![13]);
    let link = SignInLink { id, digest, owner, created_at: AT, expires_at: later };
    transaction.sign_in_link_insert(&link).await?;
    assert_eq!(transaction.sign_in_link_take(&[13]).await?.as_ref(), Some(&link));
    assert_eq!(transaction.sign_in_link_take(&[13]).await?, None, "it is used up");
    transaction.sign_in_link_insert(&link).await?;
    let (id, digest) = (SessionId(Uuid::from_u128(14)), vec![14]);
    let mut session = Session { id, digest, owner, created_at: AT, idle_at: AT, expires_at: later };
    transaction.session_insert(&session).await?;
    transaction.session_prolong(id, later).await?;
    session.idle_at = later;
    assert_eq!(transaction.session_by_digest(&[14]).await?.as_ref(), Some(&session));
    transaction.session_delete(id).await?;
    assert_eq!(transaction.session_by_digest(&[14]).await?, None);
    transaction.session_insert(&session).await?;
    assert_eq!(transaction.sessions_delete(Owner::User(UserId(Uuid::nil()))).await?, 0);
    assert_eq!(transaction.sessions_delete(owner).await?, 1);
    session.owner = Owner::User(UserId(Uuid::from_u128(15)));
    transaction.session_insert(&session).await?;
    assert_eq!(transaction.session_by_digest(&[14]).await?.as_ref(), Some(&session));
    assert_eq!(transaction.sign_in_forget(later).await?, 0);
    assert_eq!(transaction.sign_in_forget(later + SignedDuration::from_secs(1)).await?, 2);
    transaction.session_insert(&session).await?;
    transaction.sign_in_link_insert(&link).await
}

async fn people(transaction: &mut Transaction) -> Done {
    let id = UserId(Uuid::from_u128(20));
    let mut anna = User {
        id,
        name: "anna@example.com".to_owned(),
        password: None,
        identity: None,
        installation_admin: false,
        created_at: AT,
        disabled_at: None,
    };
    transaction.user_insert(&anna).await?;
    assert_eq!(transaction.user_by_name("anna@example.COM").await?.as_ref(), Some(&anna));
    assert!(!anna.can_sign_in());
    let password = Secret::new("$argon2id$");
    transaction.user_set_password(id, Some(&password)).await?;
    let identity = Identity { issuer: "https://id.example".to_owned(), subject: "1".to_owned() };
    transaction.user_set_identity(id, Some(&identity)).await?;
    (anna.password, anna.identity) = (Some(password), Some(identity));
    (anna.installation_admin, anna.disabled_at) = (true, Some(AT));
    transaction.user_update(&anna).await?;
    assert_eq!(transaction.user_by_id(id).await?.as_ref(), Some(&anna));
    assert_eq!(transaction.user_by_identity("https://id.example", "1").await?.as_ref(), Some(&anna));
    assert_eq!(transaction.user_by_identity("https://id.example", "2").await?, None);
    assert_eq!(transaction.users_page("ANNA", 1).await?, std::slice::from_ref(&anna));
    assert_eq!(transaction.users_page("Anna@example.com", 1).await?, []);

    let token = |number: u8| OwnToken {
        id: TokenId(Uuid::from_u128(u128::from(number))),
        user_id: id,
        name: "laptop".to_owned(),
        digest: vec![number],
        created_at: AT + SignedDuration::from_secs(number.into()),
        expires_at: AT + SignedDuration::from_secs(60),
    };
    for number in [31, 32, 33] {
        transaction.own_token_insert(&token(number)).await?;
    }
    assert_eq!(transaction.own_token_by_digest(&[32]).await?, Some(token(32)));
    assert_eq!(transaction.own_tokens(id).await?, [31, 32, 33].map(token));
    transaction.own_token_delete(token(32).id).await?;
    assert_eq!(transaction.own_tokens(id).await?, [31, 33].map(token));
    assert_eq!(transaction.own_tokens_forget(AT + SignedDuration::from_secs(60)).await?, 0);
    assert_eq!(transaction.own_tokens_forget(AT + SignedDuration::from_secs(61)).await?, 2);
    transaction.own_token_insert(&token(34)).await?;
    transaction.own_tokens_delete(id).await?;
    assert_eq!(transaction.own_token_by_digest(&[34]).await?, None);
    transaction.own_token_insert(&token(35)).await?;

    let mut roles = [Some(PROJECT), None].map(|project_id| Membership {
        id: MembershipId(Uuid::from_u128(if project_id.is_some() { 21 } else { 22 })),
        user_id: id,
        organization_id: ORGANIZATION,
        project_id,
        role: Role::Viewer,
        created_at: AT,
        accepted_at: None,
    });
    for role in &roles {
        transaction.membership_insert(role).await?;
    }
    transaction.membership_set_role(roles[1].id, Role::OrganizationAdmin).await?;
    roles[1].role = Role::OrganizationAdmin;
    assert_eq!(transaction.memberships_of(id).await?, roles);
    for role in &roles {
        transaction.membership_accept(role.id, AT).await?;
    }
    roles = roles.map(|role| Membership { accepted_at: Some(AT), ..role });
    assert_eq!(transaction.memberships_in(id, ORGANIZATION).await?, roles);
    let member = |membership: &Membership| Member {
        name: anna.name.clone(),
        disabled_at: Some(AT),
        membership: membership.clone(),
    };
    let mut members: Vec<_> = roles.iter().map(member).collect();
    members.sort_by_key(|member| member.membership.id.to_string());
    assert_eq!(transaction.members_page(ORGANIZATION, ("", ""), 10).await?, members);
    let first = members[0].membership.id.to_string();
    assert_eq!(transaction.members_page(ORGANIZATION, (&anna.name, &first), 10).await?, members[1..]);
    assert_eq!(transaction.memberships_that_administer(ORGANIZATION).await?, [], "a disabled account does nothing");
    transaction.user_update(&User { disabled_at: None, ..anna.clone() }).await?;
    assert_eq!(transaction.memberships_that_administer(ORGANIZATION).await?, roles[1..]);

    let invitation = |number: u8, membership_id: Option<MembershipId>| Invitation {
        id: InvitationId(Uuid::from_u128(u128::from(number))),
        digest: vec![number],
        user_id: id,
        organization_id: membership_id.and(Some(ORGANIZATION)),
        membership_id,
        purpose: if membership_id.is_some() { InvitationPurpose::Join } else { InvitationPurpose::Password },
        created_at: AT,
        expires_at: AT,
    };
    let [one, other] = roles.each_ref().map(|role| Some(role.id));
    for (number, membership) in [(1, None), (2, None), (3, one), (4, one), (5, other)] {
        transaction.invitation_insert(&invitation(number, membership)).await?;
    }
    assert_eq!(transaction.invitation_by_digest(&[1]).await?, None, "another took its place");
    assert_eq!(transaction.invitation_by_digest(&[2]).await?, Some(invitation(2, None)));
    assert_eq!(transaction.invitation_by_digest(&[3]).await?, None, "another took its place");
    let all: Vec<_> = transaction.invitations_of(id).await?.into_iter().map(|one| one.digest).collect();
    assert_eq!(all, [[2], [4], [5]]);
    assert_eq!(transaction.invitation_take(&[4]).await?, Some(invitation(4, one)));
    assert_eq!(transaction.invitation_take(&[4]).await?, None, "it is used up");
    let password = InvitationPurpose::Password;
    transaction.invitations_delete(id, password, Some(ORGANIZATION)).await?;
    assert!(transaction.invitation_by_digest(&[2]).await?.is_some(), "it is the installation's");
    transaction.invitations_delete(id, password, None).await?;
    assert_eq!(transaction.invitation_by_digest(&[2]).await?, None);
    assert!(transaction.invitation_by_digest(&[5]).await?.is_some());
    transaction.membership_delete(roles[1].id).await?;
    assert_eq!(transaction.invitation_by_digest(&[5]).await?, None, "it accepts nothing any more");
    assert_eq!(transaction.memberships_of(id).await?, roles[..1]);
    transaction.invitation_insert(&invitation(6, one)).await
}

/// Everything so far goes into the other kind of database, and comes out of it the same.
async fn backup(database: &Database) -> Done {
    for other in Database::all().await {
        let (mut from, mut to) = (database.store.read().await?, other.store.write().await?);
        assert_eq!(from.schema_number().await?, to.schema_number().await?);
        to.restore_begin().await?;
        for table in TABLES.iter() {
            let rows = from.backup_page(table, None).await?;
            for row in &rows {
                to.restore_row(table, row).await?;
            }
            assert_eq!(to.backup_page(table, None).await?, rows, "{}", table.name);
            assert_eq!(from.backup_page(table, rows.last().map(Vec::as_slice)).await?.len(), 0, "{}", table.name);
        }
        to.restore_end().await?;
        assert_eq!(to.session_by_digest(&[14]).await?, None, "nobody is signed in by a restore");
        let query = Query { text: Some("every".to_owned()), limit: 10, ..Query::default() };
        assert_eq!(to.search(ORGANIZATION, &query).await?.len(), 1, "what was restored is found");
        to.commit().await?;
        other.drop().await;
    }
    Ok(())
}

async fn endings(transaction: &mut Transaction) -> Done {
    transaction.table_forget_revocations(0).await?;
    let [one, other] = [1, 2].map(|port| std::net::SocketAddr::from(([127, 0, 0, 1], port)));
    transaction.listener_save(one, AT).await?;
    transaction.listener_save(other, AT).await?;
    transaction.listener_save(one, AT + SignedDuration::from_secs(1)).await?;
    assert_eq!(transaction.listeners().await?, [one, other]);
    assert_eq!(transaction.listeners_forget(AT + SignedDuration::from_secs(1)).await?, 1);
    assert_eq!(transaction.listeners().await?, [one]);
    assert_eq!(transaction.revocations_forget(19).await?, 0);
    assert_eq!(transaction.revocations_forget(20).await?, 1);
    assert_eq!(transaction.revocation_by_id("jti").await?, None);
    transaction.signing_key_delete("kid").await?;
    assert_eq!(transaction.signing_keys().await?, []);
    transaction.deployment_end(DEPLOYMENT, AT).await?;
    assert_eq!(transaction.deployments_live(COMPONENT, ENVIRONMENT).await?, []);
    assert_eq!(transaction.deployed_endpoints_of_service(SERVICE).await?, []);
    assert_eq!(transaction.deployments_using_connection(CONNECTION).await?, []);
    assert_eq!(transaction.replan_next("", AT).await?, None, "what ended is not planned again");
    assert_eq!(transaction.replan_service(SERVICE, "late", AT).await?, 0);
    transaction.connection_withdraw(CONNECTION, AT).await?;
    assert_eq!(transaction.connections_of_deployment(DEPLOYMENT).await?, []);
    transaction.connection_revoke(CONNECTION, AT).await?;
    assert_eq!(transaction.snapshot_revoked("two").await?, [SEALED]);
    assert_eq!(transaction.sealed_abandoned(ORGANIZATION, "", 10).await?, [], "a snapshot refers to it");
    transaction.component_history_delete(COMPONENT).await?;
    transaction.connection_delete(CONNECTION).await?;
    assert_eq!(transaction.connection_by_id(CONNECTION).await?, None);
    assert_eq!(transaction.connections_with_application(ORGANIZATION, 10).await?, []);
    transaction.application_delete(APPLICATION, AT).await?;
    let ending = transaction.registrations_due(ORGANIZATION, AT, 10).await?;
    assert_eq!((ending.len(), ending[0].client_id.as_ref()), (1, None), "it is to be deleted at the provider");
    transaction.registration_delete(ending[0].id).await?;
    transaction.identity_provider_delete(ORGANIZATION).await?;
    assert_eq!(transaction.identity_provider(ORGANIZATION).await?, None);
    assert_eq!(transaction.application_by_owner(ApplicationOwner::Project(PROJECT)).await?, None);
    assert_eq!(transaction.sealed_abandoned(ORGANIZATION, "", 10).await?, [SEALED]);
    transaction.sealed_delete(SEALED).await?;
    assert_eq!(transaction.sealed_by_id(SEALED).await?, None);
    transaction.service_delete(SERVICE).await?;
    assert_eq!(transaction.service_by_id(SERVICE).await?, None);
    transaction.component_delete(COMPONENT).await?;
    assert_eq!(transaction.component_by_id(COMPONENT).await?, None);
    transaction.environment_delete(ENVIRONMENT).await?;
    assert_eq!(transaction.environments(ORGANIZATION).await?, []);
    Ok(())
}

#[tokio::test]
async fn what_is_referred_to_stays() {
    for database in Database::all().await {
        let mut transaction = database.store.write().await.expect("a write");
        tenancy(&mut transaction).await.expect("tenancy");
        let refused = transaction.project_delete(PROJECT).await;
        assert!(matches!(refused, Err(tieline_store::Error::Referenced)), "{refused:?}");
        drop(transaction);
        database.drop().await;
    }
}

#[test]
fn every_function_has_a_call_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut functions = BTreeSet::new();
    for entry in std::fs::read_dir(folder.join("src")).expect("the sources") {
        let source = std::fs::read_to_string(entry.expect("a file").path()).expect("a source");
        let heads = source.split("pub async fn ").skip(1);
        functions.extend(heads.filter_map(|head| Some(head.split_once('(')?.0.to_owned())));
    }
    assert!(functions.len() > 80, "the functions are found: {}", functions.len());
    let suite: String = ["functions.rs", "database.rs", "concurrency.rs"]
        .map(|file| std::fs::read_to_string(folder.join("tests/contract").join(file)).expect("the suite"))
        .concat();
    let missing: Vec<_> =
        functions.iter().filter(|name| !suite.contains(&format!(".{name}(")) && *name != "open").collect();
    assert!(missing.is_empty(), "without a call: {missing:?}");
}
