//! Pages of signing in to the console by a sign-in provider.

/// Codes and pages, sorted by code.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "client_secret_unreadable",
        "tieline server reads the client secret that the sign-in provider gave it from the file that \
         --sign-in-client-secret-file (or TIELINE_SIGN_IN_CLIENT_SECRET_FILE) names; the file is missing, empty, or not \
         readable by the server's user. It holds the secret alone, and may end with a line end.",
    ),
    (
        "sign_in_account_disabled",
        "The account that belongs to whom the sign-in provider signed in was taken out of use here. An administrator of the \
         installation can take it into use again: tieline user enable NAME.",
    ),
    (
        "sign_in_account_taken",
        "The account of this e-mail address belongs to somebody: to another person at the sign-in provider, or to somebody \
         at another provider. Addresses are given to other people over time, so an account stays with whom it was first \
         signed in by. An administrator of the installation makes sure who is who: tieline user unlink NAME takes the account, with its roles, \
         from whom it belongs to, and gives it to who signs in next with its address; or the person is invited under another.",
    ),
    (
        "sign_in_attempt_invalid",
        "The sign-in provider's answer fits no question that this browser put: it is older than ten minutes, was opened in \
         another browser, was used already, was overtaken by a later attempt, or comes from another provider (RFC 9207). \
         Nobody was signed in. Begin again from the sign-in page. If it happens each time, the browser keeps no cookies of \
         this address, or people reach the server by another address than --public-url says.",
    ),
    (
        "sign_in_email_unverified",
        "An account is found by its e-mail address the first time only, and only when the sign-in provider says that the \
         address is verified (email_verified is true in the ID token or at the UserInfo endpoint): at a provider where people \
         may write any address, they could sign in as anybody. Have the address verified there; or open the invitation link, and \
         press Join with the provider: then that decides.",
    ),
    (
        "sign_in_provider_missing",
        "The server was started without --sign-in-issuer: nobody signs in by a sign-in provider.",
    ),
    (
        "sign_in_provider_unavailable",
        "The sign-in provider did not answer, or not with what signing in needs; the server's log says which. The server \
         itself must reach its issuer, not only you; a private certificate authority must be one that the server's machine \
         trusts; redirects are not followed. It needs an authorization_endpoint, a token_endpoint that takes \
         client_secret_basic or client_secret_post, and a jwks_uri with a key for ES256, EdDSA or RS256; all of them by https, \
         and its metadata must name exactly the issuer of --sign-in-issuer. What failed is tried again after ten seconds.",
    ),
    (
        "sign_in_unconfirmed",
        "The sign-in provider did not confirm who signed in: the sign-in was broken off there, the client id or secret is \
         wrong, the code was used already, or the ID token was not one for this question: signed by a published key with \
         ES256, EdDSA or RS256, issued by --sign-in-issuer for --sign-in-client-id, in time, and with the nonce of the \
         question. The server's log says which.",
    ),
    (
        "sign_in_uninvited",
        "The sign-in provider knows this person, and no account here does: nobody gets an account by signing in. An \
         administrator invites them by the e-mail address that the provider has verified: tieline user invite ADDRESS --role \
         developer.",
    ),
];
