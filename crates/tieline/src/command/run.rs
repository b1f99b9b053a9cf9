//! `tieline run`: starts a command with the live snapshot's variables, by replacing itself, or, with `--watch`, by
//! supervising it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use tieline_core::clock::Clock;
use tieline_core::code;
use tieline_core::policy::Policy;
use tieline_core::randomness::uuid_v4;
use tieline_core::secret::Secret;
use tieline_core::wire::plan::SnapshotValues;
use tieline_vault::system::{SystemClock, SystemRandomness};

use crate::client::segment;
use crate::context::Context;
use crate::failure::{Done, Exit, Failure};
use crate::output;
use crate::runner::cache::{CacheKey, CachedSnapshot, Sealer, SnapshotCache};
use crate::runner::child::{CommandLine, StartError};
use crate::runner::follow::{Follower, Start, Step};
use crate::runner::variables::Variables;
use crate::runner::watch::{GRACE, Notice, Supervisor, Updates, WatchError};

#[derive(Debug, Args)]
#[command(after_help = "\
The command inherits this terminal. The snapshot's variables override those of the environment, from which Tieline's own
token is removed. When the server cannot be reached, the last snapshot is used, which is kept on disk, encrypted.

Examples:
  tieline run --component orders --env development -- node server.js
  tieline run --component orders --env production --watch -- ./orders")]
pub(crate) struct RunArguments {
    /// Supervise the command, and start it again when there is a new snapshot, as the deployment's policy says
    #[arg(long)]
    watch: bool,
    /// Major, when several are live
    #[arg(long, value_name = "vN")]
    version: Option<String>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(crate) fn run(arguments: RunArguments, context: &Context) -> Done {
    let command = CommandLine::new(arguments.command).ok_or_else(|| {
        let hint = "write it after --, as `tieline run … -- node server.js`";
        Failure::usage(code!("command_missing"), "there is no command to run", hint)
    })?;
    let delivery = Delivery::new(context, arguments.version.as_deref())?;
    let start = delivery.first()?;
    if arguments.watch {
        return watch(command, delivery, start);
    }
    Err(start_failure(&command.exec(&start.variables)))
}

/// How long the end of a supervised command may take to be said.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a command may take to be started again: its grace, and what the system needs.
const RESTARTED: Duration = GRACE.saturating_add(Duration::from_secs(5));

/// Where snapshots come from: the server, wherever it is at the time, or what is left of its last answer.
#[derive(Clone)]
struct Delivery {
    context: Context,
    token: Secret,
    path: String,
    key: CacheKey,
    cache: Option<SnapshotCache>,
}

impl Delivery {
    fn new(context: &Context, version: Option<&str>) -> Result<Self, Failure> {
        let major = version.and_then(|version| version.trim_start_matches(['v', 'V']).split('.').next()?.parse().ok());
        let key = CacheKey {
            server: context.server(),
            organization: context.organization()?.to_owned(),
            project: context.project()?.to_owned(),
            component: context.component()?.to_owned(),
            environment: context.environment()?.to_owned(),
            major,
        };
        // Drawn at each start, it tells this process from others with the same token.
        let instance = uuid_v4(&SystemRandomness);
        let major_query = version.map_or_else(String::new, |version| format!("&version={}", segment(version)));
        let path = format!("{}/snapshot?instance={instance}{major_query}", context.place_path()?);
        let cache = SnapshotCache::of_user(|name| std::env::var_os(name));
        let token = context.token()?;
        Ok(Self { context: context.clone(), token, path, key, cache })
    }

    /// The live snapshot; when the server cannot be reached, the last one that was fetched.
    fn first(&self) -> Result<Start, Failure> {
        let answer = self.context.client().and_then(|client| client.get(&self.path));
        match answer {
            Ok(answer) => self.take(answer),
            Err(failure) if failure.exit == Exit::Unreachable => self.last(&failure).ok_or(failure),
            Err(failure) => Err(failure),
        }
    }

    /// The live snapshot once its revision is not the one that is held; none when the wait, in seconds, is over.
    /// `running` is the snapshot that the process goes on with meanwhile.
    fn next(&self, held: &str, running: &str, wait: u64) -> Result<Option<Start>, Failure> {
        let path = format!("{}&held={}&wait={wait}&running={}", self.path, segment(held), segment(running));
        let answer = self.context.client()?.get(&path)?;
        if answer["snapshot"].is_string() { self.take(answer).map(Some) } else { Ok(None) }
    }

