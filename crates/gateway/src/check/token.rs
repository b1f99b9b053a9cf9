//! Reading and verifying access tokens: signed JWTs (RFC 7519, RFC 8725, RFC 9068), with nothing but public keys.

use std::sync::Arc;

use hyper::header::HeaderValue;
use tieline_core::id::ComponentId;

use super::claims::{Claims, Header, IssuerClaim, Part, Seconds, Text};
use crate::table::{Issuer, Issuers, PublicKey, Route, Table};

/// By how many seconds clocks may differ.
pub(crate) const LEEWAY: i64 = 5;
/// Longer tokens are not looked at.
const LONGEST: usize = 16 * 1024;

/// Who a token speaks for.
pub(crate) struct Identity {
    pub(crate) client: String,
    /// Handle of the organization, as a header.
    pub(crate) organization: HeaderValue,
    /// Handle of the environment that the client belongs to.
    pub(crate) environment: Option<HeaderValue>,
    /// The one component that holds the client secret, where each has its own.
    pub(crate) component: Option<ComponentId>,
    pub(crate) scopes: Vec<String>,
    /// The `jti`.
    pub(super) id: Option<String>,
    /// The id of the client secret that got it.
    pub(super) secret: Option<String>,
    audiences: Vec<String>,
    /// Until when it counts, and since when, in seconds since 1970.
    until: i64,
    since: i64,
}

impl Identity {
    pub(super) fn is_timely(&self, now: i64) -> Result<(), Fault> {
        if now >= self.until.saturating_add(LEEWAY) {
            Err(Fault::Expired)
        } else if now.saturating_add(LEEWAY) < self.since {
            Err(Fault::Early)
        } else {
            Ok(())
        }
    }
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is no signed JWT, or none that is an access token.
    Malformed,
    /// Nobody whom the gateway knows issued it, at least not for this organization.
    IssuerUnknown,
    /// The issuer has no such key for such an algorithm.
    KeyUnknown,
    /// The signature is another's.
    Signature,
    Expired,
    Early,
    /// It is for somebody else: another organization's routes, or another party.
    Audience,
    Revoked,
}

/// Whether the gateway knows who says it issued a token, whatever else is wrong with it.
pub(super) fn is_known(token: &str, table: &Table, route: &Route) -> bool {
    let claims = token.split('.').nth(1).and_then(|part| Part::decode(part).ok());
    claims.is_some_and(|claims| named(&claims, &table.issuers(), &route.organization).is_ok())
}

/// Verifies a token for the routes of an organization.
pub(super) fn verify(
    token: &str,
    issuers: &Issuers,
    organization: &str,
    now: i64,
) -> Result<(Identity, Arc<Issuer>, Arc<PublicKey>), Fault> {
    let (message, signature) = token.rsplit_once('.').filter(|_| token.len() <= LONGEST).ok_or(Fault::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(Fault::Malformed)?;
    let (header, payload, signature) = (Part::decode(header)?, Part::decode(payload)?, Part::decode(signature)?);
    let header: Header<'_> = header.read()?;
    let Ok(claims) = payload.read::<Claims<'_>>() else {
        // Of an issuer that nobody knows, nothing else matters.
        return Err(named(&payload, issuers, organization).err().unwrap_or(Fault::Malformed));
    };
    let issuer = issuers.find(&claims.iss, organization).ok_or(Fault::IssuerUnknown)?;
    if header.crit.is_some() || !is_access_token(header.typ.as_deref(), issuer.own) {
        return Err(Fault::Malformed);
    }
    let key = issuer.key(header.kid.as_deref(), &header.alg).ok_or(Fault::KeyUnknown)?;
    if !key.verifies(message.as_bytes(), signature.bytes()) {
        return Err(Fault::Signature);
    }
    let identity = identity(claims, issuer, organization)?;
    identity.is_timely(now)?;
    Ok((identity, Arc::clone(issuer), Arc::clone(key)))
}

/// The issuer that a token names.
fn named<'a>(payload: &Part, issuers: &'a Issuers, organization: &str) -> Result<&'a Arc<Issuer>, Fault> {
    let claim: IssuerClaim<'_> = payload.read()?;
    issuers.find(&claim.iss, organization).ok_or(Fault::IssuerUnknown)
}

/// RFC 9068 names the type; other issuers than Tieline's write `JWT` or nothing. A media type is compared without case, and
/// may leave `application/` out (RFC 7515, section 4.1.9).
fn is_access_token(typ: Option<&str>, own: bool) -> bool {
    const PREFIX: &str = "application/";
    let Some(typ) = typ else { return !own };
    let long = typ.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    let name = if long { &typ[PREFIX.len()..] } else { typ };
    name.eq_ignore_ascii_case("at+jwt") || (!own && name.eq_ignore_ascii_case("jwt"))
}

fn identity(claims: Claims<'_>, issuer: &Issuer, organization: &str) -> Result<Identity, Fault> {
    let header = |text: &str| HeaderValue::from_str(text).map_err(|_| Fault::Malformed);
    let mut identity = Identity {
        client: claims.client_id.or(claims.azp).ok_or(Fault::Malformed)?.kept(),
        organization: header(organization)?,
        environment: claims.environment.as_deref().map(header).transpose()?,
        component: claims.component,
        scopes: claims.scope.split().chain(claims.scp.split()).map(str::to_owned).collect(),
        id: claims.jti.map(Text::kept),
        secret: claims.secret.map(Text::kept),
        audiences: Vec::new(),
        until: claims.exp.0,
        since: claims.nbf.map_or(i64::MIN / 2, |Seconds(since)| since),
    };
    if issuer.own {
        let environment = claims.environment.as_deref().unwrap_or_default();
        if claims.organization.as_deref() != Some(organization) || environment.is_empty() {
            return Err(Fault::Audience);
        }
        let expect = format!("{}/{organization}/{environment}", issuer.name);
        identity.audiences = claims.aud.list().filter(|audience| *audience == expect).map(str::to_owned).collect();
    } else {
        identity.audiences = claims.aud.list().map(str::to_owned).collect();
        // What an issuer of an organization says about environments and components is not Tieline's word.
        (identity.environment, identity.component, identity.secret) = (None, None, None);
    }
    if issuer.accepts(&identity) { Ok(identity) } else { Err(Fault::Audience) }
}

impl Issuer {
    /// Whether a token is for this gateway.
    pub(super) fn accepts(&self, identity: &Identity) -> bool {
        match &self.audience {
            // Of Tieline's own tokens, only the right audience was kept.
            _ if self.own => !identity.audiences.is_empty(),
            Some(audience) => identity.audiences.contains(audience),
            // Of another issuer the client decides: each has one for each environment, and a subscription of its own.
            None => true,
        }
    }
}
