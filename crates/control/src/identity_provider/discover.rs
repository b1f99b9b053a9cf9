//! Finding out what a provider is: its metadata and its keys, with everything that is missing named at once.

use serde_json::Value;
use tieline_core::code;
use tieline_core::identity_provider::{Fault, Metadata, discovery, issuer_of, metadata, public_keys};

use crate::{Control, Error, Result};

/// What was found.
pub(super) struct Found {
    pub(super) metadata: Metadata,
    pub(super) keys: Vec<Value>,
}

impl Control {
    /// Asks an issuer for its metadata and keys.
    pub(super) async fn provider_discover(&self, issuer: &str) -> Result<Found> {
        let mut documents = Vec::new();
        let mut faults = Vec::new();
        for url in discovery(issuer) {
            match self.provider_document(url.clone()).await? {
                Ok(document) => documents.push((url, document)),
                Err(fault) => faults.push((url, fault)),
            }
        }
        for (url, document) in &documents {
            let named = issuer_of(document);
            if named != Some(issuer) {
                return Err(issuer_differs(issuer, url, named));
            }
        }
        if documents.is_empty() {
            return Err(unreachable("its metadata", &faults));
        }
        let documents: Vec<_> = documents.into_iter().map(|(_, document)| document).collect();
        let metadata = metadata(&documents).map_err(|missing| incomplete(issuer, &missing))?;
        let keys = match self.provider_document(metadata.jwks_uri.clone()).await? {
            Ok(document) => public_keys(&document).unwrap_or_default(),
            Err(fault) => return Err(unreachable("its keys", &[(metadata.jwks_uri, fault)])),
        };
        if keys.is_empty() {
            let missing = "a key at its jwks_uri by which tokens are signed with ES256, EdDSA or RS256".to_owned();
            return Err(incomplete(issuer, &[missing]));
        }
        Ok(Found { metadata, keys })
    }

    pub(super) async fn provider_document(&self, url: String) -> Result<std::result::Result<Value, Fault>> {
        let reach = self.provider_reach().await?;
        self.provider_ask(move |client| client.document(&url, None, &reach)).await
    }
}

fn issuer_differs(issuer: &str, url: &str, named: Option<&str>) -> Error {
    let named = named.map_or_else(|| "none".to_owned(), |named| format!("{named:?}"));
    Error::conflict(
        code!("issuer_differs"),
        format!("{url} names another issuer: {named} instead of {issuer:?}"),
        "give the issuer exactly as the provider's metadata names it, also with or without a slash at its end",
    )
}

fn incomplete(issuer: &str, missing: &[String]) -> Error {
    Error::conflict(
        code!("identity_provider_incomplete"),
        format!("{issuer} cannot be used, because it lacks {}", missing.join("; ")),
        "let the provider's administrator turn on what is missing, then set it again",
    )
}

/// An address that the rules refuse is no question of time.
fn unreachable(what: &str, faults: &[(String, Fault)]) -> Error {
    let said: Vec<_> = faults.iter().map(|(url, fault)| format!("{url}: {fault}")).collect();
    let said = said.join("; ");
    if faults.iter().any(|(_, fault)| matches!(fault, Fault::Refused(_))) {
        return Error::invalid(
            code!("address_refused"),
            format!("the identity provider cannot be asked for {what}: {said}"),
            "give the address of a provider outside of Tieline itself; one on loopback needs `tieline server \
             --allow-loopback` once there are several organizations",
        );
    }
    Error::conflict(
        code!("identity_provider_unreachable"),
        format!("the identity provider did not tell {what}: {said}"),
        "see that the issuer is right and that the server reaches it, then set it again",
    )
}
