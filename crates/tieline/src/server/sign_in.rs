//! The flags of the provider by which people sign in to the console.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use tieline_control::SignInProvider;
use tieline_core::code;
use tieline_core::identity_provider::check_issuer;
use tieline_core::secret::Secret;

use crate::environment_variables as variables;
use crate::failure::Failure;

#[derive(Debug, Args)]
#[command(next_help_heading = "Sign-in")]
pub(super) struct SignInArguments {
    /// Let people sign in to the console by this OpenID provider: its issuer, exactly as its metadata names it
    #[arg(long, value_name = "URL", env = variables::SIGN_IN_ISSUER, requires = "sign_in_client_id",
        requires = "sign_in_client_secret_file")]
    sign_in_issuer: Option<String>,
    /// Tieline's client id at the provider
    #[arg(long, value_name = "ID", env = variables::SIGN_IN_CLIENT_ID, requires = "sign_in_issuer",
        value_parser = NonEmptyStringValueParser::new())]
    sign_in_client_id: Option<String>,
    /// File of Tieline's client secret at the provider
    #[arg(long, value_name = "FILE", env = variables::SIGN_IN_CLIENT_SECRET_FILE, requires = "sign_in_issuer")]
    sign_in_client_secret_file: Option<PathBuf>,
    /// What people call the provider: "Sign in with TEXT" [default: its host]
    #[arg(long, value_name = "TEXT", env = variables::SIGN_IN_NAME, requires = "sign_in_issuer",
        value_parser = NonEmptyStringValueParser::new())]
    sign_in_name: Option<String>,
}

impl SignInArguments {
    /// The provider that they name, if they name one.
    pub(super) fn provider(self) -> Result<Option<SignInProvider>, Failure> {
        let client = self.sign_in_client_id.zip(self.sign_in_client_secret_file);
        let Some((issuer, (client_id, file))) = self.sign_in_issuer.zip(client) else { return Ok(None) };
        check_issuer(&issuer).map_err(|reason| {
            Failure::usage(
                code!("issuer_invalid"),
                format!("--sign-in-issuer {issuer:?} cannot be an issuer: {reason}"),
                "give it as the provider's metadata names it, as https://id.example/realms/acme",
            )
        })?;
        let name = self.sign_in_name.unwrap_or_else(|| host(&issuer).to_owned());
        Ok(Some(SignInProvider { client_secret: client_secret(&file)?, issuer, client_id, name }))
    }
}

/// A secret is never an argument, which everybody on the machine can read.
fn client_secret(file: &Path) -> Result<Secret, Failure> {
    let wrong = |what: &str| {
        let message = format!("--sign-in-client-secret-file {} {what}", file.display());
        let hint = "put the secret that the provider gave for the client into the file, alone";
        Failure::usage(code!("client_secret_unreadable"), message, hint)
    };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    let text = Secret::new(text);
    match text.expose().trim() {
        "" => Err(wrong("is empty")),
        secret => Ok(Secret::new(secret)),
    }
}

fn host(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        arguments: SignInArguments,
    }

    fn provider(arguments: &[&str]) -> Result<Option<SignInProvider>, String> {
        let parsed = Alone::try_parse_from([&["tieline"], arguments].concat()).map_err(|error| error.to_string())?;
        parsed.arguments.provider().map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn the_flags_are_given_together() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "canary\n").unwrap();
        let file = file.path().to_str().unwrap();
        let (issuer, client) = (["--sign-in-issuer", "https://id.example/a"], ["--sign-in-client-id", "tieline"]);
        let secret = ["--sign-in-client-secret-file", file];
        assert!(provider(&[]).unwrap().is_none());
        let whole = [&issuer[..], &client, &secret].concat();
        let found = provider(&whole).unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.client_secret.expose()), ("id.example", "canary"));
        let named = provider(&[&whole[..], &["--sign-in-name", "Acme"]].concat()).unwrap().unwrap();
        assert_eq!(named.name, "Acme");
        for (arguments, says) in [
            ([&issuer[..], &client].concat(), "--sign-in-client-secret-file"),
            ([&issuer[..], &secret].concat(), "--sign-in-client-id"),
            ([&client[..], &secret].concat(), "--sign-in-issuer"),
            (vec!["--sign-in-name", "Acme"], "--sign-in-issuer"),
            ([&issuer[..], &secret, &["--sign-in-client-id", ""]].concat(), "a value is required"),
            ([&client[..], &secret, &["--sign-in-issuer", "http://id.example"]].concat(), "issuer_invalid"),
            ([&issuer[..], &client, &["--sign-in-client-secret-file", "/no/such/file"]].concat(), "cannot be read"),
            ([&issuer[..], &client, &["--sign-in-client-secret-file", "/dev/null"]].concat(), "is empty"),
        ] {
            let refused = provider(&arguments).unwrap_err();
            assert!(refused.contains(says) && !refused.contains("canary"), "{arguments:?}: {refused}");
        }
    }
}
