//! `tieline demo`: a server in a temporary folder, an organization with two projects, small real programs that call each
//! other and a third party with the values that were injected into them.
//!
//! Every step is a command of this binary, shown as it is run: what the demo does, anybody can do.

mod program;
mod stage;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;
use tieline_core::code;
use tieline_core::randomness::uuid_v4;
use tieline_vault::system::SystemRandomness;

use crate::failure::{Done, Failure};
use crate::output;
use crate::server::{self, ServerSettings};
use crate::wire::Server;

pub(crate) use program::{ProgramArguments, run as run_program};
use stage::{Program, Stage};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tieline demo --once        exit code 0 when every call succeeded")]
pub(crate) struct DemoArguments {
    /// End when all calls were made, with exit code 0 if they succeeded
    #[arg(long)]
    once: bool,
}

/// A component that calls others.
struct Consumer {
    project: &'static str,
    component: &'static str,
    /// Its descriptor's dependencies and configurations.
    descriptor: &'static str,
    /// What it calls: a name, the variable of the address, and the variable of the key, if it needs one.
    calls: &'static [&'static str],
}

const CONSUMERS: [Consumer; 3] = [
    Consumer {
        project: "store",
        component: "checkout",
        descriptor: "\
schemaVersion: 1.2
dependencies:
  connectionReferences:
    - name: inventory
      resourceRef: service:inventory/v1
    - name: mail
      resourceRef: thirdparty:Mail Gate/v1
",
        calls: &["inventory=CHOREO_INVENTORY_SERVICEURL", "mail=CHOREO_MAIL_SERVICEURL,CHOREO_MAIL_APIKEY"],
    },
    Consumer {
        project: "store",
        component: "catalog",
        descriptor: "\
schemaVersion: 1.2
dependencies:
  connectionReferences:
    - name: stock
      resourceRef: service:inventory/v1
configurations:
  env:
    - name: STOCK_URL
      valueFrom:
        connectionRef:
          name: stock
          key: ServiceURL
",
        calls: &["stock=STOCK_URL"],
    },
    Consumer {
        project: "office",
        component: "newsletter",
        descriptor: "\
schemaVersion: 1.2
dependencies:
  connectionReferences:
    - name: mail
      resourceRef: thirdparty:Mail Gate/v1
",
        calls: &["mail=CHOREO_MAIL_SERVICEURL,CHOREO_MAIL_APIKEY"],
    },
];

const INVENTORY: &str = "\
schemaVersion: 1.2
endpoints:
  - name: api
    displayName: Inventory
    service:
      basePath: /stock
      port: 8080
    type: REST
    networkVisibilities: [Project, Organization]
    schemaFilePath: openapi.yaml
";

const INVENTORY_DEFINITION: &str = "\
openapi: 3.0.3
info: { title: Inventory, version: 1.0.0, description: What is in stock. }
paths:
  /items:
    get: { summary: Lists the items in stock, responses: { '200': { description: The items } } }
";

