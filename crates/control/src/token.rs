//! Tokens of an organization.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::clock::Clock;
use tieline_core::code;
use tieline_core::id::TokenId;
use tieline_core::model::Role;
use tieline_core::randomness::{Randomness, uuid_v7};
use tieline_core::secret::Secret;
use tieline_core::wire::Page;
use tieline_core::wire::access::{TokenCreate, TokenState, TokenView};
use tieline_store::tenancy::{Component, Environment, Project};
use tieline_store::token::Token;
use tieline_vault::token::new_token;

use crate::grant::{administers, may_grant, require_some_administration};
use crate::organization::handle;
use crate::page::{PageQuery, cursor, cursor_invalid, cut};
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

/// Longest life of a token that ends, in years. One that lives longer is meant to live for ever.
pub(crate) const LONGEST: i64 = 10;
/// A year, in seconds.
const YEAR: i64 = 366 * 24 * 3600;

/// What a token is limited to.
#[derive(Default)]
struct Limits {
    project: Option<Project>,
    component: Option<Component>,
    environment: Option<Environment>,
}

impl Control {
    /// Makes a token. The secret is what its holder presents; nobody can ask for it again.
    ///
    /// # Errors
    /// `forbidden`, `token_scope_invalid`, `token_exists`, `handle_invalid`, `project_not_found`,
    /// `component_not_found`, `environment_not_found`.
    pub async fn token_create(
        &self,
        actor: &Actor,
        organization: &str,
        request: TokenCreate,
    ) -> Result<(TokenView, Secret)> {
        let mut work = self.write(actor, organization).await?;
        let limits = limits(&mut work, &request).await?;
        may_grant(&work, request.role, limits.project.as_ref(), limits.environment.as_ref())?;
        let name = handle(&request.name)?;
        let expires_at = expiry(work.at, request.expires_in_seconds, LONGEST)?;
        let same =
            |token: &Token| token.name.eq_ignore_ascii_case(name.as_str()) && state(token, work.at) == TokenState::Live;
        if work.transaction.tokens(work.organization.id).await?.iter().any(same) {
            return Err(Error::conflict(
                code!("token_exists"),
                format!("there is a live token {:?} already", name.as_str()),
                "choose another name, or revoke that token with `tieline token revoke`",
            ));
        }
        let (secret, digest) = new_token(kind(request.role), &*self.randomness);
        let token = Token {
            id: TokenId(self.new_id()),
            name: name.as_str().to_owned(),
            digest: digest.as_bytes().to_vec(),
            role: request.role,
            organization_id: Some(work.organization.id),
            project_id: limits.project.as_ref().map(|project| project.id),
            component_id: limits.component.as_ref().map(|component| component.id),
            environment_id: limits.environment.as_ref().map(|environment| environment.id),
            created_at: work.at,
            expires_at,
            revoked_at: None,
        };
        work.transaction.token_insert(&token).await?;
        let mut answer = view(Some(&work.organization.handle), &token, work.at);
        answer.project = limits.project.map(|project| project.handle);
        answer.component = limits.component.map(|component| component.handle);
        answer.environment = limits.environment.map(|environment| environment.handle);
        let detail = json!({
            "id": answer.id, "role": answer.role, "project": answer.project, "component": answer.component,
            "environment": answer.environment, "expires_at": answer.expires_at,
        });
        work.finish("token_create", &answer.name, detail).await?;
        Ok((answer, secret))
    }

    /// One page of the tokens that the actor could have made, the latest first: all of an organization, or those of the projects that it administers.
    ///
    /// # Errors
    /// `organization_not_found`, `cursor_invalid`, `forbidden` for who administers nothing here.
    pub async fn token_list(&self, actor: &Actor, organization: &str, page: &PageQuery) -> Result<Page<TokenView>> {
        let mut work = self.read(actor, organization).await?;
        require_some_administration(&work)?;
        let handles = Handles::read(&mut work).await?;
        let before = match page.after()? {
            Some([id]) => Some(id.parse().map_err(|_| cursor_invalid())?),
            None => None,
        };
        let limit = page.limit();
        let mut tokens = work.transaction.tokens_page(work.organization.id, before, limit + 1).await?;
        let next = cut(&mut tokens, limit, |last| cursor(&[&last.id.to_string()]));
        tokens.retain(|token| administers(&work, token.role, token.project_id));
        let mut views = Vec::new();
        for token in tokens {
            let mut view = view(Some(&work.organization.handle), &token, work.at);
            view.project = token.project_id.and_then(|id| handles.projects.get(&id).cloned());
            view.environment = token.environment_id.and_then(|id| handles.environments.get(&id).cloned());
            if let Some(id) = token.component_id {
                view.component = work.transaction.component_by_id(id).await?.map(|component| component.handle);
            }
            views.push(view);
        }
        Ok(Page { items: views, next })
    }

