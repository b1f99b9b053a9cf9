//! The command line: a noun, then a verb. Each noun has a room under `command`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::context::{Context, Global};
use crate::failure::{Done, Exit};
use crate::output;
use crate::{command, demo, gateway, reference, server};

/// Catalogue your services, connect your components, and have the right credentials in the right environment variables.
#[derive(Debug, Parser)]
#[command(name = "tieline", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  tieline demo                                   see it work, in a temporary folder
  tieline server                                 start a server of your own
  tieline connection create mail --service thirdparty:Mail/v1 --organization acme
  tieline plan --component shop --env development
  tieline run --component shop --env development -- node server.js";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server: API, token service and gateway
    Server(server::ServerArguments),
    /// Run a gateway alone, fed by a server
    Gateway(gateway::GatewayArguments),
    /// See it work: a server, programs and connections in a temporary folder
    Demo(demo::DemoArguments),
    /// The demo's programs
    #[command(hide = true)]
    DemoProgram(demo::ProgramArguments),
    /// Write the reference pages
    #[command(hide = true)]
    Reference(reference::ReferenceArguments),
    #[command(flatten)]
    Scoped(Scoped),
}

/// `tieline run` alone. Components wait for it, and describing all the other commands takes longer than fetching a
/// snapshot.
#[derive(Debug, Parser)]
struct RunAlone {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    arguments: command::run::RunArguments,
}

/// The commands that work in a scope, against a server.
#[derive(Debug, Subcommand)]
enum Scoped {
    /// Make and list organizations
    #[command(subcommand)]
    Organization(command::organization::OrganizationCommand),
    /// Let an identity provider of the organization issue its tokens
    #[command(subcommand)]
    IdentityProvider(command::identity_provider::IdentityProviderCommand),
    /// Make, change, list and delete environments
    #[command(subcommand)]
    Environment(command::environment::EnvironmentCommand),
    /// Make, list and delete projects
    #[command(subcommand)]
    Project(command::project::ProjectCommand),
    /// Make, list and delete components
    #[command(subcommand)]
    Component(command::component::ComponentCommand),
    /// Find, register, offer and withdraw services: the marketplace
    #[command(subcommand)]
    Service(command::service::ServiceCommand),
    /// Register databases, caches, brokers and stores
    #[command(subcommand)]
    Resource(command::service::ResourceCommand),
    /// Show what a deployment would inject, and every reason why it cannot
    Plan(command::deployment::PlanArguments),
    /// Deploy a descriptor to an environment
    Deploy(command::deployment::DeployArguments),
    /// Take a live release to a later environment
    Promote(command::deployment::PromoteArguments),
    /// Go back to an older deployment with the values that it ran with
    Rollback(command::deployment::RollbackArguments),
    /// Take a component out of an environment
    Undeploy(command::deployment::UndeployArguments),
    /// List deployments
    #[command(subcommand)]
    Deployment(command::deployment::DeploymentCommand),
    /// Print the live snapshot's variables, in clear
    Variables(command::variables::VariablesArguments),
    /// Start a command with the live snapshot's variables
    Run(command::run::RunArguments),
    /// Connect to services, and see the variables that a connection becomes
    #[command(subcommand)]
    Connection(Box<command::connection::ConnectionCommand>),
    /// See the OAuth applications of connections, and their keys in each environment
    #[command(subcommand)]
    Application(command::application::ApplicationCommand),
    /// See who calls which service, and decide about it
    #[command(subcommand)]
    Subscription(command::subscription::SubscriptionCommand),
    /// See who depends on whom, and what breaks when one is taken away
    Graph(command::graph::GraphArguments),
    /// Check and migrate descriptors; needs no server
    #[command(subcommand)]
    Descriptor(command::descriptor::DescriptorCommand),
    /// Make, list and revoke tokens
    #[command(subcommand)]
    Token(command::token::TokenCommand),
    /// Invite people, and see and change what they may do
    #[command(subcommand)]
    User(command::user::UserCommand),
    /// Say who you are to the server, and what you may do where
    Whoami,
    /// Print a sign-in link of the console, which works once
    LoginLink,
    /// See what was done, and prove that nobody touched the record
    #[command(subcommand)]
    Audit(command::audit::AuditCommand),
    /// Write everything but the master key into a file
    Backup(command::backup::BackupArguments),
    /// Put a backup into an empty database
    Restore(command::restore::RestoreArguments),
    /// Rotate the master key
    #[command(subcommand)]
    Key(command::key::KeyCommand),
    /// Remember server and scope beside the source
    #[command(subcommand)]
    Context(command::context::ContextCommand),
    /// Explain an error code
    Explain(command::explain::ExplainArguments),
}

