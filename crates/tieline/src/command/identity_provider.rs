//! `tieline identity-provider`: who issues the organization's tokens.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};
use tieline_core::code;

use crate::context::Context;
use crate::failure::{Done, Failure};
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum IdentityProviderCommand {
    /// Let an identity provider of the organization issue its tokens, or find out anew what it is
    #[command(
        after_help = "Example:\n  tieline identity-provider set --issuer https://id.example/realms/acme --registration-token env:REGISTRATION_TOKEN"
    )]
    Set {
        /// Its issuer, exactly as its metadata names it
        #[arg(long, value_name = "URL")]
        issuer: String,
        /// The initial access token to register clients with: env:NAME or file:PATH; an empty one takes away what was set
        #[arg(long, value_name = "env:NAME|file:PATH")]
        registration_token: Option<String>,
        /// The aud that its tokens must name; an empty one takes away what was set
        #[arg(long, value_name = "TEXT")]
        audience: Option<String>,
    },
    /// Show the organization's identity provider, its keys and its clients
    View,
    /// Let Tieline issue the organization's tokens again
    Remove,
}

pub(crate) fn run(command: IdentityProviderCommand, context: &Context) -> Done {
    let client = context.client()?;
    let path = format!("{}/identity-provider", context.organization_path()?);
    match command {
        IdentityProviderCommand::Set { issuer, registration_token, audience } => {
            let token = registration_token.as_deref().map(read).transpose()?;
            let body = json!({ "issuer": issuer, "registration_token": token, "audience": audience });
            output::value(context.output(), &client.put(&path, &body)?, view);
        }
        IdentityProviderCommand::View => output::value(context.output(), &client.get(&path)?, view),
        IdentityProviderCommand::Remove => {
            let done = client.delete(&path)?;
            output::value(context.output(), &done, |_| "Tieline issues the organization's tokens.".to_owned());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A secret is never an argument, which everybody on the machine can read: it is said where it stands.
fn read(source: &str) -> Result<String, Failure> {
    let wrong = |message: String| {
        let hint = "write --registration-token env:NAME for an environment variable, or file:PATH for a file";
        Failure::usage(code!("registration_token_unreadable"), message, hint)
    };
    match source.split_once(':') {
        Some(("env", name)) => {
            std::env::var(name).map_err(|_| wrong(format!("the environment variable {name} is not set to a text")))
        }
        Some(("file", path)) => std::fs::read_to_string(path)
            .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
            .map_err(|error| wrong(format!("{path} cannot be read: {error}"))),
        // What stands there may be the token itself.
        _ => Err(wrong("the registration token is not said where it stands".to_owned())),
    }
}

fn view(provider: &Value) -> String {
    let cell = |key: &str| output::cell(&provider[key]);
    let keys: Vec<_> = provider["keys"].as_array().into_iter().flatten().collect();
    let keys: Vec<_> = keys
        .iter()
        .map(|key| match key["kid"].as_str() {
            Some(kid) => format!("{kid} ({})", output::cell(&key["algorithm"])),
            None => output::cell(&key["algorithm"]),
        })
        .collect();
    let clients = &provider["clients"];
    let count = |state: &str| output::cell(&clients[state]);
    let mut text = format!("{} issues the tokens of {}.\n", cell("issuer"), cell("organization"));
    let audience = provider["audience"].as_str().unwrap_or("any");
    let token = if provider["registration_token"] == true { "set" } else { "none" };
    for (name, value) in [
        ("registration endpoint", cell("registration_endpoint")),
        ("registration token", token.to_owned()),
        ("token endpoint", format!("{}, by {}", cell("token_endpoint"), cell("client_authentication"))),
        ("audience of its tokens", audience.to_owned()),
        ("keys", format!("{} at {}", keys.join(", "), cell("jwks_uri"))),
        ("keys read", cell("checked_at")),
        (
            "clients",
            format!("{} registered, {} pending, {} to delete", count("registered"), count("pending"), count("ending")),
        ),
    ] {
        text += &format!("  {name:<24}{value}\n");
    }
    if let Some(failure) = provider["failure"].as_str() {
        text += &format!("It did not tell its keys then: {failure}. The former ones are accepted on.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_said_where_it_stands() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "canary\n").unwrap();
        assert_eq!(read(&format!("file:{}", file.path().display())).unwrap(), "canary");
        for source in ["canary", "text:canary", "env:NO_SUCH_VARIABLE_HERE", "file:/no/such/file"] {
            let failure = read(source).unwrap_err();
            assert!(!failure.message.contains("canary"), "{failure:?}");
        }
    }
}
