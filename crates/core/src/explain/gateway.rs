//! Pages of calls that the gateway answers itself.

/// Codes and pages, sorted by code.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "access_ended",
        "In the access log only: the gateway closed a WebSocket, because who opened it may not call any more. The \
         subscription was blocked or ended, the token, its secret or the API key was revoked, or the service is gone or \
         takes no such proof. The next attempt is refused with the reason.",
    ),
    (
        "access_token_audience",
        "The token is genuine and for somebody else. Tieline's tokens are for the services of one organization, and name \
         the caller's environment in their audience: <issuer>/<organization>/<environment>. Tokens of an organization's \
         own identity provider must name the audience that the organization set, if it set one. Get the token with the connection's own \
         ConsumerKey and ConsumerSecret.",
    ),
    (
        "access_token_early",
        "The token counts from a later time on (nbf) than the gateway's clock shows. Compare the clocks of the issuer and \
         of the gateway; five seconds of difference are forgiven.",
    ),
    (
        "access_token_expired",
        "The token's time is over (exp). Get another one from the connection's TokenURL: client libraries do so by \
         themselves when they look at expires_in. If it happens with fresh tokens, compare the clocks.",
    ),
    (
        "access_token_invalid",
        "What came as a bearer token is no signed access token (a JWT of the type at+jwt), is longer than 16 KiB, or bears \
         a signature that its key did not make. Send the access_token of the TokenURL's answer as it is, without quotes \
         and line breaks.",
    ),
    (
        "access_token_issuer_unknown",
        "The token names an issuer (iss) that the organization of the service does not accept: another installation, or an \
         identity provider that was not set up. Get the token from the connection's TokenURL.",
    ),
    (
        "access_token_key_unknown",
        "The token names a signing key (kid) that its issuer does not have any more, or not yet, or an algorithm that is \
         not the key's. Keys rotate with overlap, so a token got today works; after a rotation at once older ones are \
         refused. Get another token.",
    ),
    (
        "access_token_revoked",
        "The token was revoked before its time, or the client secret that got it was. Restart the component, so that it \
         takes the newest secret, and get another token.",
    ),
    (
        "api_key_unknown",
        "No live API key is this one: it was rotated or revoked, or is no key of this installation. Restart the component, \
         so that it takes the newest key; tieline connection view NAME shows what the connection injects.",
    ),
    (
        "body_broken",
        "The body of the call did not come whole: its encoding was malformed, the client broke off, or nothing came for too \
         long. Nothing is known about how much of it the endpoint took.",
    ),
    (
        "body_too_large",
        "The gateway carries bodies up to a limit, which the message names. Send it in parts, or ask an administrator for \
         a larger limit.",
    ),
    (
        "call_loops",
        "The call went through the same gateway several times: the endpoint of a service on its way leads back to the \
         gateway, directly or through a proxy or load balancer. Each gateway marks what it forwards with Via (RFC 9110, \
         section 7.6.3) and refuses what bears its mark four times. Deploy the service with its endpoint's own address; a \
         component that calls on with the headers that it got should leave Via out.",
    ),
    (
        "call_malformed",
        "The call is not one that every server reads alike: no Host or several, a credential that stands there twice, a \
         WebSocket request with a body, or a method that no service offers (CONNECT, TRACE). The message names which.",
    ),
    (
        "credential_missing",
        "The service asks who calls, and the call does not say. With the scheme oauth2, get a token from the connection's \
         TokenURL with its ConsumerKey and ConsumerSecret, and send it as Authorization: Bearer TOKEN. With the scheme \
         api-key, send the connection's ChoreoAPIKey in the header Choreo-API-Key or API-Key.",
    ),
    (
        "gateway_overloaded",
        "The gateway had as many calls under way as it takes, or as it takes for one organization's services while others \
         need room too, and refused this one at once, so that the others end in time. \
         Nothing was forwarded. Try again after the seconds in Retry-After.",
    ),
    (
        "gateway_starting",
        "The gateway has just started and does not know yet which services there are. Try again after the seconds in \
         Retry-After. If it stays like this, it cannot reach the control plane and has no table of an earlier run.",
    ),
    (
        "head_too_large",
        "The gateway carries up to 100 headers and 64 KiB of head, the address with its query included. Cookies and tokens \
         are the usual reason: send less of them. A head far beyond that, or one that is no HTTP at all, is answered with a \
         bare 431 or 400 before the gateway looks at it, and is in no log.",
    ),
    (
        "operation_undeclared",
        "The service's definition asks for scopes for some of its operations, and so lists what may be called: this method \
         and path are none of them. A path is read segment by segment, without regard to empty ones and to a slash at the \
         end; a HEAD is a GET. Compare the call with tieline service view REFERENCE. If the endpoint has the operation, its \
         owners add it to the definition, with security: [] if it needs no scope, and deploy.",
    ),
    (
        "path_unsafe",
        "Segments . and .. could lead an endpoint out of the part of its paths that the service is, however they are \
         encoded; so could zero bytes and encodings that are none. Write the path as it is meant.",
    ),
    (
        "rate_limited",
        "The subscription's plan allows so many calls a minute, all of which may come at once. Wait for the seconds in \
         Retry-After; if that happens in everyday work, ask the owners of the service for a larger plan.",
    ),
    (
        "route_not_found",
        "No service that this gateway carries has this path: it was removed, is not deployed in this environment, is \
         carried by the other gateway only, or never was. The address is the connection's ServiceURL; tieline connection \
         view NAME shows it.",
    ),
    (
        "scheme_missing",
        "The service offers no scheme by which a caller could prove itself, so nobody is let through. Its owners choose one \
         with tieline service update REFERENCE --schemes oauth2,api-key.",
    ),
    (
        "scope_insufficient",
        "The service's definition asks for scopes for this operation, and the token does not hold them; the message names \
         them. Ask for them with the token, in the parameter scope. API keys hold no scopes.",
    ),
    (
        "subscription_blocked",
        "The owners of the service blocked the subscription by which the caller may call it. Ask them; tieline service view \
         REFERENCE shows who they are.",
    ),
    (
        "subscription_missing",
        "The credential is genuine, and does not open this service in this environment. A subscription comes with a live \
         deployment that references a connection to the service, and goes with the last one; a development credential \
         opens what development is mapped to, and nothing else. Create the connection, name it in the descriptor and \
         deploy.",
    ),
    (
        "subscription_pending",
        "The service asks for approval, and its owners have not approved this subscription yet. It opens by itself when \
         they do.",
    ),
    (
        "subscription_refused",
        "The owners of the service refused the subscription by which the caller would call it. Ask them for the reason; \
         tieline service view REFERENCE shows who they are.",
    ),
    (
        "upstream_address_refused",
        "The endpoint's address, or what its name resolves to, is where no call may go: link-local, loopback while the \
         installation has several organizations, one of Tieline's own listeners, or outside of the networks that the \
         environment allows. Deploy the service with another address, or allow the network: tieline environment update \
         HANDLE --allow-address CIDR.",
    ),
    (
        "upstream_broke_off",
        "The endpoint took the call and closed the connection, or sent what is no valid answer. What it did with the call \
         is unknown, so only calls that may be repeated are. Look into the log of the service.",
    ),
    (
        "upstream_slow",
        "The endpoint did not take the connection, or did not begin to answer, in time. Look at the service itself: it is \
         stuck, overloaded, or does work in a call that it should do afterwards.",
    ),
    (
        "upstream_unreachable",
        "Nothing takes connections at the endpoint's address, its name does not resolve, or its certificate is not \
         accepted. Look whether the service runs, and whether it was deployed with the right --address.",
    ),
];
