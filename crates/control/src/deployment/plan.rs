//! `plan`: what a deployment would inject, and every reason why it cannot.

use tieline_core::code;
use tieline_core::descriptor::model::Place;
use tieline_core::id::DeploymentId;
use tieline_core::model::ComponentType;
use tieline_core::resolve::{self, Consumer, Input, Pinned, Plan};
use tieline_core::version::Version;
use tieline_core::wire::plan::{PlanRequest, PlanView, VariableView};
use tieline_store::deployment::Deployment;
use tieline_store::tenancy::{Component, Environment, Project};

use super::source::{Prepared, prepare, prepared_again};
use crate::work::Work;
use crate::{Actor, Control, Error, Kind, Result};

/// Where something is deployed.
#[derive(Clone)]
pub(crate) struct Spot {
    pub(crate) project: Project,
    pub(crate) component: Component,
    pub(crate) environment: Environment,
}

/// How a plan is made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    pub(super) allow_pending: bool,
    pub(super) refresh: bool,
}

impl Control {
    /// Plans a descriptor, or the live release, be it that of another environment, for one environment. Changes nothing.
    ///
    /// # Errors
    /// `project_not_found`, `component_not_found`, `environment_not_found`, `component_never_deploys`, `version_invalid`,
    /// `not_applicable`; without a descriptor also `not_deployed` and `several_majors_live`.
    pub async fn plan(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        component: &str,
        request: PlanRequest,
    ) -> Result<PlanView> {
        let mut work = self.read(actor, organization).await?;
        let spot = work.spot(project, component, &request.environment).await?;
        spot.refuse_external()?;
        let mut version = request.version;
        let mut promoted = None;
        let planned = match (request.source, request.from) {
            (source, None) => source.map(prepare),
            (None, Some(from)) => {
                let there = Spot { environment: work.environment(&from).await?, ..spot.clone() };
                let live = work.live(&there, version.as_deref()).await?;
                let release = work.release(&live).await?;
                (version, promoted) = (Some(format!("v{}", live.major)), Some(release.version));
                Some(prepared_again(&release.source)?)
            }
            (Some(_), Some(_)) => return Err(one_source()),
        };
        let live = work.live(&spot, version.as_deref()).await;
        let (prepared, previous) = match (planned, live) {
            (Some(planned), Ok(live)) => (planned, Some(live)),
            // Nothing, or nothing that could be chosen, runs there yet.
            (Some(planned), Err(Error::Refused(refusal))) if refusal.kind != Kind::Invalid => (planned, None),
            (None, Ok(live)) => (prepared_again(&work.release(&live).await?.source)?, Some(live)),
            (_, Err(error)) => return Err(error),
        };
        let given = previous.as_ref().map(|previous| previous.addresses.clone()).unwrap_or_default();
        let asked = version.as_deref().map(parse_version).transpose()?.map(|(major, _)| major);
        let major = previous.as_ref().map(|previous| previous.major).or(asked);
        // Where its endpoints will listen is said when it is deployed; until then it is as before, or the default.
        let addresses =
            work.endpoint_addresses(&prepared.descriptor, &given, &spot.environment, &mut Vec::new()).await?;
        work.coming = Some(spot.coming(&prepared.descriptor, major, &addresses));
        let manner = Manner { allow_pending: request.allow_pending, refresh: false };
        let mut plan = work.plan(&spot, &prepared, previous.as_ref(), manner).await?;
        if let Some(previous) = &previous {
            let version = match promoted {
                Some(version) => version,
                None => work.release(previous).await?.version,
            };
            work.listing_problems(&spot, &prepared, (previous.major, &version), &mut plan.problems).await?;
        }
        let changes = match &previous {
            Some(previous) => plan.changes(&work.pinned(previous).await?),
            None => Vec::new(),
        };
        Ok(PlanView { changes, ..view(&spot, &prepared, &plan) })
    }
}

fn one_source() -> Error {
    Error::invalid(
        code!("not_applicable"),
        "a descriptor is planned, or what is live in another environment, and not both",
        "give the descriptor, or --from with the environment",
    )
}

impl Spot {
    /// Refuses what is never deployed.
    pub(super) fn refuse_external(&self) -> Result<()> {
        if self.component.component_type != ComponentType::ExternalConsumer {
            return Ok(());
        }
        Err(Error::conflict(
            code!("component_never_deploys"),
            format!("{} is an external consumer, which Tieline never deploys", self.component.handle),
            "its connections work as they are: see them with `tieline connection view NAME --reveal`",
        ))
    }
}

