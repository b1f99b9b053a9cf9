//! A consumer that calls again and again, as a hidden program: what shows that a rotation fails no request. It knows
//! nothing but its environment variables, gets tokens as any client does, and calls by token and by API key in turn.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;

use super::program::required;
use crate::failure::Failure;
use crate::output;

/// Callers at a time, each with connections of its own.
const CALLERS: u32 = 4;
/// Calls that a caller makes with one token before it asks for another.
const CALLS_WITH_A_TOKEN: u32 = 50;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(crate) struct LoadArguments {
    /// The beginning of the connection's variables, as CHOREO_ORDERS
    prefix: String,
    /// Requests per second, if they are answered fast enough
    #[arg(long, default_value_t = 500)]
    rate: u32,
}

/// What was injected.
#[derive(Clone)]
struct Injected {
    url: String,
    token_url: String,
    id: String,
    secret: String,
    key: String,
}

/// Calls until it is killed. It says that it has begun, and then of each request its status, 0 for one without an answer,
/// and how many microseconds it took.
pub(super) fn run(arguments: &LoadArguments) -> Result<(), Failure> {
    let value = |key: &str| required(&format!("{}_{key}", arguments.prefix));
    let injected = Injected {
        url: value("SERVICEURL")?,
        token_url: value("TOKENURL")?,
        id: value("CONSUMERKEY")?,
        secret: value("CONSUMERSECRET")?,
        // A descriptor under .tieline/ has its own name for it.
        key: value("CHOREOAPIKEY").or_else(|_| value("APIKEY"))?,
    };
    output::line("begun");
    let pause = Duration::from_secs(1) * CALLERS / arguments.rate.max(1);
    std::thread::scope(|threads| {
        for _ in 0..CALLERS {
            threads.spawn(|| call(&injected, pause));
        }
    });
    Ok(())
}

fn call(injected: &Injected, pause: Duration) {
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
    let agent = config.build().new_agent();
    let mut next = Instant::now();
    loop {
        let mut bearer = String::new();
        for call in 0..CALLS_WITH_A_TOKEN {
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            // What was missed is not made up for.
            next = next.max(Instant::now()) + pause;
            let begin = Instant::now();
            let status = match call {
                0 => injected.token(&agent).map(|(status, token)| {
                    bearer = format!("Bearer {token}");
                    status
                }),
                call if call % 2 == 1 => injected.get(&agent, "authorization", &bearer),
                _ => injected.get(&agent, "choreo-api-key", &injected.key),
            };
            output::line(&format!("{} {}", status.unwrap_or_default(), begin.elapsed().as_micros()));
        }
    }
}

impl Injected {
    fn token(&self, agent: &ureq::Agent) -> Result<(u16, String), ureq::Error> {
        let form = [("grant_type", "client_credentials"), ("client_id", &self.id), ("client_secret", &self.secret)];
        let mut answer = agent.post(&self.token_url).send_form(form)?;
        let body: Value = answer.body_mut().read_json()?;
        Ok((answer.status().as_u16(), output::cell(&body["access_token"])))
    }

    fn get(&self, agent: &ureq::Agent, name: &str, proof: &str) -> Result<u16, ureq::Error> {
        let mut answer = agent.get(format!("{}/load", self.url)).header(name, proof).call()?;
        answer.body_mut().read_to_string()?;
        Ok(answer.status().as_u16())
    }
}
