//! `tieline graph`: who depends on whom, and what breaks when one is taken away.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use tieline_core::wire::graph::GraphView;
use tieline_web::drawing::{Links, Style, of_view, svg};

use super::graph_text::{dot, text};
use crate::client::segment;
use crate::context::Context;
use crate::failure::Done;
use crate::output::{self, OutputFormat};

/// Narrowed by --project, --component and --environment; without them the whole organization.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GraphArguments {
    /// Show who breaks when this is taken away: PROJECT/COMPONENT, or the reference of a service
    #[arg(long, value_name = "NODE")]
    impact_of: Option<String>,
    /// What to print: trees in text, Graphviz's DOT, or a drawing
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  tieline graph --project shop --env production
  tieline graph --impact-of thirdparty:Mail/v1
  tieline graph --format svg > graph.svg";

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// A tree for each consumer.
    #[default]
    Text,
    /// Graphviz's language.
    Dot,
    /// A drawing that stands alone.
    Svg,
}

pub(crate) fn run(arguments: &GraphArguments, context: &Context) -> Done {
    let (component, environment) = context.narrowed();
    // A component is found in the project beside the source; without one, the absence of a project means all of them.
    let project = context.project_flag().or_else(|| component.and_then(|_| context.project_if_any()));
    let given = [
        ("project", project),
        ("component", component),
        ("environment", environment),
        ("impact_of", arguments.impact_of.as_ref()),
    ];
    let query: Vec<_> =
        given.iter().filter_map(|(name, value)| Some(format!("{name}={}", segment((*value)?)))).collect();
    let client = context.client()?;
    let answer = client.get(&format!("{}/graph?{}", context.organization_path()?, query.join("&")))?;
    if context.output() == OutputFormat::Json {
        output::line(&answer.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let view: GraphView = serde_json::from_value(answer.clone()).map_err(|_| client.stranger())?;
    match arguments.format {
        Format::Text => output::value(OutputFormat::Text, &answer, |_| text(&view)),
        Format::Dot => output::print(&dot(&view)),
        Format::Svg => {
            let links = Links { node: &|_| None, edge: &|_| None };
            output::print(&svg(&of_view(&view, &links), Style::Own));
        }
    }
    if view.cut && arguments.format != Format::Text {
        output::error_line(CUT);
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said when there is more.
pub(super) const CUT: &str = "This is not all: there is more than one answer holds. Narrow it with --project or --env.";
