//! What a connection may choose: the access modes and authentication schemes that a service offers at one place, and why
//! it does not offer the others.
//!
//! Decides nothing about permissions or names: whoever asks may see the service already.

use std::fmt;

use crate::endpoint::{EndpointType, Visibility};
use crate::model::{AccessMode, Level, Scheme};

/// The internal service that is chosen.
#[derive(Debug, Clone, Copy)]
pub struct Provider<'a> {
    /// What its endpoint speaks.
    pub endpoint_type: EndpointType,
    /// Who may reach it, as deployed.
    pub visibilities: &'a [Visibility],
    /// The schemes that it enables.
    pub schemes: &'a [Scheme],
}

/// The place that the connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consumer {
    /// Where the connection lives.
    pub level: Level,
    /// Whether its project is the provider's.
    pub same_project: bool,
}

/// Everything that could be chosen, in the order of preference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Each access mode.
    pub modes: Vec<ModeOffer>,
}

/// One access mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeOffer {
    /// The mode.
    pub mode: AccessMode,
    /// Why it is not offered; none when it is.
    pub refused: Option<String>,
    /// Each scheme, if the mode were chosen.
    pub schemes: Vec<SchemeOffer>,
}

/// One authentication scheme under an access mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeOffer {
    /// The scheme.
    pub scheme: Scheme,
    /// Why it is not offered; none when it is.
    pub refused: Option<String>,
}

/// Why a choice is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The access mode is not offered, or none is.
    Mode {
        /// Why.
        reason: String,
        /// What is offered instead.
        offered: Vec<AccessMode>,
    },
    /// The scheme is not offered under the access mode, or none is.
    Scheme {
        /// Why.
        reason: String,
        /// What is offered instead.
        offered: Vec<Scheme>,
    },
}

/// Schemes in the order in which the default is taken.
const SCHEMES: [Scheme; 3] = [Scheme::OAuth2, Scheme::ApiKey, Scheme::None];

/// What a service offers to a connection at one place.
#[must_use]
pub fn offer(provider: Provider<'_>, consumer: Consumer) -> Offer {
    let modes = [AccessMode::Project, AccessMode::Organization, AccessMode::Public];
    let modes = modes.into_iter().map(|mode| ModeOffer {
        mode,
        refused: mode_refused(mode, provider, consumer),
        schemes: SCHEMES
            .into_iter()
            .map(|scheme| SchemeOffer { scheme, refused: scheme_refused(mode, scheme, provider) })
            .collect(),
    });
    Offer { modes: modes.collect() }
}

impl Offer {
    /// Takes what was asked for, and the default for what was not.
    ///
    /// # Errors
    /// Says why the choice is not offered, and what is.
    pub fn choose(&self, mode: Option<AccessMode>, scheme: Option<Scheme>) -> Result<(AccessMode, Scheme), Refused> {
        let mode = self.choose_mode(mode)?;
        let offered: Vec<_> =
            mode.schemes.iter().filter(|offer| offer.refused.is_none()).map(|offer| offer.scheme).collect();
        let refused = |reason: String| Refused::Scheme { reason, offered: offered.clone() };
        let Some(asked) = scheme else {
            let none = || refused(format!("the service enables no authentication scheme for {} access", mode.mode));
            return offered.first().map(|scheme| (mode.mode, *scheme)).ok_or_else(none);
        };
        let found = mode.schemes.iter().find(|offer| offer.scheme == asked);
        match found.and_then(|offer| offer.refused.clone()) {
            Some(reason) => Err(refused(reason)),
            None => Ok((mode.mode, asked)),
        }
    }

    /// The access modes that are offered, the default first.
    pub fn offered_modes(&self) -> impl Iterator<Item = AccessMode> {
        self.modes.iter().filter(|offer| offer.refused.is_none()).map(|offer| offer.mode)
    }

    fn choose_mode(&self, asked: Option<AccessMode>) -> Result<&ModeOffer, Refused> {
        let refused = |reason: String| Refused::Mode { reason, offered: self.offered_modes().collect() };
        match asked {
            Some(asked) => match self.modes.iter().find(|offer| offer.mode == asked) {
                Some(ModeOffer { refused: Some(reason), .. }) => Err(refused(reason.clone())),
                Some(offer) => Ok(offer),
                None => Err(refused(format!("{asked} is no access mode of this service"))),
            },
            None => self.modes.iter().find(|offer| offer.refused.is_none()).ok_or_else(|| {
                let reasons: Vec<_> = self.modes.iter().filter_map(|offer| offer.refused.clone()).collect();
                refused(reasons.join("; "))
            }),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode { reason, .. } | Self::Scheme { reason, .. } => f.write_str(reason),
        }
    }
}

impl Refused {
    /// What to do instead, as options of `tieline connection create`.
    #[must_use]
    pub fn hint(&self) -> String {
        let words = |option: &str, words: Vec<&str>| match words.as_slice() {
            [] => "choose another service, or ask its owners to offer this one more widely".to_owned(),
            words => format!("choose {option} {}", words.join(" or ")),
        };
        match self {
            Self::Mode { offered, .. } => words("--access-mode", offered.iter().map(|mode| mode.as_str()).collect()),
            Self::Scheme { offered, .. } => {
                words("--authentication-scheme", offered.iter().map(|scheme| scheme.as_str()).collect())
            }
        }
    }
}

