//! Reading and verifying access tokens: signed JWTs (RFC 7519, RFC 8725, RFC 9068), with nothing but public keys.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::header::HeaderValue;
use serde::Deserialize;
use tieline_core::id::ComponentId;

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

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct IssuerClaim {
    iss: String,
}

#[derive(Deserialize)]
struct Claims {
    client_id: Option<String>,
    azp: Option<String>,
    #[serde(default)]
    aud: Words,
    exp: Seconds,
    nbf: Option<Seconds>,
    jti: Option<String>,
    #[serde(default)]
    scope: Words,
    #[serde(default)]
    scp: Words,
    organization: Option<String>,
    environment: Option<String>,
    component: Option<ComponentId>,
    secret: Option<String>,
}

/// One text, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Default for Words {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Words {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }

    fn split(self) -> impl Iterator<Item = String> {
        self.list().into_iter().flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }
}

/// A time that some issuers write with a fraction (RFC 7519, section 2, NumericDate).
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Whole(i64),
    Fraction(f64),
}

impl Seconds {
    fn whole(self) -> i64 {
        match self {
            Self::Whole(seconds) => seconds,
            #[expect(clippy::cast_possible_truncation, reason = "a conversion of floats saturates")]
            Self::Fraction(seconds) => seconds as i64,
        }
    }
}

/// Whether the gateway knows who says it issued a token, whatever else is wrong with it.
pub(super) fn is_known(token: &str, table: &Table, route: &Route) -> bool {
    let claims = token.split('.').nth(1).and_then(|part| read::<IssuerClaim>(part).ok());
    claims.is_some_and(|claims| table.issuers().find(&claims.iss, &route.organization).is_some())
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
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Fault::Malformed)?;
    let header: Header = read(header)?;
    let named: IssuerClaim = read(payload)?;
    let issuer = issuers.find(&named.iss, organization).ok_or(Fault::IssuerUnknown)?;
    if header.crit.is_some() || !is_access_token(header.typ.as_deref(), issuer.own) {
        return Err(Fault::Malformed);
    }
    let key = issuer.key(header.kid.as_deref(), &header.alg).ok_or(Fault::KeyUnknown)?;
    if !key.verifies(message.as_bytes(), &signature) {
        return Err(Fault::Signature);
    }
    let identity = identity(read(payload)?, issuer, organization)?;
    identity.is_timely(now)?;
    Ok((identity, Arc::clone(issuer), Arc::clone(key)))
}

/// RFC 9068 names the type; other issuers than Tieline's write `JWT` or nothing.
fn is_access_token(typ: Option<&str>, own: bool) -> bool {
    let typ = typ.map(|typ| typ.to_ascii_lowercase());
    match typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ)) {
        Some("at+jwt") => true,
        Some("jwt") | None => !own,
        Some(_) => false,
    }
}

fn identity(claims: Claims, issuer: &Issuer, organization: &str) -> Result<Identity, Fault> {
    let header = |text: &str| HeaderValue::from_str(text).map_err(|_| Fault::Malformed);
    let mut identity = Identity {
        client: claims.client_id.or(claims.azp).ok_or(Fault::Malformed)?,
        organization: header(organization)?,
        environment: claims.environment.as_deref().map(header).transpose()?,
        component: claims.component,
        scopes: claims.scope.split().chain(claims.scp.split()).collect(),
        id: claims.jti,
        secret: claims.secret,
        audiences: claims.aud.list(),
        until: claims.exp.whole(),
        since: claims.nbf.map_or(i64::MIN / 2, Seconds::whole),
    };
    if issuer.own {
        let environment = claims.environment.as_deref().unwrap_or_default();
        if claims.organization.as_deref() != Some(organization) || environment.is_empty() {
            return Err(Fault::Audience);
        }
        let expect = format!("{}/{organization}/{environment}", issuer.name);
        identity.audiences.retain(|audience| *audience == expect);
    } else {
        // What an issuer of an organization says about environments and components is not Tieline's word.
        (identity.environment, identity.component, identity.secret) = (None, None, None);
    }
    if issuer.accepts(&identity) { Ok(identity) } else { Err(Fault::Audience) }
}

impl Issuer {
    /// Whether a token is for this gateway.
    pub(super) fn accepts(&self, identity: &Identity) -> bool {
        match &self.audience {
            Some(audience) if !self.own => identity.audiences.contains(audience),
            // Of Tieline's own tokens, only the right audience was kept. Another issuer without audience accepts none.
            _ => self.own && !identity.audiences.is_empty(),
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Fault> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Fault::Malformed)
}
