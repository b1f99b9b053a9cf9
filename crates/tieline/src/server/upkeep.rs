//! What a running server does without being asked: each reconciler on its timer, until the server stops. When and how
//! often is decided here; what they do is the control plane's.

use std::sync::Arc;
use std::time::Duration;

use tieline_control::{Control, Purged};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often reports of runners are recorded. A change that another server commits, or a request that was broken off after
/// its commit, is seen after this at the latest.
const FOLLOW: Duration = Duration::from_millis(100);

/// How often keys that sign tokens are looked at, and what clients failed to prove is recorded.
const TOKENS: Duration = Duration::from_secs(60);

/// How often somebody looks for what is still to be planned again without being told: what another server left when it was
/// killed, and what could not be planned some time ago.
const REPLAN: Duration = Duration::from_secs(5);

/// How often former keys are looked at: whether anybody still holds them, and whether their time is over.
const ROTATIONS: Duration = Duration::from_secs(1);

/// How often somebody looks for clients that are to be registered, or deleted, at identity providers without being told:
/// what could not be done some time ago.
const REGISTRATIONS: Duration = Duration::from_secs(1);

/// How often somebody looks whether the keys of identity providers are old.
const PROVIDERS: Duration = Duration::from_secs(5);

/// How often what nothing needs any more is forgotten, and servers say where they listen.
const PURGE: Duration = Duration::from_secs(60 * 60);

/// Begins all of it in the server's task set.
pub(crate) fn begin(tasks: &mut JoinSet<()>, control: &Arc<Control>, stopping: &watch::Receiver<bool>) {
    tasks.spawn(purge(Arc::clone(control), stopping.clone()));
    tasks.spawn(tokens(Arc::clone(control), stopping.clone()));
    tasks.spawn(replan(Arc::clone(control), stopping.clone()));
    tasks.spawn(rotations(Arc::clone(control), stopping.clone()));
    tasks.spawn(registrations(Arc::clone(control), stopping.clone()));
    tasks.spawn(providers(Arc::clone(control), stopping.clone()));
    tasks.spawn(follow(Arc::clone(control), stopping.clone()));
}

/// Records what runners report, the last of it when the server stops, and sees what was changed elsewhere.
async fn follow(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    loop {
        let stop = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => true,
            () = tokio::time::sleep(FOLLOW) => false,
        };
        if let Err(error) = control.instances_record().await {
            tracing::warn!(%error, "instance reports wait");
        }
        if stop {
            return;
        }
        if let Err(error) = control.feed_follow().await {
            tracing::warn!(%error, "the change feed cannot be followed");
        }
    }
}

/// Keeps the keys that sign tokens young, and records what was not proven, the last of it when the server stops.
async fn tokens(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    loop {
        let stop = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => true,
            () = tokio::time::sleep(TOKENS) => false,
        };
        if let Err(error) = control.failures_record(stop).await {
            tracing::error!(%error, "who did not prove who they are is not recorded");
        }
        if stop {
            return;
        }
        if let Err(error) = control.signing_key_reconcile().await {
            tracing::warn!(%error, "the keys that sign tokens stay as they are");
        }
    }
}

/// Plans again what changes left to be planned: at the start, after every change, and from time to time.
async fn replan(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    let mut changes = control.changes();
    loop {
        changes.mark_unchanged();
        let done = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            done = control.replans_reconcile() => done,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "deployments wait to be planned again");
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            _ = changes.changed() => {}
            () = tokio::time::sleep(REPLAN) => {}
        }
    }
}

/// Forgets what nothing needs any more, from time to time.
async fn purge(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PURGE) => {}
        }
        if let Err(error) = control.table_begin().await {
            tracing::warn!(%error, "gateways learn an hour later where servers listen");
        }
        match control.purge().await {
            Ok(purged) => {
                let Purged { changes, answers, revocations, sessions, secrets } = purged;
                tracing::debug!(changes, answers, revocations, sessions, secrets, "forgot what nothing needs");
            }
            Err(error) => tracing::warn!(%error, "what nothing needs stays for another hour"),
        }
    }
}

/// Revokes former keys that nobody holds any more, or whose time is over.
async fn rotations(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    loop {
        if let Err(error) = control.rotations_reconcile().await {
            tracing::warn!(%error, "former keys wait to be revoked");
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(ROTATIONS) => {}
        }
    }
}

/// Registers clients at identity providers and deletes them there: after every change, and from time to time. A round that
/// has begun ends: what a provider answers must be recorded.
async fn registrations(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    control.registrations_attend();
    let mut changes = control.changes();
    loop {
        changes.mark_unchanged();
        if let Err(error) = control.registrations_reconcile().await {
            tracing::warn!(%error, "clients wait to be registered at identity providers");
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            _ = changes.changed() => {}
            () = tokio::time::sleep(REGISTRATIONS) => {}
        }
    }
}

/// Keeps the keys of identity providers as they publish them.
async fn providers(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    loop {
        let done = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            done = control.identity_providers_reconcile() => done,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "the keys of identity providers stay as they are");
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PROVIDERS) => {}
        }
    }
}
