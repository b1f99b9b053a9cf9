//! `tieline demo`: a server in a temporary folder, an organization with two projects, small real programs that call each
//! other, directly and through the gateway, and a third party, with the values that were injected into them.
//!
//! Every step is a command of this binary, shown as it is run: what the demo does, anybody can do.

mod cast;
mod load;
mod program;
mod stage;

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use tieline_core::code;
use tieline_core::randomness::uuid_v4;
use tieline_vault::system::SystemRandomness;

use crate::failure::{Done, Failure};
use crate::output::{self, OutputFormat};
use crate::server::{self, ServerSettings};
use crate::wire::Server;

use cast::{Consumer, INVENTORY, INVENTORY_DEFINITION, consumers, mail_gate, visitor};
pub(crate) use program::{ProgramArguments, run as run_program};
use stage::{Program, Stage};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tieline demo --once        exit code 0 when every call succeeded")]
pub(crate) struct DemoArguments {
    /// End when all calls were made, with exit code 0 if they succeeded
    #[arg(long)]
    once: bool,
}

/// Runs the demo.
pub(crate) fn run(arguments: &DemoArguments, format: OutputFormat) -> Done {
    let folder = tempfile::Builder::new().prefix("tieline-demo-").tempdir().map_err(|error| {
        let hint = "see that the temporary folder can be written";
        Failure::no(code!("demo_failed"), format!("a temporary folder cannot be made: {error}"), hint)
    })?;
    let root = folder.path().to_owned();
    let once = arguments.once;
    server::runtime()?.block_on(async {
        let mut interrupt = server::interruption()?;
        let server = Server::start(&ServerSettings::local(root.join("data"))).await?;
        let played = tokio::task::spawn_blocking(move || play(&root, format));
        let outcome = tokio::select! {
            played = played => played.unwrap_or_else(|error| Err(failed(&error.to_string()))),
            () = interrupt.wait() => return Ok(ExitCode::SUCCESS),
        };
        match outcome {
            Ok((_programs, true)) if !once => {
                if format == OutputFormat::Text {
                    output::line("\nPress Ctrl-C to end.");
                }
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
fn play(root: &Path, format: OutputFormat) -> Result<(Vec<Program>, bool), Failure> {
    let stage = Stage::new(root, format)?;
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
    programs.push(provider(&stage)?);

    stage.say(
        "Connections at all three levels; the one from the other project calls through the gateway, with OAuth 2.0",
    );
    let consumers = consumers();
    for consumer in &consumers {
        component(&stage, consumer.project, consumer.component)?;
    }
    connections(&stage)?;

    stage.say("Consumers: each says in its descriptor what it needs, and runs with the values");
    let mut callers = Vec::new();
    for consumer in consumers {
        let program = stage.play_consumer(&consumer)?;
        callers.push((consumer, program));
    }

    stage.say("Somebody else: told the address, but without a connection");
    let plan = stage.ask(&[&["plan", "newsletter"][..], &callers[2].0.place()].concat())?;
    let address = variable(&plan, "CHOREO_STOCK_FEED_SERVICEURL");
    let visitor = visitor(address.as_str().unwrap_or_default());
    component(&stage, visitor.project, visitor.component)?;
    let program = stage.play_consumer(&visitor)?;
    callers.push((visitor, program));

    stage.say("What was injected where");
    let injected = injected(&stage, &callers)?;
    let columns = [
        ("COMPONENT", "component"),
        ("VARIABLE", "name"),
        ("VALUE", "value"),
        ("CONNECTION", "connection"),
        ("KEY", "key"),
    ];
    stage.line(output::table(&injected, &columns).trim_end());
    stage.say("Calls with the injected values");
    let calls: Vec<Value> = callers.iter().flat_map(|(consumer, program)| calls(&stage, consumer, program)).collect();
    let succeeded = calls.iter().all(|call| call["status"] == call["expected"]);
    look_around(&stage);
    if format == OutputFormat::Json {
        output::print_json(&json!({ "succeeded": succeeded, "injected": injected, "calls": calls }));
    }
    programs.extend(callers.into_iter().map(|(_, program)| program));
    Ok((programs, succeeded))
}

fn component(stage: &Stage, project: &str, component: &str) -> Result<(), Failure> {
    stage.tieline(&["component", "create", component, "--type", "service", "--project", project])
}

/// Starts and deploys the service that the others call.
fn provider(stage: &Stage) -> Result<Program, Failure> {
    let inventory = stage.start(&["inventory"], &[])?;
    stage.write("inventory/.choreo/component.yaml", INVENTORY)?;
    stage.write("inventory/openapi.yaml", INVENTORY_DEFINITION)?;
    component(stage, "store", "inventory")?;
    let place = ["--project", "store", "--component", "inventory", "--env", "development"];
    let address = format!("api={}", inventory.address);
    stage.tieline(
        &[&["deploy", "inventory"][..], &place, &["--version", "v1.0", "--address", address.as_str()]].concat(),
    )?;
    Ok(inventory)
}

fn connections(stage: &Stage) -> Result<(), Failure> {
    let inventory = "service:/store/inventory/v1";
    let levels: [(&str, &str, &[&str]); 4] = [
        ("mail", "thirdparty:Mail Gate/v1", &["--level", "organization"]),
        ("stock", inventory, &["--level", "project", "--project", "store"]),
        ("inventory", inventory, &["--level", "component", "--project", "store", "--component", "checkout"]),
        ("stock-feed", inventory, &["--level", "component", "--project", "office", "--component", "newsletter"]),
    ];
    for (name, service, level) in levels {
        stage.tieline(&[&["connection", "create", name, "--service", service][..], level].concat())?;
    }
    Ok(())
}

/// The variables of every consumer, secrets masked.
fn injected(stage: &Stage, callers: &[(Consumer, Program)]) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::new();
    for (consumer, _) in callers {
        let plan = stage.ask(&[&["plan", consumer.component][..], &consumer.place()].concat())?;
        for variable in plan["variables"].as_array().into_iter().flatten() {
            let mut row = variable.clone();
            row["component"] = format!("{}/{}", consumer.project, consumer.component).into();
            if row["sensitive"] == true {
                row["value"] = "********".into();
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The value of a variable of a plan.
fn variable(plan: &Value, name: &str) -> Value {
    let found = plan["variables"].as_array().into_iter().flatten().find(|variable| variable["name"] == name);
    found.map_or(Value::Null, |variable| variable["value"].clone())
}

/// Asks a consumer to make its calls, and says how each ended.
fn calls(stage: &Stage, consumer: &Consumer, program: &Program) -> Vec<Value> {
    let answer = program.ask().unwrap_or_default();
    let names = consumer.calls.iter().filter_map(|call| call.split_once('='));
    names
        .map(|(name, _)| {
            let outcome = answer.get(name).cloned().unwrap_or_default();
            let from = format!("{}/{}", consumer.project, consumer.component);
            let (status, body) = (output::cell(&outcome["status"]), output::cell(&outcome["body"]));
            stage.line(&format!("  {from} → {name}: {status} {body}"));
            json!({ "component": from, "call": name, "status": outcome["status"], "expected": consumer.expected })
        })
        .collect()
}

fn look_around(stage: &Stage) {
    stage.say("Look around, in another terminal");
    stage.line(&format!("  alias tieline={}", stage.binary()));
    stage.line(&format!("  cd {} && export TIELINE_DATA=$PWD/data", stage.root()));
    for command in [
        "service list",
        "service view thirdparty:Mail\\ Gate/v1",
        "connection list --project store --component checkout",
        "connection view mail",
        "connection guide stock-feed --project office --component newsletter",
        "plan checkout --project store --component checkout --env development",
        "variables --project store --component catalog --env development",
        "subscription list",
        "promote --project store --component inventory --from development --to production",
        "audit list",
    ] {
        stage.line(&format!("  tieline {command}"));
    }
}

fn failed(message: &str) -> Failure {
    Failure::no(code!("demo_failed"), message, "run it again; if it fails again, the message says where")
}