/// Runs the demo.
pub(crate) fn run(arguments: &DemoArguments) -> Done {
    let folder = tempfile::Builder::new().prefix("tieline-demo-").tempdir().map_err(|error| {
        let hint = "see that the temporary folder can be written";
        Failure::no(code!("demo_failed"), format!("a temporary folder cannot be made: {error}"), hint)
    })?;
    let root = folder.path().to_owned();
    let once = arguments.once;
    server::runtime()?.block_on(async {
        let mut interrupt = server::interruption()?;
        let server = Server::start(&ServerSettings::local(root.join("data"))).await?;
        let played = tokio::task::spawn_blocking(move || play(&root));
        let outcome = tokio::select! {
            played = played => played.unwrap_or_else(|error| Err(failed(&error.to_string()))),
            () = interrupt.wait() => return Ok(ExitCode::SUCCESS),
        };
        match outcome {
            Ok((_programs, true)) if !once => {
                output::line("\nPress Ctrl-C to end.");
                interrupt.wait().await;
                server.stop().await;
                Ok(ExitCode::SUCCESS)
            }
            Ok((_programs, succeeded)) => {
                server.stop().await;
                Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            Err(failure) => {
                server.stop().await;
                Err(failure)
            }
        }
    })
}

/// Sets the stage, starts the programs, and has every consumer call what it is connected to.
fn play(root: &Path) -> Result<(Vec<Program>, bool), Failure> {
    let stage = Stage::new(root)?;
    let key = format!("mail-{}", uuid_v4(&SystemRandomness).simple());
    let mut programs = Vec::new();

    stage.say("An organization with two projects, and a third party's mail service");
    stage.tieline(&["organization", "create", "demo"])?;
    stage.tieline(&["project", "create", "store"])?;
    stage.tieline(&["project", "create", "office"])?;
    let mail = stage.start(&["mail-gate"], &[("MAIL_GATE_KEY", &key)])?;
    stage.write("mail-gate.yaml", &mail_gate(&mail.address))?;
    stage.tieline_with(&["service", "register", "--file", "mail-gate.yaml"], &[("DEMO_MAIL_KEY", &key)])?;
    programs.push(mail);

    stage.say("A provider: deployed, it appears in the marketplace");
    let inventory = stage.start(&["inventory"], &[])?;
    stage.write("inventory/.choreo/component.yaml", INVENTORY)?;
    stage.write("inventory/openapi.yaml", INVENTORY_DEFINITION)?;
    stage.tieline(&["component", "create", "inventory", "--type", "service", "--project", "store"])?;
    let address = format!("api={}", inventory.address);
    stage.tieline(&[
        "deploy",
        "inventory",
        "--project",
        "store",
        "--component",
        "inventory",
        "--env",
        "development",
        "--version",
        "v1.0",
        "--address",
        &address,
    ])?;
    programs.push(inventory);

    stage.say("Connections at all three levels");
    for consumer in &CONSUMERS {
        stage.tieline(&[
            "component",
            "create",
            consumer.component,
            "--type",
            "service",
            "--project",
            consumer.project,
        ])?;
    }
    stage.tieline(&[
        "connection",
        "create",
        "mail",
        "--service",
        "thirdparty:Mail Gate/v1",
        "--level",
        "organization",
    ])?;
    stage.tieline(&[
        "connection",
        "create",
        "stock",
        "--service",
        "service:/store/inventory/v1",
        "--level",
        "project",
        "--project",
        "store",
    ])?;
    stage.tieline(&[
        "connection",
        "create",
        "inventory",
        "--service",
        "service:/store/inventory/v1",
        "--level",
        "component",
        "--project",
        "store",
        "--component",
        "checkout",
    ])?;

    stage.say("Consumers: each says in its descriptor what it needs, and runs with the values");
    for consumer in &CONSUMERS {
        stage.write(&format!("{}/.choreo/component.yaml", consumer.component), consumer.descriptor)?;
        stage.tieline(&[
            "deploy",
            consumer.component,
            "--project",
            consumer.project,
            "--component",
            consumer.component,
            "--env",
            "development",
            "--version",
            "v1.0",
        ])?;
        programs.push(stage.run_consumer(consumer)?);
    }

    stage.say("What was injected where");
    injected(&stage)?;
    stage.say("Calls with the injected values");
    let succeeded = calls(&programs[2..]);
    look_around(&stage);
    Ok((programs, succeeded))
}

/// The variables of every consumer, secrets masked.
fn injected(stage: &Stage) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for consumer in &CONSUMERS {
        let plan = stage.ask(&[
            "plan",
            consumer.component,
            "--project",
            consumer.project,
            "--component",
            consumer.component,
            "--env",
            "development",
        ])?;
        for variable in plan["variables"].as_array().into_iter().flatten() {
            let mut row = variable.clone();
            row["component"] = format!("{}/{}", consumer.project, consumer.component).into();
            if row["sensitive"] == true {
                row["value"] = "********".into();
            }
            rows.push(row);
        }
    }
    let columns = [
        ("COMPONENT", "component"),
        ("VARIABLE", "name"),
        ("VALUE", "value"),
        ("CONNECTION", "connection"),
        ("KEY", "key"),
    ];
    output::print(&output::table(&rows, &columns));
    Ok(())
}

/// Asks every consumer to make its calls; true when all succeeded.
fn calls(programs: &[Program]) -> bool {
    let mut succeeded = programs.len() == CONSUMERS.len();
    for (consumer, program) in CONSUMERS.iter().zip(programs) {
        let answer: BTreeMap<String, Value> = program.ask().unwrap_or_default();
        succeeded &= answer.len() == consumer.calls.len();
        for (name, outcome) in answer {
            succeeded &= outcome["status"] == 200;
            output::line(&format!(
                "  {}/{} → {name}: {} {}",
                consumer.project,
                consumer.component,
                output::cell(&outcome["status"]),
                output::cell(&outcome["body"])
            ));
        }
    }
    succeeded
}

fn look_around(stage: &Stage) {
    stage.say("Look around, in another terminal");
    output::line(&format!("  alias tieline={}", stage.binary()));
    output::line(&format!("  cd {} && export TIELINE_DATA=$PWD/data", stage.root()));
    for command in [
        "service list",
        "service view thirdparty:Mail\\ Gate/v1",
        "connection list --project store --component checkout",
        "connection view mail",
        "connection guide inventory --project store --component checkout",
        "plan checkout --project store --component checkout --env development",
        "variables --project store --component catalog --env development",
        "promote --project store --component inventory --from development --to production",
        "audit list",
    ] {
        output::line(&format!("  tieline {command}"));
    }
}

/// The registration of the third party: a stand-in on this machine that checks its key.
fn mail_gate(address: &str) -> String {
    format!(
        "\
name: Mail Gate
version: v1
summary: Sends mail
labels: [mail]
parameters:
  - {{ name: ApiKey, secret: true, description: Key of the account }}
endpoints:
  - name: sandbox
    url: {address}
    environments: [development]
    values: {{ ApiKey: {{ env: DEMO_MAIL_KEY }} }}
"
    )
}

fn failed(message: &str) -> Failure {
    Failure::no(code!("demo_failed"), message, "run it again; if it fails again, the message says where")
}
