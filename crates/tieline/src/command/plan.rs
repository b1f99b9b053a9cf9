//! How a plan reads in a terminal.

use serde_json::Value;

use crate::output;

/// Prints a plan: its variables, then every problem and warning with place and hint.
pub(crate) fn print(plan: &Value) {
    output::print(&text(plan));
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
    text += &if variables.is_empty() { "no variables\n".to_owned() } else { output::table(&variables, &columns) };
    text + &remarks("problem", &plan["problems"]) + &remarks("warning", &plan["warnings"])
}

/// Every remark of a list, with place and hint.
pub(crate) fn remarks(word: &str, list: &Value) -> String {
    let mut text = String::new();
    for diagnostic in list.as_array().into_iter().flatten() {
        let field = |name: &str| output::cell(&diagnostic[name]);
        text += &format!("\n{word}[{}]: {}\n", field("code"), field("message"));
        let path = diagnostic["path"].as_str().unwrap_or_default();
        match diagnostic["line"].as_u64().unwrap_or(0) {
            0 if path.is_empty() => {}
            0 => text += &format!("  at: {path}\n"),
            line => text += &format!("  at: {path} (line {line})\n"),
        }
        text += &format!("  hint: {}\n", field("hint"));
    }
    text
}
