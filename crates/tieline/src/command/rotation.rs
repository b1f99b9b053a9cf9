//! `tieline connection rotate` and `revoke`: keys over time, and whom that touches.

use std::io::{BufRead, IsTerminal};

use clap::Args;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tieline_core::code;

use crate::context::Context;
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
The former keys are accepted until no instance holds them, or until the deadline. --env takes one environment or several
with commas between them, all when absent; --component rotates the keys of one component alone, where each has its own.

Examples:
  tieline connection rotate orders --project shop
  tieline connection rotate orders --project shop --env production --deadline 7d
  tieline connection rotate 3f1b6f0e-8d6c-4f6e-9a57-0b9f3f1f7c11 --now --yes")]
pub(crate) struct Rotate {
    /// Its name in the scope, or its id
    pub(crate) connection: String,
    /// Until when the former keys are accepted at most, as 90m, 12h or 7d
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = seconds)]
    deadline: i64,
    /// Revoke the former keys at once, and say whom that breaks
    #[arg(long, conflicts_with = "deadline")]
    now: bool,
    /// Do not ask, although it touches others, or breaks somebody
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The component's calls are refused from then on; its next deployment gives it other keys.

Example:
  tieline connection revoke orders --project shop --component web")]
pub(crate) struct Revoke {
    /// Its name in the scope, or its id
    pub(crate) connection: String,
}

/// Rotates at an operation's path, after asking where that is needed.
pub(crate) fn rotate(arguments: &Rotate, path: &str, context: &Context) -> Result<(), Failure> {
    let (component, environment) = context.narrowed();
    let body = |acknowledge: bool| {
        json!({
            "environments": handles(environment), "component": component, "now": arguments.now,
            "deadline": (!arguments.now).then_some(arguments.deadline), "acknowledge": acknowledge,
        })
    };
    let client = context.client()?;
    let changed = match client.post(path, &body(arguments.yes)) {
        Err(failure) if asks(&failure.code) && confirmed(&failure) => client.post(path, &body(true))?,
        answer => answer?,
    };
    output::value(context.output(), &changed, |changed| rotated(changed, arguments.now));
    Ok(())
}

/// Revokes at an operation's path.
pub(crate) fn revoke(path: &str, context: &Context) -> Result<(), Failure> {
    let (component, environment) = context.narrowed();
    let component = component.ok_or_else(|| {
        let hint = "give --component: the one whose keys are revoked";
        Failure::usage(code!("usage"), "whose keys are to be revoked is not said", hint)
    })?;
    let body = json!({ "component": component, "environments": handles(environment) });
    let changed = context.client()?.post(path, &body)?;
    output::value(context.output(), &changed, |changed| {
        let places: Vec<_> =
            changed["environments"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        format!(
            "Revoked the keys of {component} under the connection {} in {}: its calls are refused, and nobody else's. \
             \nhint: `tieline deploy --component {component}` gives it other keys",
            output::cell(&changed["name"]),
            places.join(", ")
        )
    });
    Ok(())
}

/// The rotations under way that `connection view` shows in an environment.
pub(crate) fn under_way(environment: &Value) -> String {
    environment["rotations"].as_array().into_iter().flatten().map(rotation).collect()
}

fn rotation(rotation: &Value) -> String {
    let whose = rotation["component"].as_str().map(|component| format!(" of {component}")).unwrap_or_default();
    let mut text = format!(
        "  keys{whose} rotated at {}; the former ones are accepted until {} at the latest",
        output::cell(&rotation["since"]),
        output::cell(&rotation["until"]),
    );
    let mut holders: Vec<_> = rotation["held_by"].as_array().into_iter().flatten().map(holder).collect();
    if let Some(hidden @ 1..) = rotation["held_elsewhere"].as_u64() {
        holders.push(format!("{hidden} in projects that you may not see"));
    }
    if !holders.is_empty() {
        text += &format!(", because they are held by {}", holders.join(", "));
    }
    text + "\n"
}

fn holder(holder: &Value) -> String {
    let place = format!("{}/{}", output::cell(&holder["project"]), output::cell(&holder["component"]));
    match (holder["version"].as_str(), holder["instances"].as_i64()) {
        (None, _) => format!("{place} (external)"),
        (Some(version), Some(instances @ 1..)) => format!("{place} {version} ({instances} running)"),
        (Some(version), _) => format!("{place} {version}"),
    }
}

fn rotated(changed: &Value, now: bool) -> String {
    let name = output::cell(&changed["name"]);
    let mut text = format!("Rotated the keys of the connection {name}.\n");
    for (environment, rotations) in changed["environments"].as_object().into_iter().flatten() {
        text += &format!("{environment}:\n");
        if now {
            text += "  the former ones are revoked\n";
        }
        text += &under_way(&json!({ "rotations": rotations }));
    }
    let touched = changed["touched"].as_array().cloned().unwrap_or_default();
    if !touched.is_empty() {
        text += if now { "\nBroken until they run with the next snapshot:\n\n" } else { "\nNew snapshots for:\n\n" };
        let columns = [("PROJECT", "project"), ("COMPONENT", "component"), ("ENVIRONMENT", "environment")];
        text += &output::table(&touched, &columns);
    }
    if now {
        return text;
    }
    text + &format!("\nhint: follow it with `tieline connection view {}`\n", output::cell(&changed["id"]))
}

fn asks(code: &str) -> bool {
    matches!(code, "rotation_touches_others" | "rotation_breaks")
}

/// Asks on a terminal; who cannot be asked has not confirmed.
fn confirmed(failure: &Failure) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    output::error_line(&failure.message);
    output::prompt("Go on? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// One handle or several.
fn handles(environment: Option<&String>) -> Vec<&str> {
    let split = environment.map(|handles| handles.split(',').map(str::trim).filter(|handle| !handle.is_empty()));
    split.into_iter().flatten().collect()
}

/// A duration in seconds: as `90m` or `1h 30m`, and days as `7d`, which are 24 hours here.
fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || "write it as 90m, 12h or 7d".to_owned();
    if let Some(days) = text.trim().strip_suffix('d') {
        let days: i64 = days.trim().parse().map_err(|_| wrong())?;
        return days.checked_mul(24 * 60 * 60).ok_or_else(wrong);
    }
    text.parse::<SignedDuration>().map(|duration| duration.as_secs()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, expect) in [("90m", Ok(5400)), ("24h", Ok(86_400)), ("7d", Ok(604_800)), ("45s", Ok(45))] {
            assert_eq!(seconds(text), expect, "{text}");
        }
        for text in ["", "soon", "7", "d", "99999999999999999999d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn several_environments_stand_in_one_flag() {
        assert_eq!(handles(None), [""; 0]);
        assert_eq!(handles(Some(&"development, production".to_owned())), ["development", "production"]);
    }
}
