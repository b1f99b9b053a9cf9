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
    text += &variables(&plan["variables"]);
    text + &changes("the live snapshot", &plan["changes"])
        + &remarks("problem", &plan["problems"])
        + &remarks("warning", &plan["warnings"])
}

/// How a deployment reads, with what it runs with.
pub(crate) fn snapshot(deployment: &Value) -> String {
    let cell = |field: &str| output::cell(&deployment[field]);
    let mut text = format!("{} {} in {}: {}\n", cell("component"), cell("version"), cell("environment"), cell("state"));
    text += &format!("  made      {}\n  snapshot  {}\n\n", cell("created_at"), cell("snapshot"));
    text += &variables(&deployment["variables"]);
    text + &changes(&format!("the deployment {} before it", cell("before")), &deployment["changes"])
}

fn variables(list: &Value) -> String {
    let masked = |variable: &Value| {
        let mut row = variable.clone();
        if variable["sensitive"] == true {
            row["value"] = "********".into();
        }
        row
    };
    let variables: Vec<_> = list.as_array().into_iter().flatten().map(masked).collect();
    let columns = [("VARIABLE", "name"), ("VALUE", "value"), ("CONNECTION", "connection"), ("KEY", "key")];
    if variables.is_empty() { "no variables\n".to_owned() } else { output::table(&variables, &columns) }
}

/// How the variables differ from those of another snapshot.
fn changes(other: &str, list: &Value) -> String {
    let list: Vec<_> = list.as_array().into_iter().flatten().collect();
    let lines = list.iter().map(|change| {
        let sign = match change["change"].as_str() {
            Some("added") => '+',
            Some("removed") => '-',
            _ => '~',
        };
        format!("  {sign} {} {}\n", output::cell(&change["name"]), output::cell(&change["change"]))
    });
    if list.is_empty() {
        return String::new();
    }
    format!("\nAgainst {other}:\n{}", lines.collect::<String>())
}

/// Every remark of a list, with place and hint.
pub(crate) fn remarks(word: &str, list: &Value) -> String {
    let mut text = String::new();
    for diagnostic in list.as_array().into_iter().flatten() {
        let field = |name: &str| output::cell(&diagnostic[name]);
        text += &format!("\n{word}[{}]: {}\n", field("code"), field("message"));
        let path = diagnostic["path"].as_str().unwrap_or_default();
        match (path, diagnostic["line"].as_u64().unwrap_or(0)) {
            ("", 0) => {}
            ("", line) => text += &format!("  at: line {line}\n"),
            (path, 0) => text += &format!("  at: {path}\n"),
            (path, line) => text += &format!("  at: {path} (line {line})\n"),
        }
        text += &format!("  hint: {}\n", field("hint"));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_read_as_a_list() {
        let list = json!([{ "name": "A", "change": "added" }, { "name": "B", "change": "changed" },
            { "name": "C", "change": "removed" }]);
        assert_eq!(
            changes("the live snapshot", &list),
            "\nAgainst the live snapshot:\n  + A added\n  ~ B changed\n  - C removed\n"
        );
        assert_eq!(changes("it", &json!([])), "");
    }

    #[test]
    fn a_remark_names_as_much_of_its_place_as_is_known() {
        for (path, line, place) in [
            ("", 0, ""),
            ("", 3, "  at: line 3\n"),
            ("endpoints[0]", 0, "  at: endpoints[0]\n"),
            ("endpoints[0]", 3, "  at: endpoints[0] (line 3)\n"),
        ] {
            let list = json!([{ "code": "c", "message": "m", "hint": "h", "path": path, "line": line }]);
            assert_eq!(remarks("problem", &list), format!("\nproblem[c]: m\n{place}  hint: h\n"));
        }
    }
}
