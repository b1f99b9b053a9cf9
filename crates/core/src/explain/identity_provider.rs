//! Pages of an organization's own identity provider.

/// Codes and pages, sorted by code.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "audience_invalid",
        "The audience of an identity provider is what its access tokens name in aud, for gateways to compare: up to 1024 \
         bytes without control characters. An empty one lets gateways take tokens for any audience.",
    ),
    (
        "identity_provider_fixed",
        "Who issues an organization's tokens cannot change while its connections by oauth2 have applications: their client \
         ids and secrets are known to the present issuer alone, and components run with them. Delete the connections that \
         the message names, change the provider, and make them again. A connection that was deleted counts as long as \
         deployments hold it.",
    ),
    (
        "identity_provider_incomplete",
        "The metadata of the identity provider (RFC 8414, OpenID Connect Discovery) lacks what the message names. Tieline \
         needs a registration_endpoint (RFC 7591; many providers must be told to let clients register themselves), a \
         token_endpoint that takes the grant client_credentials by client_secret_basic or client_secret_post, and a jwks_uri \
         with a key for ES256, EdDSA or RS256; all of them by https.",
    ),
    (
        "identity_provider_not_found",
        "The organization has no identity provider of its own: Tieline's token service issues its tokens. tieline \
         identity-provider set --issuer URL sets one.",
    ),
    (
        "identity_provider_unreachable",
        "The server could not fetch the metadata or the keys of the identity provider; the message says which address said \
         what. The server itself must reach it, not only you; a private certificate authority must be one that the server's \
         machine trusts; redirects are not followed. Nothing was changed.",
    ),
    (
        "issuer_differs",
        "Metadata must name the issuer at which it was looked for, character by character (RFC 8414, section 3.3): else \
         somebody else's metadata could be taken for it. Give the issuer as the metadata names it; a slash at its end counts.",
    ),
    (
        "issuer_invalid",
        "An issuer is an https URL of up to 1024 bytes without query and fragment (RFC 8414, section 2). http is taken on \
         loopback alone, because keys and secrets come that way. Tieline's own address is no provider of an organization: \
         without one, Tieline issues its tokens.",
    ),
    (
        "registration_token_invalid",
        "The initial access token with which clients are registered is sent in a header: up to 16 KiB of visible ASCII. Give \
         it as the provider made it; a blank or line end in it is most likely not part of it.",
    ),
    (
        "registration_token_unreadable",
        "tieline identity-provider set reads the registration token from where --registration-token says: env:NAME is an \
         environment variable, file:PATH a file. It is never an argument itself, which everybody on the machine could read.",
    ),
    (
        "rotation_at_provider",
        "The client of this connection is registered at the organization's identity provider, which keeps one secret of a \
         client: another one would break everybody who runs with the present one, at once. Make another connection with \
         --own-application, move the descriptors to it, deploy, and delete this one; its client is then deleted at the \
         provider. Until then both work.",
    ),
    (
        "secrets_at_provider",
        "With --secrets per-component each component gets a secret of its own under one client id. A client that is \
         registered at an identity provider has one secret. Leave --secrets out; or make a connection at component level \
         with --own-application for each component, which gives each a client of its own.",
    ),
];
