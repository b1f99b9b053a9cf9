-- The model. TEXT holds ids (UUID), handles, RFC 3339 times in UTC and JSON; BYTEA holds digests and sealed bytes.
-- Only TEXT columns are nullable. A secret is never in a column: it is sealed, in sealed_version, and referred to; the
-- installation's own are sealed in signing_key.

CREATE TABLE installation (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    key_fingerprint TEXT NOT NULL,
    addresses TEXT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE organization (
    id TEXT PRIMARY KEY,
    handle TEXT NOT NULL,
    handle_folded TEXT NOT NULL UNIQUE,
    variable_prefix TEXT NOT NULL,
    token_lifetime BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE environment (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    handle TEXT NOT NULL,
    handle_folded TEXT NOT NULL,
    position BIGINT NOT NULL,
    critical BOOLEAN NOT NULL,
    allowed_addresses TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (organization_id, handle_folded)
);

CREATE TABLE project (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    handle TEXT NOT NULL,
    handle_folded TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (organization_id, handle_folded)
);

CREATE TABLE component (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    project_id TEXT NOT NULL REFERENCES project (id),
    handle TEXT NOT NULL,
    handle_folded TEXT NOT NULL,
    type TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (project_id, handle_folded)
);
CREATE INDEX component_by_organization ON component (organization_id, id);
CREATE INDEX component_external ON component (organization_id, id) WHERE type = 'external-consumer';

-- One marketplace entry. An internal service belongs to a component; a third-party service to the organization or one
-- project; a resource to the organization. What only internal services have is in `endpoint` (JSON, null for others).
CREATE TABLE service (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    project_id TEXT REFERENCES project (id),
    component_id TEXT REFERENCES component (id),
    type TEXT NOT NULL,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    reference_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    major BIGINT NOT NULL,
    version TEXT NOT NULL,
    summary TEXT NOT NULL,
    overview TEXT NOT NULL,
    document TEXT NOT NULL,
    labels TEXT NOT NULL,
    categories TEXT NOT NULL,
    definition_kind TEXT NOT NULL,
    definition TEXT,
    parameters TEXT NOT NULL,
    schemes TEXT NOT NULL,
    approval BOOLEAN NOT NULL,
    visibilities TEXT NOT NULL,
    endpoint TEXT,
    published BOOLEAN NOT NULL,
    listed BOOLEAN NOT NULL,
    revision BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organization_id, reference_folded)
);
CREATE INDEX service_by_component ON service (component_id, major);
CREATE INDEX service_by_name ON service (organization_id, name, id);
CREATE INDEX service_registered ON service (organization_id, id) WHERE component_id IS NULL;
CREATE INDEX service_by_project ON service (project_id) WHERE project_id IS NOT NULL;

-- An endpoint of a third-party service or a credential of a resource, with all keys of its kind.
CREATE TABLE service_entry (
    id TEXT PRIMARY KEY,
    service_id TEXT NOT NULL REFERENCES service (id),
    name TEXT NOT NULL,
    environments TEXT NOT NULL,
    entry_values TEXT NOT NULL,
    UNIQUE (service_id, name)
);

-- One sealed value; immutable but for the wrapping of its key. `context` is what it is authenticated against. A revoked one
-- is accepted by nobody any more; a superseded one stands in no registration any more, and may well be accepted.
CREATE TABLE sealed_version (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    context TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at TEXT NOT NULL,
    revoked_at TEXT,
    superseded_at TEXT
);
CREATE INDEX sealed_version_by_organization ON sealed_version (organization_id, id);
CREATE INDEX sealed_version_ended ON sealed_version (organization_id, id)
    WHERE revoked_at IS NOT NULL OR superseded_at IS NOT NULL;

CREATE TABLE oauth_application (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    owner_kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (owner_kind, owner_id)
);
CREATE INDEX oauth_application_by_organization ON oauth_application (organization_id, id);

CREATE TABLE oauth_client (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES oauth_application (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    created_at TEXT NOT NULL,
    UNIQUE (application_id, environment_id)
);
CREATE INDEX oauth_client_by_environment ON oauth_client (environment_id);

-- The identity provider of an organization that has its own: what its metadata says, and its public keys (JSON), as they
-- were read last. `failure`: why they could not be read since.
CREATE TABLE identity_provider (
    organization_id TEXT PRIMARY KEY REFERENCES organization (id),
    issuer TEXT NOT NULL,
    audience TEXT,
    registration_token_id TEXT REFERENCES sealed_version (id),
    metadata TEXT NOT NULL,
    keys TEXT NOT NULL,
    checked_at TEXT NOT NULL,
    failure TEXT,
    created_at TEXT NOT NULL
);
CREATE INDEX identity_provider_by_token ON identity_provider (registration_token_id)
    WHERE registration_token_id IS NOT NULL;

-- A client that an identity provider has, or is to have: then it has no `registered_id`, which is its id there. Without
-- `client_id` nobody needs it any more, and it is to be deleted there. `due_at` says when something is to be done about it,
-- `begun_at` since when the provider is being asked for it.
CREATE TABLE client_registration (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    client_id TEXT UNIQUE REFERENCES oauth_client (id),
    name TEXT NOT NULL,
    registered_id TEXT,
    management_uri TEXT,
    management_token_id TEXT REFERENCES sealed_version (id),
    begun_at TEXT,
    attempts BIGINT NOT NULL,
    due_at TEXT,
    failure TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (organization_id, registered_id)
);
CREATE INDEX client_registration_due ON client_registration (organization_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX client_registration_by_token ON client_registration (management_token_id)
    WHERE management_token_id IS NOT NULL;

-- A connection that was deleted while deployments used it stays, with `deleted_at`, until the last of them is replaced.
CREATE TABLE connection (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    project_id TEXT REFERENCES project (id),
    component_id TEXT REFERENCES component (id),
    level TEXT NOT NULL,
    name TEXT NOT NULL,
    name_part TEXT NOT NULL,
    description TEXT NOT NULL,
    service_id TEXT NOT NULL REFERENCES service (id),
    access_mode TEXT,
    scheme TEXT,
    secrets TEXT NOT NULL,
    application_id TEXT REFERENCES oauth_application (id),
    mapping TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT
);
CREATE INDEX connection_by_organization ON connection (organization_id, level, name_part, id);
CREATE INDEX connection_by_name ON connection (organization_id, name_part);
CREATE INDEX connection_by_service ON connection (service_id);
CREATE INDEX connection_by_component ON connection (component_id, level, name_part, id);
CREATE INDEX connection_by_project ON connection (project_id, level, name_part, id);
CREATE INDEX connection_by_application ON connection (application_id, service_id) WHERE application_id IS NOT NULL;

-- The secrets of clients: many per client, of one component where the connection says so. `state`: live, revoked. One that
-- is live and has `not_after` is being rotated out.
CREATE TABLE client_secret (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES oauth_client (id),
    sealed_version_id TEXT NOT NULL REFERENCES sealed_version (id),
    digest BYTEA NOT NULL UNIQUE,
    holder_component_id TEXT REFERENCES component (id),
    not_after TEXT,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX client_secret_by_client ON client_secret (client_id);
CREATE INDEX client_secret_retiring ON client_secret (not_after) WHERE state = 'live' AND not_after IS NOT NULL;
CREATE INDEX client_secret_by_version ON client_secret (sealed_version_id);
CREATE INDEX client_secret_by_holder ON client_secret (holder_component_id) WHERE holder_component_id IS NOT NULL;

-- The key pairs that sign tokens, published as long as they are here. Of those whose time has come the latest signs.
CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    algorithm TEXT NOT NULL,
    jwk TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at TEXT NOT NULL,
    signs_from TEXT NOT NULL,
    retires_at TEXT
);

-- Tokens that were revoked before they expired, by `jti`, and client secrets whose tokens were. `valid_until` is a number
-- of seconds since 1970, as `exp` is in tokens.
CREATE TABLE token_revocation (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    valid_until BIGINT NOT NULL
);
CREATE INDEX token_revocation_by_organization ON token_revocation (organization_id, valid_until);
CREATE INDEX token_revocation_by_time ON token_revocation (valid_until);

-- API keys: one connection and environment, known by digest.
CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connection (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    sealed_version_id TEXT NOT NULL REFERENCES sealed_version (id),
    digest BYTEA NOT NULL UNIQUE,
    holder_component_id TEXT REFERENCES component (id),
    not_after TEXT,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX api_key_by_connection ON api_key (connection_id, environment_id);
CREATE INDEX api_key_by_environment ON api_key (environment_id);
CREATE INDEX api_key_retiring ON api_key (not_after) WHERE state = 'live' AND not_after IS NOT NULL;
CREATE INDEX api_key_by_version ON api_key (sealed_version_id);
CREATE INDEX api_key_by_holder ON api_key (holder_component_id) WHERE holder_component_id IS NOT NULL;

-- A descriptor plus a version, with the definitions that it names. Equal content is one release.
CREATE TABLE release (
    id TEXT PRIMARY KEY,
    component_id TEXT NOT NULL REFERENCES component (id),
    version TEXT NOT NULL,
    major BIGINT NOT NULL,
    digest TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (component_id, version, digest)
);

-- Immutable: the id is the hash of the content. Secrets are ids of sealed versions.
CREATE TABLE snapshot (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    component_id TEXT NOT NULL REFERENCES component (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    variables TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX snapshot_by_component ON snapshot (component_id);
CREATE INDEX snapshot_by_environment ON snapshot (environment_id);

-- Which sealed versions a snapshot refers to: none of them is purged while it is here.
CREATE TABLE snapshot_secret (
    snapshot_id TEXT NOT NULL REFERENCES snapshot (id),
    sealed_version_id TEXT NOT NULL REFERENCES sealed_version (id),
    PRIMARY KEY (snapshot_id, sealed_version_id)
);
CREATE INDEX snapshot_secret_by_version ON snapshot_secret (sealed_version_id);

-- component × environment × major. At most one is live; the history stays. `state`: live, replaced, undeployed.
CREATE TABLE deployment (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    component_id TEXT NOT NULL REFERENCES component (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    major BIGINT NOT NULL,
    release_id TEXT NOT NULL REFERENCES release (id),
    snapshot_id TEXT NOT NULL REFERENCES snapshot (id),
    policy TEXT NOT NULL,
    addresses TEXT NOT NULL,
    degraded TEXT NOT NULL,
    state TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    ended_at TEXT
);
CREATE UNIQUE INDEX deployment_live ON deployment (component_id, environment_id, major) WHERE state = 'live';
CREATE INDEX deployment_by_component ON deployment (component_id, sequence);
CREATE INDEX deployment_live_by_organization ON deployment (organization_id, id) WHERE state = 'live';
CREATE INDEX deployment_by_environment ON deployment (environment_id);
CREATE INDEX deployment_by_release ON deployment (release_id);
CREATE INDEX deployment_by_snapshot ON deployment (snapshot_id);

-- Where an internal service listens in a deployment's environment, and what the release deployed there says of it: the
-- marketplace may stand for another. `live` is that of the deployment, so that what is asked of the live ones does not
-- read the history.
CREATE TABLE deployed_endpoint (
    deployment_id TEXT NOT NULL REFERENCES deployment (id),
    service_id TEXT NOT NULL REFERENCES service (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    address TEXT NOT NULL,
    base_path TEXT NOT NULL,
    type TEXT NOT NULL,
    visibilities TEXT NOT NULL,
    operations TEXT NOT NULL,
    live BOOLEAN NOT NULL,
    PRIMARY KEY (deployment_id, service_id)
);
CREATE INDEX deployed_endpoint_live ON deployed_endpoint (service_id, environment_id) WHERE live;
CREATE INDEX deployed_endpoint_by_service ON deployed_endpoint (service_id);
CREATE INDEX deployed_endpoint_by_environment ON deployed_endpoint (environment_id);
CREATE INDEX deployed_endpoint_live_there ON deployed_endpoint (environment_id) WHERE live;

-- Which connections a deployment's descriptor refers to: the consumers of a connection and of its service. `live` is
-- that of the deployment.
CREATE TABLE deployment_connection (
    deployment_id TEXT NOT NULL REFERENCES deployment (id),
    connection_id TEXT NOT NULL,
    live BOOLEAN NOT NULL,
    PRIMARY KEY (deployment_id, connection_id)
);
CREATE INDEX deployment_connection_live ON deployment_connection (connection_id) WHERE live;

-- Live deployments that are still to be planned again, because a value that they use may have changed; `actor` changed
-- it. What could not be planned is due later.
CREATE TABLE replan (
    deployment_id TEXT PRIMARY KEY REFERENCES deployment (id),
    organization_id TEXT NOT NULL REFERENCES organization (id),
    actor TEXT NOT NULL,
    due_at TEXT NOT NULL,
    running BOOLEAN NOT NULL
);
-- In the order in which marks are taken.
CREATE INDEX replan_by_organization ON replan (organization_id, due_at DESC, running DESC, deployment_id);

-- The right of a connection's keys of one environment to call one internal service in one provider environment.
CREATE TABLE subscription (
    connection_id TEXT NOT NULL REFERENCES connection (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    service_id TEXT NOT NULL REFERENCES service (id),
    provider_environment_id TEXT NOT NULL REFERENCES environment (id),
    created_at TEXT NOT NULL,
    PRIMARY KEY (connection_id, environment_id)
);
CREATE INDEX subscription_by_service ON subscription (service_id, provider_environment_id);
CREATE INDEX subscription_by_environment ON subscription (environment_id);
CREATE INDEX subscription_by_provider ON subscription (provider_environment_id);

-- What the owners of a service decided about a subscriber in a provider environment: an OAuth application, or a connection
-- that has none (`application/ID`, `connection/ID`). Subscriptions come and go with deployments; this stays. `kind`:
-- approval (approved, refused), block (blocked), plan (the name of a rate plan).
CREATE TABLE subscription_decision (
    subscriber TEXT NOT NULL,
    service_id TEXT NOT NULL REFERENCES service (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    kind TEXT NOT NULL,
    choice TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (subscriber, service_id, environment_id, kind)
);
CREATE INDEX subscription_decision_by_service ON subscription_decision (service_id);
CREATE INDEX subscription_decision_by_environment ON subscription_decision (environment_id);

-- Which snapshot a runner took last, and until when it counts as held.
CREATE TABLE instance (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    component_id TEXT NOT NULL REFERENCES component (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    major BIGINT NOT NULL,
    snapshot_id TEXT NOT NULL REFERENCES snapshot (id),
    reported_at TEXT NOT NULL
);
CREATE INDEX instance_by_component ON instance (component_id, environment_id, major);
CREATE INDEX instance_by_report ON instance (reported_at);
CREATE INDEX instance_by_environment ON instance (environment_id);
CREATE INDEX instance_by_snapshot ON instance (snapshot_id);

-- Bearer tokens of the API, known by digest. A runner's token is bound to one component and environment.
CREATE TABLE token (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    role TEXT NOT NULL,
    organization_id TEXT REFERENCES organization (id),
    project_id TEXT REFERENCES project (id),
    component_id TEXT REFERENCES component (id),
    environment_id TEXT REFERENCES environment (id),
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
);
CREATE INDEX token_by_organization ON token (organization_id, created_at);
CREATE INDEX token_by_project ON token (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX token_by_component ON token (component_id) WHERE component_id IS NOT NULL;
CREATE INDEX token_by_environment ON token (environment_id) WHERE environment_id IS NOT NULL;

-- The organizations that an installation administrator's token made, and administers.
CREATE TABLE token_organization (
    token_id TEXT NOT NULL REFERENCES token (id),
    organization_id TEXT NOT NULL REFERENCES organization (id),
    PRIMARY KEY (token_id, organization_id)
);

-- The accounts of people; never deleted, so that a name in the audit means one person. `name` is in small letters; `password` is
-- a hash in the PHC string format. `issuer` and `subject` are who the person is to an OpenID provider.
CREATE TABLE user_account (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    password TEXT,
    issuer TEXT,
    subject TEXT,
    installation_admin BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    disabled_at TEXT,
    UNIQUE (issuer, subject)
);

-- The roles of people, one for each place. One counts once its owner has accepted it.
CREATE TABLE membership (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id),
    organization_id TEXT NOT NULL REFERENCES organization (id),
    project_id TEXT REFERENCES project (id),
    role TEXT NOT NULL,
    created_at TEXT NOT NULL,
    accepted_at TEXT
);
CREATE UNIQUE INDEX membership_by_place ON membership (user_id, organization_id, COALESCE(project_id, ''));
CREATE INDEX membership_by_organization ON membership (organization_id);
CREATE INDEX membership_by_project ON membership (project_id) WHERE project_id IS NOT NULL;

-- Tokens with which people use the API as themselves, known by digest; gone once revoked.
CREATE TABLE own_token (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id),
    name TEXT NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX own_token_by_user ON own_token (user_id);
CREATE INDEX own_token_by_end ON own_token (expires_at);

-- Single-use addresses, known by digest; gone once used. `purpose`: join accepts a role, administer that of the installation,
-- password sets one. `organization_id` is whose administrators made it; none for the installation.
CREATE TABLE invitation (
    id TEXT PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES user_account (id),
    organization_id TEXT REFERENCES organization (id),
    membership_id TEXT REFERENCES membership (id),
    purpose TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX invitation_by_user ON invitation (user_id);
CREATE INDEX invitation_by_membership ON invitation (membership_id) WHERE membership_id IS NOT NULL;
CREATE INDEX invitation_by_end ON invitation (expires_at);

-- Single-use addresses by which somebody signs in to the console, known by digest; gone once used. `owner_kind`: token, user.
CREATE TABLE sign_in_link (
    id TEXT PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    owner_kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX sign_in_link_by_end ON sign_in_link (expires_at);

-- Sessions of the console, known by digest; gone once they have ended. One ends at `idle_at`, which moves while it is
-- used, and at `expires_at` at the latest.
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    owner_kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    idle_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX session_by_end ON session (idle_at);
CREATE INDEX session_by_owner ON session (owner_id);

-- One hash chain per organization; the installation's own entries are under the empty organization.
CREATE TABLE audit (
    organization_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    result TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (organization_id, sequence)
);

-- The change feed: numbered under the lock of the one counter row, so that numbers commit in order. Numbers of another
-- generation mean nothing: a restore goes back to earlier ones.
CREATE TABLE change_counter (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL,
    generation TEXT NOT NULL
);
INSERT INTO change_counter (id, number, generation) VALUES (1, 0, '');

CREATE TABLE change (
    number BIGINT PRIMARY KEY,
    organization_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    at TEXT NOT NULL
);

-- The gateway's table: a read model, derived in the transaction that changes what it is derived from, and numbered by that
-- change. `scope` is what is derived together; an entry that is gone stays, null, as long as its change does.
CREATE TABLE route_table (
    entry_key TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    number BIGINT NOT NULL,
    entry TEXT
);
CREATE INDEX route_table_by_number ON route_table (number, entry_key);
CREATE INDEX route_table_by_scope ON route_table (organization_id, scope) WHERE entry IS NOT NULL;
CREATE INDEX route_table_gone ON route_table (number) WHERE entry IS NULL;

-- Where servers listen, and when each last said so: no endpoint may be there.
CREATE TABLE listener (
    address TEXT PRIMARY KEY,
    seen_at TEXT NOT NULL
);

-- Answers to creations that carried an Idempotency-Key.
CREATE TABLE idempotency (
    owner_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (owner_id, idempotency_key)
);
CREATE INDEX idempotency_by_time ON idempotency (created_at);
