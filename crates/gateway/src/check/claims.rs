//! What a token says: its header and its claims (RFC 7515, section 4; RFC 7519, section 4), each read once, and copied only
//! where it is kept.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tieline_core::id::ComponentId;

use super::token::Fault;

/// A part of a token, decoded.
pub(super) struct Part(Vec<u8>);

impl Part {
    pub(super) fn decode(part: &str) -> Result<Self, Fault> {
        URL_SAFE_NO_PAD.decode(part).map(Self).map_err(|_| Fault::Malformed)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Fault> {
        serde_json::from_slice(&self.0).map_err(|_| Fault::Malformed)
    }
}

#[derive(Deserialize)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    pub(super) alg: Text<'a>,
    #[serde(borrow)]
    pub(super) kid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) typ: Option<Text<'a>>,
    pub(super) crit: Option<IgnoredAny>,
}

/// Who issued it, of a token whose other claims may be anything.
#[derive(Deserialize)]
pub(super) struct IssuerClaim<'a> {
    #[serde(borrow)]
    pub(super) iss: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Claims<'a> {
    #[serde(borrow)]
    pub(super) iss: Text<'a>,
    #[serde(borrow)]
    pub(super) client_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) azp: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) aud: Words<'a>,
    pub(super) exp: Seconds,
    pub(super) nbf: Option<Seconds>,
    #[serde(borrow)]
    pub(super) jti: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) scope: Words<'a>,
    #[serde(borrow, default)]
    pub(super) scp: Words<'a>,
    #[serde(borrow)]
    pub(super) organization: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) environment: Option<Text<'a>>,
    pub(super) component: Option<ComponentId>,
    #[serde(borrow)]
    pub(super) secret: Option<Text<'a>>,
}

/// A text, where it stands; a copy only where JSON writes it with escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    pub(super) fn kept(self) -> String {
        self.0.into_owned()
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// One text, or a list of them.
#[derive(Default)]
pub(super) struct Words<'a>(Vec<Text<'a>>);

impl Words<'_> {
    pub(super) fn list(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|text| &**text)
    }

    pub(super) fn split(&self) -> impl Iterator<Item = &str> {
        self.list().flat_map(str::split_whitespace)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Words<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Words<'de>, E> {
                Ok(Words(vec![Text(Cow::Borrowed(text))]))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Words<'de>, E> {
                Ok(Words(vec![Text(Cow::Owned(text.to_owned()))]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Words<'de>, A::Error> {
                let mut words = Vec::new();
                while let Some(text) = texts.next_element()? {
                    words.push(text);
                }
                Ok(Words(words))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

/// A time in seconds since 1970, which some issuers write with a fraction (RFC 7519, section 2, NumericDate).
pub(super) struct Seconds(pub(super) i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds")
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Seconds, E> {
                Ok(Seconds(seconds))
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Seconds, E> {
                Ok(Seconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
            }

            #[expect(clippy::cast_possible_truncation, reason = "a conversion of floats saturates")]
            fn visit_f64<E: Error>(self, seconds: f64) -> Result<Seconds, E> {
                Ok(Seconds(seconds as i64))
            }
        }

        deserializer.deserialize_any(Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Option<(Vec<String>, Vec<String>, i64)> {
        let part = Part::decode(&URL_SAFE_NO_PAD.encode(json)).ok()?;
        let claims: Claims<'_> = part.read().ok()?;
        let owned = |text: &str| text.to_owned();
        Some((claims.aud.list().map(owned).collect(), claims.scope.split().map(owned).collect(), claims.exp.0))
    }

    #[test]
    fn claims_are_read_as_issuers_write_them() {
        for (json, expect) in [
            (r#"{"iss":"a","exp":5}"#, Some((vec![], vec![], 5))),
            (r#"{"iss":"a","exp":5.9,"aud":"x","scope":"b c"}"#, Some((vec!["x"], vec!["b", "c"], 5))),
            (
                r#"{"iss":"a","exp":-1,"aud":["x","y"],"scope":["b","c d"]}"#,
                Some((vec!["x", "y"], vec!["b", "c", "d"], -1)),
            ),
            (r#"{"iss":"a","exp":18446744073709551615,"aud":"\u0061"}"#, Some((vec!["a"], vec![], i64::MAX))),
            (r#"{"iss":"a","exp":1e300,"nbf":null,"jti":null}"#, Some((vec![], vec![], i64::MAX))),
            (r#"{"iss":"a","exp":"5"}"#, None),
            (r#"{"iss":"a","exp":null}"#, None),
            (r#"{"iss":"a"}"#, None),
            (r#"{"exp":5}"#, None),
            (r#"{"iss":"a","exp":5,"aud":null}"#, None),
            (r#"{"iss":"a","exp":5,"aud":[1]}"#, None),
            (r#"{"iss":"a","exp":5,"exp":6}"#, None),
            (r#"{"iss":"a","exp":5} "#, Some((vec![], vec![], 5))),
            (r#"{"iss":"a","exp":5}x"#, None),
            (r#"["a"]"#, None),
        ] {
            let read = claims(json);
            let read = read.as_ref().map(|(aud, scope, exp)| {
                (aud.iter().map(String::as_str).collect(), scope.iter().map(String::as_str).collect(), *exp)
            });
            assert_eq!(read, expect, "{json}");
        }
    }
}
