//! Calls of the API: blocking, because a command makes few, and starting no runtime keeps `run` fast.

use std::fs::File;
use std::io::BufReader;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use tieline_core::code;
use tieline_core::secret::Secret;
use tieline_core::wire::Problem;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::request::Builder;
use ureq::http::{Request, Response, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use crate::failure::{Exit, Failure};

/// A server and the token for it.
pub(crate) struct Client {
    agent: Agent,
    url: String,
    token: Secret,
}

impl Client {
    /// A client for a server's address.
    pub(crate) fn new(url: &str, token: Secret) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(Duration::from_secs(120)))
            .max_redirects(0)
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .user_agent(concat!("tieline/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), Addresses::default());
        Self { agent, url: url.trim_end_matches('/').to_owned(), token }
    }

    /// Asks for a resource.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send("GET", path, None)
    }

    /// Asks for every item of a paged list.
    pub(crate) fn list(&self, path: &str) -> Result<Vec<Value>, Failure> {
        self.list_up_to(path, usize::MAX)
    }

    /// Asks for the first items of a paged list.
    pub(crate) fn list_up_to(&self, path: &str, limit: usize) -> Result<Vec<Value>, Failure> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let page = match &cursor {
                Some(cursor) => self.get(&format!("{path}{separator}cursor={}", segment(cursor)))?,
                None => self.get(path)?,
            };
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) if items.len() < limit => cursor = Some(next.to_owned()),
                _ => {
                    items.truncate(limit);
                    return Ok(items);
                }
            }
        }
    }

    /// Makes something.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send("POST", path, Some(body))
    }

    /// Sets something.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send("PUT", path, Some(body))
    }

    /// Changes something.
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send("PATCH", path, Some(body))
    }

    /// Deletes something.
    pub(crate) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.send("DELETE", path, None)
    }

    /// Writes an answer into a file as it comes, however long it takes.
    pub(crate) fn download(&self, path: &str, file: &mut File) -> Result<(), Failure> {
        let request = self.request("POST", path).body(()).map_err(|error| self.invalid(&error))?;
        let patient = self.agent.configure_request(request).timeout_global(None).build();
        let response = self.agent.run(patient).map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return self.read(response).map(|_| ());
        }
        std::io::copy(&mut response.into_body().into_reader(), file).map_err(|error| self.broken_off(&error))?;
        Ok(())
    }

    /// Begins to read an answer line by line; it is given up when it takes longer than the patience.
    pub(crate) fn lines(
        &self,
        path: &str,
        patience: Duration,
    ) -> Result<BufReader<ureq::BodyReader<'static>>, Failure> {
        let request = self.request("GET", path).body(()).map_err(|error| self.invalid(&error))?;
        let patient = self.agent.configure_request(request).timeout_global(Some(patience)).build();
        let response = self.agent.run(patient).map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(BufReader::new(response.into_body().into_reader()));
        }
        Err(self.read(response).err().unwrap_or_else(|| self.stranger()))
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let request = self.request(method, path);
        let answer = match body {
            Some(body) => self.agent.run(request.body(body.to_string()).map_err(|error| self.invalid(&error))?),
            None => self.agent.run(request.body(()).map_err(|error| self.invalid(&error))?),
        };
        self.read(answer.map_err(|error| self.unreachable(&error))?)
    }

    fn request(&self, method: &str, path: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token.expose()))
            .header("content-type", "application/json")
    }

    fn invalid(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::usage(
            code!("url_invalid"),
            format!("{} is not the address of a server: {error}", self.url),
            "give it as --url http://HOST:PORT",
        )
    }

    fn unreachable(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::unreachable(
            code!("server_unreachable"),
            format!("the server at {} cannot be reached: {error}", self.url),
            "start it with `tieline server`, or name another with --url, --data or TIELINE_URL",
        )
    }

    fn broken_off(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::unreachable(
            code!("server_unreachable"),
            format!("the answer of {} broke off: {error}", self.url),
            "try again; a change may have been made or not",
        )
    }

    fn read(&self, mut response: Response<ureq::Body>) -> Result<Value, Failure> {
        let status = response.status();
        let text = response.body_mut().with_config().limit(256 * 1024 * 1024).read_to_string();
        let text = text.map_err(|error| self.broken_off(&error))?;
        if status.is_success() {
            return if text.is_empty() {
                Ok(Value::Object(serde_json::Map::new()))
            } else {
                serde_json::from_str(&text).map_err(|_| self.stranger())
            };
        }
        let problem: Problem = serde_json::from_str(&text).map_err(|_| self.stranger())?;
        // What the command line lacks is wrong usage, whichever side sees it.
        let exit = match (status.as_u16(), problem.code.as_str()) {
            (503, _) => Exit::Unreachable,
            (_, "scope_missing") => Exit::Usage,
            _ => Exit::No,
        };
        Err(Failure {
            exit,
            code: problem.code,
            message: problem.title,
            hint: problem.hint,
            plan: problem.plan.map(Box::new),
        })
    }

    /// The failure of an answer that none of Tieline is.
    pub(crate) fn stranger(&self) -> Failure {
        Failure::unreachable(
            code!("not_a_tieline_server"),
            format!("what answers at {} is no Tieline server", self.url),
            "name the server's address with --url",
        )
    }
}

/// Finds servers. An address that is written as numbers needs no look-up, and so not the thread that holds a look-up to
/// its deadline: that costs more than the whole request.
#[derive(Debug, Default)]
struct Addresses {
    names: DefaultResolver,
}

impl Resolver for Addresses {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let Some(address) = numeric(uri) else { return self.names.resolve(uri, config, timeout) };
        let mut found = self.empty();
        found.push(address);
        Ok(found)
    }
}

/// The address of a URI whose host is written as numbers.
fn numeric(uri: &Uri) -> Option<SocketAddr> {
    let host: IpAddr = uri.host()?.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    let standard = || if uri.scheme_str() == Some("https") { 443 } else { 80 };
    Some(SocketAddr::new(host, uri.port_u16().unwrap_or_else(standard)))
}

/// A text as one segment or value of a URL.
pub(crate) fn segment(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_need_no_look_up() {
        for (uri, expect) in [
            ("http://127.0.0.1:7070/api", Some("127.0.0.1:7070")),
            ("http://127.0.0.1", Some("127.0.0.1:80")),
            ("https://[::1]/x", Some("[::1]:443")),
            ("https://tieline.example:7070", None),
            ("http://localhost:7070", None),
        ] {
            let found = numeric(&uri.parse().unwrap());
            assert_eq!(found, expect.map(|address| address.parse().unwrap()), "{uri}");
        }
    }
}
