//! `tieline user`.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};
use tieline_core::code;

use crate::client::segment;
use crate::context::Context;
use crate::failure::{Done, Failure};
use crate::output::{self, OutputFormat};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Invite a person, and print the invitation link, for the only time
    #[command(after_help = "\
Examples:
  tieline user invite anna@example.com --role developer --project shop --organization acme
  tieline user invite bert --role organization-admin --organization acme
  tieline user invite root --role installation-admin")]
    Invite {
        /// An e-mail address or a handle: the name that the person signs in with
        name: String,
        /// What the person may do, in the organization or, with --project, in that project alone
        #[arg(long, value_name = "ROLE",
            value_parser = ["viewer", "developer", "project-admin", "organization-admin", "installation-admin"])]
        role: String,
    },
    /// List the people whose roles you administer
    List {
        /// All accounts of the installation, in place of an organization's members
        #[arg(long)]
        installation: bool,
    },
    /// Give a member another role, in the organization or, with --project, in that project
    Update {
        /// Name
        name: String,
        /// What the person may do from now on
        #[arg(long, value_name = "ROLE", value_parser = ["viewer", "developer", "project-admin", "organization-admin"])]
        role: String,
    },
    /// End the role of a member, in the organization or, with --project, in that project, or withdraw the invitation to it
    Remove {
        /// The role installation-admin, in place of one in an organization
        #[arg(long)]
        installation: bool,
        /// Name
        name: String,
    },
    /// Print a password link, with which somebody who forgot their password sets another
    Reset {
        /// As an administrator of the installation, for anybody; else for members who have rights in the organization alone
        #[arg(long)]
        installation: bool,
        /// Name
        name: String,
    },
    /// Take an account of the installation out of use, and end its sessions
    Disable {
        /// Name
        name: String,
    },
    /// Take an account of the installation into use again
    Enable {
        /// Name
        name: String,
    },
    /// Take an account from whom it belongs to at the sign-in provider, and end its sessions and tokens
    #[command(after_help = "\
Whoever has its e-mail address verified there, and signs in next, has it then: for another provider, or an address that was given on.")]
    Unlink {
        /// Name
        name: String,
    },
    /// Change the password of your own account, and end its sessions
    #[command(after_help = "\
It asks for the passwords on a terminal. Else the first line of the standard input is the current one, and the second the new one:
  printf '%s\\n' \"$CURRENT\" \"$NEW\" | tieline user password")]
    Password,
    /// End your sessions of the console, in every browser
    SignOut,
}

pub(crate) fn run(command: UserCommand, context: &Context) -> Done {
    let client = context.client()?;
    match command {
        UserCommand::Invite { name, role } => {
            let installation = role == "installation-admin";
            // The project that a context file remembers limits nobody: a role in the whole organization is often meant.
            let project = if installation { None } else { context.project_flag() };
            let body = json!({ "name": name, "role": role, "project": project });
            let made = client.post(&people(context, installation)?, &body)?;
            let hint = "give it to that person alone: it is shown this once, and accepted once within seven days; the role \
                        counts when they have joined";
            link(context, &made, hint);
        }
        UserCommand::List { installation } => {
            let list = client.list(&people(context, installation)?)?;
            output::value(context.output(), &Value::Array(list.clone()), |_| {
                let accounts =
                    [("NAME", "name"), ("STATE", "state"), ("ADMIN", "installation_admin"), ("MADE", "created_at")];
                let members = [("NAME", "name"), ("ROLE", "role"), ("PROJECT", "project"), ("STATE", "state")];
                output::table(&list, if installation { &accounts } else { &members })
            });
        }
        UserCommand::Update { name, role } => {
            let body = json!({ "role": role, "project": context.project_flag() });
            let done = client.patch(&person(context, false, &name)?, &body)?;
            output::value(context.output(), &done, |_| format!("{name} is {role} from now on."));
        }
        UserCommand::Remove { installation: true, name } => {
            let done = client.patch(&person(context, true, &name)?, &json!({ "installation_admin": false }))?;
            output::value(context.output(), &done, |_| {
                format!("{name} does not administer the installation any more.")
            });
        }
        UserCommand::Remove { installation: false, name } => {
            let project = context.project_flag().map(|project| format!("?project={}", segment(project)));
            let path = person(context, false, &name)?;
            let done = client.delete(&format!("{path}{}", project.unwrap_or_default()))?;
            output::value(context.output(), &done, |_| format!("{name} has no role there any more."));
        }
        UserCommand::Reset { installation, name } => {
            let made = client.post(&format!("{}/reset", person(context, installation, &name)?), &Value::Null)?;
            let hint = "give it to that person alone: it is shown this once, and accepted once within seven days";
            link(context, &made, hint);
        }
        UserCommand::Disable { name } => {
            let done = client.patch(&person(context, true, &name)?, &json!({ "disabled": true }))?;
            output::value(context.output(), &done, |_| format!("{name} cannot sign in any more, and is signed out."));
        }
        UserCommand::Enable { name } => {
            let done = client.patch(&person(context, true, &name)?, &json!({ "disabled": false }))?;
            output::value(context.output(), &done, |_| format!("{name} can sign in again."));
        }
        UserCommand::Unlink { name } => {
            let done = client.patch(&person(context, true, &name)?, &json!({ "unlink": true }))?;
            output::value(context.output(), &done, |_| {
                format!(
                    "{name} belongs to whoever has that address verified at the sign-in provider, and signs in next."
                )
            });
        }
        UserCommand::Password => {
            let (current, chosen) = passwords()?;
            let done = client.post("/account/password", &json!({ "current": current, "password": chosen }))?;
            output::value(context.output(), &done, |_| "Changed the password, and ended every session.".to_owned());
        }
        UserCommand::SignOut => {
            let done = client.post("/account/sign-out", &Value::Null)?;
            output::value(context.output(), &done, |_| "Ended every session of the console.".to_owned());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The current password and the new one: asked for on a terminal, which shows neither, else a line each.
fn passwords() -> Result<(String, String), Failure> {
    let unread = |error: io::Error| {
        let hint = "give the current password and the new one, a line each, or use a terminal";
        Failure::usage(code!("passwords_unreadable"), format!("the passwords cannot be read: {error}"), hint)
    };
    if !io::stdin().is_terminal() {
        let mut lines = io::stdin().lines();
        let mut line = || lines.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into())).map_err(unread);
        return Ok((line()?, line()?));
    }
    let ask = |words: &str| rpassword::prompt_password(words).map_err(unread);
    let (current, chosen) = (ask("Current password: ")?, ask("New password: ")?);
    if ask("Repeat the new password: ")? != chosen {
        let hint = "enter the new one twice";
        return Err(Failure::usage(code!("passwords_unreadable"), "these are two different passwords", hint));
    }
    Ok((current, chosen))
}

/// Prints a link alone on stdout, so that it can be given on.
fn link(context: &Context, made: &Value, hint: &str) {
    output::value(context.output(), made, |made| output::cell(&made["url"]));
    if context.output() == OutputFormat::Text {
        output::error_line(&format!("hint: {hint}"));
    }
}

fn people(context: &Context, installation: bool) -> Result<String, Failure> {
    Ok(if installation { "/installation/users".to_owned() } else { format!("{}/users", context.organization_path()?) })
}

fn person(context: &Context, installation: bool, name: &str) -> Result<String, Failure> {
    Ok(format!("{}/{}", people(context, installation)?, segment(name)))
}
