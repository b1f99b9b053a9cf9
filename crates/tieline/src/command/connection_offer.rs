//! What `tieline connection offer`, `targets` and `create --dry-run` print for people.

use serde_json::{Value, json};

use super::connection::{environments, place};
use crate::output;

/// Access modes and schemes with the reasons, and where environments may lead.
pub(super) fn offered(offer: &Value) -> String {
    let mut text = format!("{}, at {} level\n\n", output::cell(&offer["service"]), output::cell(&offer["level"]));
    let mut rows = Vec::new();
    for mode in array(&offer["modes"]) {
        if mode["refused"].is_string() {
            rows.push(json!({ "mode": mode["mode"], "scheme": "", "offered": mode["refused"] }));
            continue;
        }
        for scheme in array(&mode["schemes"]) {
            let chosen = mode["mode"] == offer["access_mode"] && scheme["scheme"] == offer["authentication_scheme"];
            let yes = if chosen { "yes, unless you choose" } else { "yes" };
            let offered = scheme["refused"].as_str().unwrap_or(yes);
            rows.push(json!({ "mode": mode["mode"], "scheme": scheme["scheme"], "offered": offered }));
        }
    }
    if !rows.is_empty() {
        let columns = [("ACCESS MODE", "mode"), ("AUTHENTICATION SCHEME", "scheme"), ("OFFERED", "offered")];
        text += &output::table(&rows, &columns);
        text.push('\n');
    }
    text + &targets(array(&offer["environments"]))
}

/// Where each environment may lead.
pub(super) fn targets(environments: &[Value]) -> String {
    let mut rows = Vec::new();
    for environment in environments {
        let handle = &environment["environment"];
        let targets = array(&environment["targets"]);
        if targets.is_empty() {
            rows.push(json!({ "environment": handle, "target": "nothing is assigned", "address": "", "used": "" }));
        }
        for target in targets {
            let used = if target["name"] == environment["used"] { "yes, unless you choose" } else { "" };
            let address = target["address"].as_str().unwrap_or_default();
            rows.push(json!({ "environment": handle, "target": target["name"], "address": address, "used": used }));
        }
    }
    let columns = [("ENVIRONMENT", "environment"), ("LEADS TO", "target"), ("ADDRESS", "address"), ("USED", "used")];
    output::table(&rows, &columns)
}

/// What a connection would be.
pub(super) fn previewed(preview: &Value) -> String {
    format!(
        "{} would be a {} connection to {}; nothing was made.\n\n{}",
        output::cell(&preview["name"]),
        place(preview),
        output::cell(&preview["service"]),
        environments(preview)
    )
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