    /// Takes a token out of use, from the next request on. It is named by its id, or by its name while it is live.
    ///
    /// # Errors
    /// `token_not_found` also for a token that the actor could not have made.
    pub async fn token_revoke(&self, actor: &Actor, organization: &str, token: &str) -> Result<()> {
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::View, None)?;
        let tokens = work.transaction.tokens(work.organization.id).await?;
        let named = |found: &&Token| {
            found.id.to_string() == token
                || (found.name.eq_ignore_ascii_case(token) && state(found, work.at) == TokenState::Live)
        };
        let Some(found) = tokens
            .iter()
            .filter(named)
            .find(|found| Some(found.id) == actor.token_id() || administers(&work, found.role, found.project_id))
        else {
            return Err(Error::not_found(
                code!("token_not_found"),
                format!("there is no live token {token:?} that you administer"),
                "see those you administer with `tieline token list`",
            ));
        };
        work.transaction.token_revoke(found.id, work.at).await?;
        work.finish("token_revoke", &found.name, json!({ "id": found.id })).await
    }
}

/// The handles behind the ids of many tokens.
struct Handles {
    projects: BTreeMap<tieline_core::id::ProjectId, String>,
    environments: BTreeMap<tieline_core::id::EnvironmentId, String>,
}

impl Handles {
    async fn read(work: &mut Work<'_>) -> Result<Self> {
        let organization = work.organization.id;
        let projects = work.transaction.projects(organization).await?;
        let environments = work.transaction.environments(organization).await?;
        Ok(Self {
            projects: projects.into_iter().map(|project| (project.id, project.handle)).collect(),
            environments: environments.into_iter().map(|one| (one.id, one.handle)).collect(),
        })
    }
}

async fn limits(work: &mut Work<'_>, request: &TokenCreate) -> Result<Limits> {
    let wrong = |message: &str, hint: &str| Err(Error::invalid(code!("token_scope_invalid"), message, hint));
    match request.role {
        Role::InstallationAdmin => wrong(
            "the role installation-admin belongs to the installation, not to an organization",
            "give the role organization-admin",
        ),
        Role::Gateway => wrong(
            "the role gateway belongs to the installation, not to an organization",
            "make it as an administrator of the installation: `tieline token create NAME --role gateway`",
        ),
        Role::OrganizationAdmin if request.project.is_some() => wrong(
            "an organization admin is not limited to a project",
            "leave --project out, or give the role project-admin",
        ),
        Role::Runner => {
            let (Some(project), Some(component), Some(environment)) =
                (&request.project, &request.component, &request.environment)
            else {
                return wrong(
                    "a runner belongs to one component in one environment",
                    "give --project, --component and --environment",
                );
            };
            let (project, component) = work.component(project, component).await?;
            let environment = work.environment(environment).await?;
            Ok(Limits { project: Some(project), component: Some(component), environment: Some(environment) })
        }
        _ if request.component.is_some() || request.environment.is_some() => wrong(
            "only a runner is limited to a component and an environment",
            "leave them out, or give the role runner",
        ),
        _ => match &request.project {
            Some(project) => Ok(Limits { project: Some(work.project(project).await?), ..Limits::default() }),
            None => Ok(Limits::default()),
        },
    }
}

/// When a token ends that lives for so many seconds, and so many years at most; never, if nothing is said.
pub(crate) fn expiry(at: Timestamp, seconds: Option<i64>, years: i64) -> Result<Option<Timestamp>> {
    let Some(seconds) = seconds else { return Ok(None) };
    let end = (1..=years * YEAR)
        .contains(&seconds)
        .then(|| at.checked_add(SignedDuration::from_secs(seconds)).ok())
        .flatten();
    end.map(Some).ok_or_else(|| {
        Error::invalid(
            code!("token_scope_invalid"),
            format!("this token lives between one second and {} days", years * YEAR / (24 * 3600)),
            "give a span within that, or none",
        )
    })
}

pub(crate) fn state(token: &Token, at: Timestamp) -> TokenState {
    match (token.revoked_at, token.expires_at) {
        (Some(_), _) => TokenState::Revoked,
        (None, Some(end)) if end <= at => TokenState::Expired,
        _ => TokenState::Live,
    }
}

/// The word in a token's text that says what was found: leak scanners and people recognise it.
pub(crate) fn kind(role: Role) -> &'static str {
    match role {
        Role::Runner => "runner",
        Role::Gateway => "gateway",
        Role::InstallationAdmin | Role::OrganizationAdmin => "admin",
        _ => "api",
    }
}

pub(crate) fn view(organization: Option<&str>, token: &Token, at: Timestamp) -> TokenView {
    TokenView {
        id: token.id,
        name: token.name.clone(),
        role: token.role,
        organization: organization.map(str::to_owned),
        project: None,
        component: None,
        environment: None,
        state: state(token, at),
        created_at: token.created_at,
        expires_at: token.expires_at,
        revoked_at: token.revoked_at,
    }
}

/// A token that administers the installation: what a first start and a restore leave behind.
pub(crate) fn installation_admin(name: &str, clock: &dyn Clock, randomness: &dyn Randomness) -> (Token, Secret) {
    let (secret, digest) = new_token("admin", randomness);
    let token = Token {
        id: TokenId(uuid_v7(clock, randomness)),
        name: name.to_owned(),
        digest: digest.as_bytes().to_vec(),
        role: Role::InstallationAdmin,
        organization_id: None,
        project_id: None,
        component_id: None,
        environment_id: None,
        created_at: clock.now(),
        expires_at: None,
        revoked_at: None,
    };
    (token, secret)
}
