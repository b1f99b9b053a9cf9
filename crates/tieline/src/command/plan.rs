//! How a plan reads in a terminal.

use serde_json::Value;

use crate::output;

/// Prints a plan: its variables, then every problem and warning with place and hint.
pub(crate) fn print(plan: &Value) {
    output::line(&text(plan));
}

pub(crate) fn text(plan: &Value) -> String {
    let mut text = format!(
        "Plan of {} for {}: {}\n\n",
        output::cell(&plan["component"]),
        output::cell(&plan["environment"]),
        if plan["ready"] == true { "ready" } else { "not ready" },
    );
    let masked = |variable: &Value| {
        let mut row = variable.clone();
        if variable["sensitive"] == true {
            row["value"] = "********".into();
        }
        row
    };
    let variables: Vec<_> = plan["variables"].as_array().into_iter().flatten().map(masked).collect();
    let columns = [("VARIABLE", "name"), ("VALUE", "value"), ("CONNECTION", "connection"), ("KEY", "key")];
    text += &output::table(&variables, &columns);
    for (word, field) in [("problem", "problems"), ("warning", "warnings")] {
        for diagnostic in plan[field].as_array().into_iter().flatten() {
            let line = diagnostic["line"].as_u64().unwrap_or(0);
            let place = match (line, diagnostic["path"].as_str().unwrap_or_default()) {
                (0, path) => path.to_owned(),
                (line, path) => format!("{path} (line {line})"),
            };
            text +=
                &format!("\n{word}[{}]: {}\n", output::cell(&diagnostic["code"]), output::cell(&diagnostic["message"]));
            if !place.is_empty() {
                text += &format!("  at: {place}\n");
            }
            text += &format!("  hint: {}\n", output::cell(&diagnostic["hint"]));
        }
    }
    text
}