fn mode_refused(mode: AccessMode, provider: Provider<'_>, consumer: Consumer) -> Option<String> {
    let kind = provider.endpoint_type;
    if kind.project_only() {
        if mode != AccessMode::Project {
            return Some(format!("{mode} access: the gateway does not carry {} endpoints", kind.as_str()));
        }
    } else if !provider.visibilities.contains(&mode.visibility()) {
        return Some(format!(
            "{mode} access: the endpoint's network visibilities do not include {}",
            mode.visibility().as_str()
        ));
    }
    if mode != AccessMode::Project {
        return None;
    }
    if consumer.level == Level::Organization {
        return Some("project access: an organization-level connection belongs to no project".to_owned());
    }
    (!consumer.same_project).then(|| "project access: the provider is in another project".to_owned())
}

fn scheme_refused(mode: AccessMode, scheme: Scheme, provider: Provider<'_>) -> Option<String> {
    if mode == AccessMode::Project {
        let no_gateway = || "project access is direct: there is no gateway that could check a token or key".to_owned();
        return (scheme != Scheme::None).then(no_gateway);
    }
    (!provider.schemes.contains(&scheme)).then(|| format!("the service does not enable {scheme}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: &[Scheme] = &[Scheme::ApiKey, Scheme::OAuth2];

    fn offered(kind: EndpointType, visibilities: &[Visibility], level: Level, same_project: bool) -> Vec<AccessMode> {
        let provider = Provider { endpoint_type: kind, visibilities, schemes: DEFAULT };
        offer(provider, Consumer { level, same_project }).offered_modes().collect()
    }

    #[test]
    fn modes_follow_visibility_level_and_project() {
        use AccessMode as M;
        use Visibility as V;
        for (kind, visibilities, level, same_project, expect) in [
            (
                EndpointType::REST,
                V::ALL.as_slice(),
                Level::Component,
                true,
                &[M::Project, M::Organization, M::Public][..],
            ),
            (EndpointType::REST, &V::ALL, Level::Project, true, &[M::Project, M::Organization, M::Public]),
            (EndpointType::REST, &V::ALL, Level::Component, false, &[M::Organization, M::Public]),
            (EndpointType::REST, &V::ALL, Level::Organization, true, &[M::Organization, M::Public]),
            (EndpointType::REST, &[V::Public], Level::Component, true, &[M::Public]),
            (EndpointType::WS, &[V::Organization], Level::Component, true, &[M::Organization]),
            (EndpointType::REST, &[V::Project], Level::Component, false, &[]),
            (EndpointType::REST, &[V::Project], Level::Organization, true, &[]),
            (EndpointType::REST, &[], Level::Component, true, &[]),
            (EndpointType::GRPC, &V::ALL, Level::Component, true, &[M::Project]),
            (EndpointType::TCP, &[V::Public], Level::Component, true, &[M::Project]),
            (EndpointType::UDP, &V::ALL, Level::Component, false, &[]),
            (EndpointType::GRPC, &V::ALL, Level::Organization, true, &[]),
        ] {
            assert_eq!(offered(kind, visibilities, level, same_project), expect, "{kind:?} {visibilities:?} {level}");
        }
    }

    #[test]
    fn choices_and_defaults() {
        use AccessMode as M;
        use Scheme as S;
        let all = Visibility::ALL.as_slice();
        let here = Consumer { level: Level::Component, same_project: true };
        let there = Consumer { level: Level::Component, same_project: false };
        for (schemes, consumer, mode, scheme, expect) in [
            (DEFAULT, here, None, None, Ok((M::Project, S::None))),
            (DEFAULT, here, Some(M::Public), None, Ok((M::Public, S::OAuth2))),
            (DEFAULT, there, None, None, Ok((M::Organization, S::OAuth2))),
            (DEFAULT, there, None, Some(S::ApiKey), Ok((M::Organization, S::ApiKey))),
            (&[S::None, S::ApiKey][..], there, None, None, Ok((M::Organization, S::ApiKey))),
            (&[S::None], there, None, None, Ok((M::Organization, S::None))),
            (DEFAULT, here, None, Some(S::OAuth2), Err("project access is direct")),
            (DEFAULT, there, Some(M::Project), None, Err("the provider is in another project")),
            (DEFAULT, there, None, Some(S::None), Err("does not enable none")),
            (&[], there, None, None, Err("enables no authentication scheme")),
        ] {
            let provider = Provider { endpoint_type: EndpointType::REST, visibilities: all, schemes };
            let got = offer(provider, consumer).choose(mode, scheme);
            match (got, expect) {
                (Ok(got), Ok(expect)) => assert_eq!(got, expect),
                (Err(refused), Err(part)) => assert!(refused.to_string().contains(part), "{refused}"),
                (got, expect) => panic!("{mode:?} {scheme:?}: {got:?}, expected {expect:?}"),
            }
        }
    }

    #[test]
    fn what_is_not_offered_says_why_and_what_is() {
        let provider = Provider {
            endpoint_type: EndpointType::REST,
            visibilities: &[Visibility::Organization],
            schemes: &[Scheme::ApiKey],
        };
        let offer = offer(provider, Consumer { level: Level::Project, same_project: false });
        assert!(offer.modes.iter().all(|mode| mode.refused.is_some() != (mode.mode == AccessMode::Organization)));
        let mode = offer.choose(Some(AccessMode::Public), None).unwrap_err();
        assert_eq!(mode.hint(), "choose --access-mode organization");
        let scheme = offer.choose(None, Some(Scheme::OAuth2)).unwrap_err();
        assert_eq!(scheme.hint(), "choose --authentication-scheme api-key");
    }
}