/// Parses the command line and runs the command.
pub(crate) fn main() -> ExitCode {
    crate::wire::install_crypto();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &arguments),
    };
    let format = cli.global.output;
    run(cli).unwrap_or_else(|failure| failure.report(format))
}

/// Help and mistakes are left to the whole command line, so that they read the same either way.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    if arguments.get(1).is_some_and(|command| command == "run")
        && let Ok(run) = RunAlone::try_parse_from(&arguments[1..])
    {
        return Ok(Cli { global: run.global, command: Command::Scoped(Scoped::Run(run.arguments)) });
    }
    Cli::try_parse_from(arguments)
}

fn run(cli: Cli) -> Done {
    // These work without a scope, and must not fail over a context file that is none of their business.
    let command = match cli.command {
        Command::Server(arguments) => return server::run(arguments, cli.global.data),
        Command::Gateway(arguments) => return gateway::run(arguments, cli.global.data),
        Command::Demo(arguments) => return demo::run(&arguments, cli.global.output),
        Command::DemoProgram(arguments) => return demo::run_program(arguments),
        Command::Reference(arguments) => return reference::run(&arguments),
        Command::Scoped(command) => command,
    };
    let context = Context::read(cli.global, std::path::Path::new("."))?;
    match command {
        Scoped::Organization(command) => command::organization::run(command, &context),
        Scoped::IdentityProvider(command) => command::identity_provider::run(command, &context),
        Scoped::Environment(command) => command::environment::run(command, &context),
        Scoped::Project(command) => command::project::run(command, &context),
        Scoped::Component(command) => command::component::run(command, &context),
        Scoped::Connection(command) => command::connection::run(*command, &context),
        Scoped::Plan(arguments) => command::deployment::plan(&arguments, &context),
        Scoped::Deploy(arguments) => command::deployment::deploy(arguments, &context),
        Scoped::Promote(arguments) => command::deployment::promote(arguments, &context),
        Scoped::Rollback(arguments) => command::deployment::rollback(&arguments, &context),
        Scoped::Undeploy(arguments) => command::deployment::undeploy(&arguments, &context),
        Scoped::Deployment(command) => command::deployment::run(&command, &context),
        Scoped::Variables(arguments) => command::variables::run(&arguments, &context),
        Scoped::Run(arguments) => command::run::run(arguments, &context),
        Scoped::Descriptor(command) => command::descriptor::run(command, context.output()),
        Scoped::Application(command) => command::application::run(command, &context),
        Scoped::Subscription(command) => command::subscription::run(command, &context),
        Scoped::Graph(arguments) => command::graph::run(&arguments, &context),
        Scoped::Token(command) => command::token::run(command, &context),
        Scoped::User(command) => command::user::run(command, &context),
        Scoped::Whoami => command::whoami::run(&context),
        Scoped::LoginLink => command::login_link::run(&context),
        Scoped::Audit(command) => command::audit::run(command, &context),
        Scoped::Backup(arguments) => command::backup::run(&arguments, &context),
        Scoped::Restore(arguments) => command::restore::run(&arguments, &context),
        Scoped::Key(command) => command::key::run(&command, &context),
        Scoped::Context(command) => command::context::run(command, &context),
        Scoped::Explain(arguments) => command::explain::run(&arguments, &context),
        Scoped::Service(command) => command::service::run(command, &context),
        Scoped::Resource(command) => command::service::run_resource(command, &context),
    }
}

/// Wrong usage, as clap says it, or as one JSON object when JSON was asked for.
fn usage(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let json = arguments.iter().any(|argument| argument == "--output=json")
        || arguments.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json");
    if !error.use_stderr() || !json {
        // A closed pipe is the only way this fails, and then nobody reads.
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() { Exit::Usage as u8 } else { 0 });
    }
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let object = serde_json::json!({
        "code": tieline_core::code!("usage"), "message": first, "hint": "see `tieline --help`"
    });
    output::error_line(&object.to_string());
    ExitCode::from(Exit::Usage as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_is_read_the_same_alone_and_among_all_commands() {
        for line in [
            "tieline run --component orders --env development -- node server.js --watch",
            "tieline run --watch --version v2 --url http://127.0.0.1:7070 --output json -- true",
            "tieline run --data folder --organization acme --project shop -- sh -c true",
            "tieline run",
            "tieline run --help",
            "tieline run --no-such-flag -- true",
            "tieline run true",
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let shown = |cli: Result<Cli, clap::Error>| match cli {
                Ok(cli) => format!("{cli:?}"),
                Err(error) => error.to_string(),
            };
            assert_eq!(shown(parse(&arguments)), shown(Cli::try_parse_from(&arguments)), "{line}");
        }
        assert!(RunAlone::try_parse_from(["run", "--env", "development", "--", "true"]).is_ok());
    }
}