    /// Says that the process has ended, so that nobody waits for what it held. A server that is away is not waited for.
    fn ended(self) {
        let (done, waiting) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let said = self.context.client().and_then(|client| client.get(&format!("{}&running=", self.path)));
            done.send(said.is_ok())
        });
        let _ = waiting.recv_timeout(FAREWELL);
    }

    fn take(&self, answer: serde_json::Value) -> Result<Start, Failure> {
        let values: SnapshotValues = serde_json::from_value(answer).map_err(|_| {
            let hint = "see that client and server are of the same version";
            Failure::no(code!("snapshot_unusable"), "the server's answer is no snapshot", hint)
        })?;
        let policy = Policy::parse(&values.policy).unwrap_or_default();
        let variables = variables(values.variables)?;
        if let Some(cache) = &self.cache {
            let kept = CachedSnapshot { snapshot_id: values.snapshot.clone(), variables: variables.clone() };
            // Without a copy everything works but a start while the server is away: say so, and go on.
            if let Err(error) = cache.save(&self.key, &kept, &TokenSealer(&self.token)) {
                output::error_line(&format!(
                    "warning: the snapshot cannot be kept for a start without server: {error}"
                ));
            }
        }
        Ok(Start { snapshot_id: values.snapshot, revision: Some(values.revision), policy, variables })
    }

    fn last(&self, failure: &Failure) -> Option<Start> {
        let kept = self.cache.as_ref()?.load(&self.key, &TokenSealer(&self.token)).ok()??;
        output::error_line(&format!(
            "warning: {}; starting with the last snapshot, {}",
            failure.message, kept.snapshot_id
        ));
        let CachedSnapshot { snapshot_id, variables } = kept;
        Some(Start { snapshot_id, revision: None, policy: Policy::Manual, variables })
    }
}

/// The last snapshot is encrypted under a key derived from the token that fetched it.
struct TokenSealer<'a>(&'a Secret);

impl Sealer for TokenSealer<'_> {
    fn seal(&self, context: &[u8], bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        tieline_vault::cache::encrypt(self.0, context, bytes, &SystemRandomness).map_err(std::io::Error::other)
    }

    fn open(&self, context: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
        tieline_vault::cache::decrypt(self.0, context, bytes).ok().map(|plain| plain.to_vec())
    }
}

fn watch(command: CommandLine, delivery: Delivery, start: Start) -> Done {
    let follower = Follower::new(&start, SystemClock.now());
    let running = Arc::new(Running::new(&start.snapshot_id));
    let supervisor = Supervisor::new(command, start.into(), GRACE);
    let updates = supervisor.updates();
    let (following, told) = (delivery.clone(), Arc::clone(&running));
    std::thread::spawn(move || follow(&following, &updates, &told, follower));
    let ending = supervisor.run(&mut |notice| match notice {
        Notice::Started { snapshot_id, pid } => {
            output::error_line(&format!("tieline: started {pid} with the snapshot {snapshot_id}"));
            running.started(snapshot_id);
        }
        Notice::Stopping { snapshot_id } => {
            output::error_line(&format!("tieline: stopping it for the snapshot {snapshot_id}"));
        }
        Notice::Killed => output::error_line("tieline: it did not stop in time and was killed"),
    });
    delivery.ended();
    match ending {
        Ok(ending) => ending.end_process(),
        Err(error) => Err(start_failure_of_watch(&error)),
    }
}

/// Which snapshot the supervised command runs with.
struct Running {
    snapshot: Mutex<String>,
    changed: Condvar,
}

impl Running {
    fn new(snapshot: &str) -> Self {
        Self { snapshot: Mutex::new(snapshot.to_owned()), changed: Condvar::new() }
    }

    fn snapshot(&self) -> String {
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn started(&self, snapshot: String) {
        *self.snapshot.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
        self.changed.notify_all();
    }

    /// Waits until the command was started with a snapshot, as long as that can take.
    fn wait_for(&self, snapshot: &str) {
        let held = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        // Who gave up reports what runs, as ever.
        let _ = self.changed.wait_timeout_while(held, RESTARTED, |running| running != snapshot);
    }
}

/// Follows the live snapshot until the command has ended.
fn follow(delivery: &Delivery, updates: &Updates, running: &Running, mut follower: Follower) {
    loop {
        match follower.step(SystemClock.now()) {
            Step::Take(start) => {
                let snapshot_id = start.snapshot_id.clone();
                if !updates.send(start.into()) {
                    return;
                }
                // The next question says what the command runs with: until it was started again, that is the former one.
                running.wait_for(&snapshot_id);
            }
            Step::Ask { held, wait } => match delivery.next(&held, &running.snapshot(), wait) {
                Ok(live) => follower.answered(live),
                Err(failure) => {
                    let (pause, warning) = follower.failed(&failure, SystemClock.now());
                    if let Some(warning) = warning {
                        output::error_line(&warning);
                    }
                    std::thread::sleep(pause);
                }
            },
        }
    }
}

fn variables(values: BTreeMap<String, String>) -> Result<Variables, Failure> {
    Variables::new(values).map_err(|error| {
        let hint = "deploy again with a name and value that a process can be given";
        Failure::no(code!("snapshot_unusable"), error.to_string(), hint)
    })
}

fn start_failure(error: &StartError) -> Failure {
    let exit = if error.exit_code() == 127 { Exit::NotFound } else { Exit::NotExecutable };
    Failure { exit, ..Failure::no(code!("command_not_started"), error.to_string(), error.hint()) }
}

fn start_failure_of_watch(error: &WatchError) -> Failure {
    match error {
        WatchError::Start(error) => start_failure(error),
        other => Failure::no(code!("command_not_started"), other.to_string(), "see the machine's limits"),
    }
}
