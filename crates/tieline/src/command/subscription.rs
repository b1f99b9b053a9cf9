//! `tieline subscription`: who calls which service, and what its owners decide about it.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::client::segment;
use crate::context::Context;
use crate::failure::Done;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// List who may call which service: of your projects' services, and of your projects' connections
    #[command(
        after_help = "Example:\n  tieline subscription list --service service:/shop/orders/v1/api --state pending"
    )]
    List {
        /// Only those of this service
        #[arg(long, value_name = "REFERENCE")]
        service: Option<String>,
        /// Only those in this state
        #[arg(long, value_parser = ["live", "pending", "refused", "blocked"])]
        state: Option<String>,
    },
    /// Let a subscriber call, also one that was refused
    #[command(after_help = "Example:\n  tieline subscription approve 3f1b6f0e-8d6c-4f6e-9a57-0b9f3f1f7c11.production")]
    Approve {
        /// Id, as `subscription list` prints it
        subscription: String,
        /// Why, for the consumer to read
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Refuse a subscriber
    Refuse {
        /// Id, as `subscription list` prints it
        subscription: String,
        /// Why, for the consumer to read
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Stop a subscriber from calling at once
    Block {
        /// Id, as `subscription list` prints it
        subscription: String,
        /// Why, for the consumer to read
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Take a block back
    Unblock {
        /// Id, as `subscription list` prints it
        subscription: String,
    },
    /// Give a subscriber another rate plan
    Update {
        /// Id, as `subscription list` prints it
        subscription: String,
        /// How many calls it may make: bronze 1000, silver 2000, gold 5000 per minute, or unlimited
        #[arg(long, value_name = "PLAN", value_parser = tieline_core::rate_plan::PLANS.map(|plan| plan.name))]
        plan: String,
    },
}

pub(crate) fn run(command: SubscriptionCommand, context: &Context) -> Done {
    let (client, place) = (context.client()?, format!("{}/subscriptions", context.organization_path()?));
    let of = |subscription: &str, action: &str| format!("{place}/{}{action}", segment(subscription));
    let changed = match command {
        SubscriptionCommand::List { service, state } => {
            let given = [
                ("project", service.as_ref().and(context.project_if_any())),
                ("service", service.as_ref()),
                ("state", state.as_ref()),
            ];
            let query: Vec<_> =
                given.iter().filter_map(|(name, value)| Some(format!("{name}={}", segment((*value)?)))).collect();
            let list = client.list(&format!("{place}?{}", query.join("&")))?;
            output::value(context.output(), &Value::Array(list.clone()), |_| table(&list));
            return Ok(ExitCode::SUCCESS);
        }
        SubscriptionCommand::Approve { subscription, reason } => {
            client.post(&of(&subscription, "/approve"), &json!({ "reason": reason }))?
        }
        SubscriptionCommand::Refuse { subscription, reason } => {
            client.post(&of(&subscription, "/refuse"), &json!({ "reason": reason }))?
        }
        SubscriptionCommand::Block { subscription, reason } => {
            client.post(&of(&subscription, "/block"), &json!({ "reason": reason }))?
        }
        SubscriptionCommand::Unblock { subscription } => client.post(&of(&subscription, "/unblock"), &json!({}))?,
        SubscriptionCommand::Update { subscription, plan } => {
            client.patch(&of(&subscription, ""), &json!({ "plan": plan }))?
        }
    };
    output::value(context.output(), &changed, |changed| {
        let cell = |field: &str| output::cell(&changed[field]);
        format!(
            "{}, which calls {} in {}, is {} ({})",
            cell("id"),
            cell("service"),
            cell("provider_environment"),
            cell("state"),
            cell("plan")
        )
    });
    Ok(ExitCode::SUCCESS)
}

fn table(list: &[Value]) -> String {
    let columns = [
        ("ID", "id"),
        ("CONNECTION", "connection_name"),
        ("PROJECT", "project"),
        ("COMPONENT", "component"),
        ("SERVICE", "service"),
        ("IN", "provider_environment"),
        ("STATE", "state"),
        ("PLAN", "plan"),
        ("REASON", "reason"),
    ];
    output::table(list, &columns)
}