impl Work<'_> {
    /// The component and environment of a request.
    pub(crate) async fn spot(&mut self, project: &str, component: &str, environment: &str) -> Result<Spot> {
        let (project, component) = self.component(project, component).await?;
        let environment = self.environment(environment).await?;
        Ok(Spot { project, component, environment })
    }

    /// The live deployment of a component in an environment; `vN` chooses when several majors are live.
    pub(super) async fn live(&mut self, spot: &Spot, version: Option<&str>) -> Result<Deployment> {
        let live = self.transaction.deployments_live(spot.component.id, spot.environment.id).await?;
        self.choose(spot, live, version)
    }

    /// One of several deployments of different majors.
    pub(super) fn choose(&self, spot: &Spot, mut live: Vec<Deployment>, version: Option<&str>) -> Result<Deployment> {
        if let Some(version) = version {
            let (major, _) = parse_version(version)?;
            live.retain(|deployment| deployment.major == major);
        }
        let (handle, environment) = (&spot.component.handle, &spot.environment.handle);
        match live.len() {
            1 => Ok(live.remove(0)),
            0 => Err(Error::not_found(
                code!("not_deployed"),
                match version {
                    Some(version) => format!("{handle} {version} is not deployed to {environment}"),
                    None => format!("{handle} is not deployed to {environment}"),
                },
                format!("deploy it: `tieline deploy --component {handle} --env {environment} --version v1.0`"),
            )),
            _ => {
                let majors: Vec<_> = live.iter().map(|deployment| format!("v{}", deployment.major)).collect();
                Err(Error::conflict(
                    code!("several_majors_live"),
                    format!("several majors of {handle} are live in {environment}: {}", majors.join(", ")),
                    "choose one with --version vN",
                ))
            }
        }
    }

    /// A deployment as it is recorded by now.
    pub(super) async fn deployment_again(&mut self, id: DeploymentId) -> Result<Deployment> {
        let found = self.transaction.deployment_by_id(id).await?;
        found.ok_or_else(|| Error::Inconsistent(format!("the deployment {id} is gone")))
    }

    /// The release of a deployment.
    pub(super) async fn release(&mut self, deployment: &Deployment) -> Result<tieline_store::release::Release> {
        let found = self.transaction.release_by_id(deployment.release_id).await?;
        found.ok_or_else(|| Error::Inconsistent(format!("the release of the deployment {} is gone", deployment.id)))
    }

    /// The variables that a deployment runs with.
    pub(super) async fn pinned(&mut self, deployment: &Deployment) -> Result<Vec<Pinned>> {
        let snapshot = self.transaction.snapshot_by_id(&deployment.snapshot_id).await?;
        let snapshot = snapshot
            .ok_or_else(|| Error::Inconsistent(format!("the snapshot of the deployment {} is gone", deployment.id)))?;
        serde_json::from_value(snapshot.variables)
            .map_err(|error| Error::Inconsistent(format!("the snapshot {} is unreadable: {error}", snapshot.id)))
    }

    /// Resolves a prepared source.
    pub(super) async fn plan(
        &mut self,
        spot: &Spot,
        prepared: &Prepared,
        previous: Option<&Deployment>,
        manner: Manner,
    ) -> Result<Plan> {
        let connections = match previous.filter(|_| manner.refresh) {
            // Another connection of the same name or id is another one: only a deployment subscribes to it.
            Some(deployment) => self.transaction.connections_of_deployment(deployment.id).await?,
            None => self.connections_referred(&spot.component, &prepared.descriptor).await?,
        };
        let facts = self.facts(&connections, &spot.component, &spot.environment).await?;
        let previous = match previous {
            Some(deployment) => self.pinned(deployment).await?,
            None => Vec::new(),
        };
        let consumer = self.consumer_of(spot);
        Ok(resolve::resolve(&Input {
            descriptor: &prepared.descriptor,
            component: &consumer,
            prefix: self.prefix(prepared.place),
            connections: &facts,
            previous: &previous,
            allow_pending: manner.allow_pending,
            refresh: manner.refresh,
        }))
    }

    pub(super) fn consumer_of(&self, spot: &Spot) -> Consumer {
        Consumer {
            organization: self.organization.handle.clone(),
            project: spot.project.handle.clone(),
            component: spot.component.handle.clone(),
            component_type: spot.component.component_type,
        }
    }

    /// The first part of default variable names: Tieline's own in its own folder, else the organization's setting.
    fn prefix(&self, place: Place) -> &str {
        if place == Place::Tieline { "TIELINE" } else { &self.organization.variable_prefix }
    }
}

/// A version, as `v1` or `v1.2.3`: its major, and the text in its canonical form.
pub(super) fn parse_version(text: &str) -> Result<(i64, String)> {
    let version = Version::parse(text).map_err(|message| {
        Error::invalid(code!("version_invalid"), message, "write it as v1.0: a v, then numbers with dots")
    })?;
    Ok((i64::from(version.major()), version.to_string()))
}

/// A variable as it is shown: without the value of a secret.
pub(super) fn variable(pinned: &Pinned, degraded: Option<String>) -> VariableView {
    VariableView {
        name: pinned.name.clone(),
        value: match &pinned.value {
            tieline_core::model::PinnedValue::Plain(value) if !pinned.sensitive => Some(value.clone()),
            _ => None,
        },
        sensitive: pinned.sensitive,
        connection: pinned.source.as_ref().map(|source| source.connection.clone()),
        key: pinned.source.as_ref().map(|source| source.key.clone()),
        degraded,
    }
}

/// The plan with everything that the check of the descriptor said.
pub(super) fn view(spot: &Spot, prepared: &Prepared, plan: &Plan) -> PlanView {
    let variables = plan.variables.iter().map(|planned| variable(&planned.pinned, planned.degraded.clone()));
    let unminted = plan.unminted.iter().map(|unminted| VariableView {
        name: unminted.name.clone(),
        value: None,
        sensitive: true,
        connection: Some(unminted.source.connection.clone()),
        key: Some(unminted.source.key.clone()),
        degraded: None,
    });
    let mut variables: Vec<_> = variables.chain(unminted).collect();
    variables.sort_by(|a, b| a.name.cmp(&b.name));
    PlanView {
        component: spot.component.handle.clone(),
        environment: spot.environment.handle.clone(),
        ready: prepared.problems.is_empty() && plan.ready(),
        variables,
        problems: prepared.problems.iter().chain(&plan.problems).cloned().collect(),
        warnings: prepared.warnings.iter().chain(&plan.warnings).cloned().collect(),
        changes: Vec::new(),
    }
}
