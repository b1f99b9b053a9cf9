//! `tieline explain`: the page behind an error code.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tieline_core::{code, explain};

use crate::context::Context;
use crate::failure::{Done, Failure};
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tieline explain plan_not_ready")]
pub(crate) struct ExplainArguments {
    /// The code, as in error[CODE]; without one every code is listed
    code: Option<String>,
}

pub(crate) fn run(arguments: &ExplainArguments, context: &Context) -> Done {
    let Some(code) = &arguments.code else {
        let list: Vec<_> = explain::pages().map(|(code, page)| json!({ "code": code, "page": page })).collect();
        output::value(context.output(), &list.clone().into(), |_| {
            list.iter().map(|entry| output::cell(&entry["code"]) + "\n").collect()
        });
        return Ok(ExitCode::SUCCESS);
    };
    let page = explain::page(code).ok_or_else(|| {
        let hint = "list every code with `tieline explain`";
        Failure::no(code!("code_unknown"), format!("there is no error code {code:?}"), hint)
    })?;
    output::value(context.output(), &json!({ "code": code, "page": page }), |_| page.to_owned());
    Ok(ExitCode::SUCCESS)
}
