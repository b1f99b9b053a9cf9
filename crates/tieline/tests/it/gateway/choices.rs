//! What a connection may choose and what the gateway then opens agree, for every access mode, scheme and level.

use serde_json::json;

use super::field::{Credential, Field, endpoint, outcome};

/// What endpoints let see them, and what their services let prove a caller.
const VISIBILITIES: [(&str, &[&str]); 5] = [
    ("p", &["Project"]),
    ("o", &["Organization"]),
    ("w", &["Public"]),
    ("po", &["Project", "Organization"]),
    ("pow", &["Project", "Organization", "Public"]),
];
const SCHEMES: [(&str, &[&str]); 4] =
    [("oauth", &["oauth2"]), ("key", &["api-key"]), ("open", &["none"]), ("both", &["oauth2", "api-key"])];
/// Who connects: a neighbour of the provider, another project, and everybody.
const CONSUMERS: [(&str, &str, &str); 3] =
    [("component", "shop", "web"), ("project", "office", "desk"), ("organization", "office", "clerk")];
const MODES: [(&str, &str); 3] = [("project", "Project"), ("organization", "Organization"), ("public", "Public")];

fn service(endpoint: &str) -> String {
    format!("service:/shop/orders/v1/{endpoint}")
}

/// Offers an endpoint for each pair; the first, which is the default one, belongs to none.
fn offer(field: &Field) {
    let mut text =
        "schemaVersion: 1.2\nendpoints:\n  - { name: first, type: REST, service: { port: 9000 } }\n".to_owned();
    let mut addresses = json!({});
    for (seen, visibilities) in VISIBILITIES {
        for (proof, _) in SCHEMES {
            let port = 9001 + addresses.as_object().map_or(0, serde_json::Map::len);
            text += &format!(
                "  - {{ name: {seen}-{proof}, type: REST, networkVisibilities: [{}], service: {{ port: {port} }} }}\n",
                visibilities.join(", ")
            );
            addresses[format!("{seen}-{proof}")] = endpoint("orders").into();
        }
    }
    let source = json!({ "file": "component.yaml", "text": text });
    field.deploy("shop/orders", "development", "v1.0", &source, &addresses);
    for (seen, _) in VISIBILITIES {
        for (proof, schemes) in SCHEMES {
            let place =
                format!("/services/{}", service(&format!("{seen}-{proof}")).replace(':', "%3A").replace('/', "%2F"));
            field.done("PATCH", &place, &json!({ "schemes": schemes }));
        }
    }
}

/// A connection that may be made.
struct Made {
    name: String,
    endpoint: String,
    scheme: &'static str,
}

#[test]
fn what_is_offered_is_opened_and_nothing_else() {
    let field = Field::open();
    offer(&field);
    for (level, project, component) in CONSUMERS {
        let mut made = Vec::new();
        for (seen, visibilities) in VISIBILITIES {
            for (proof, schemes) in SCHEMES {
                for (mode, visibility) in MODES {
                    for scheme in ["oauth2", "api-key", "none"] {
                        let endpoint = format!("{seen}-{proof}");
                        let name = format!("{level}-{endpoint}-{mode}-{scheme}");
                        let body = json!({ "name": name, "service": service(&endpoint), "level": level,
                            "project": (level != "organization").then_some(project),
                            "component": (level == "component").then_some(component),
                            "access_mode": mode, "authentication_scheme": scheme });
                        let reply = field.ask("POST", "/connections", Some(&body));
                        let direct = mode == "project";
                        let offered = visibilities.contains(&visibility)
                            && if direct { project == "shop" && scheme == "none" } else { schemes.contains(&scheme) };
                        assert_eq!(reply.status, if offered { 201 } else { 409 }, "{name}: {reply:?}");
                        if offered {
                            made.push(Made { name, endpoint, scheme });
                        }
                    }
                }
            }
        }
        agree(&field, &format!("{project}/{component}"), &made);
    }
}

/// What was made calls, and every other way of calling the same endpoints is closed.
fn agree(field: &Field, place: &str, made: &[Made]) {
    let references: Vec<_> = made.iter().map(|made| (made.name.as_str(), service(&made.endpoint))).collect();
    let references: Vec<_> = references.iter().map(|(name, service)| (*name, service.as_str())).collect();
    field.consume(place, "development", &references);
    let injected = |made: &Made| field.injected(place, "development", &made.name);
    let bearer = |made: &Made| injected(made).bearer();
    for made in made {
        let (url, credential) = match made.scheme {
            "oauth2" => (injected(made).url(), Some(bearer(made))),
            "api-key" => (injected(made).url(), Some(injected(made).key())),
            _ => (injected(made).url(), None),
        };
        assert_eq!(outcome(&url, credential.as_ref()).0, 200, "{} by {url}", made.name);
    }
    let token = made.iter().find(|made| made.scheme == "oauth2").map(bearer).expect("one has a token");
    for (seen, visibilities) in VISIBILITIES {
        for (proof, schemes) in SCHEMES {
            let endpoint = format!("{seen}-{proof}");
            for side in ["internal", "external"] {
                let path = format!("{}/acme/development/shop/orders/{endpoint}/v1", field.gateway(side));
                let carried =
                    visibilities.contains(&"Public") || (side == "internal" && visibilities.contains(&"Organization"));
                let key = made.iter().find(|made| made.endpoint == endpoint && made.scheme == "api-key").map(injected);
                let key = key.map_or_else(|| Credential("api-key", "none".to_owned()), |injected| injected.key());
                for (scheme, credential) in [("oauth2", Some(&token)), ("api-key", Some(&key)), ("none", None)] {
                    let status = outcome(&path, credential).0;
                    let what = format!("{endpoint} through {side} by {scheme}");
                    if !carried {
                        assert_eq!(status, 404, "{what}");
                    } else if schemes == ["none"] {
                        assert_eq!(status, 200, "{what}");
                    } else if !schemes.contains(&scheme) {
                        assert_eq!(status, 401, "{what}");
                    }
                }
            }
        }
    }
}
