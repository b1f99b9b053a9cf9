//! Asking identity providers over HTTP. It is the binary's, because use cases know no HTTP, and the one client that it has
//! is made for it: blocking calls, few and rare, with their limits.
//!
//! Addresses are judged twice: as they are written, and every one that a name resolves to, just before the connection is
//! opened to exactly that one. No redirect is followed, whoever it leads to.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tieline_core::address;
use tieline_core::identity_provider::{Fault, Management, ProviderClient, Reach, check_endpoint};
use tieline_core::secret::Secret;
use ureq::config::Config;
use ureq::http::{Request, StatusCode, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Timeout};

/// Patience with a whole answer, from the look-up of the name to the last byte.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer: metadata and key sets of large providers have some 20 KiB.
const LARGEST: u64 = 256 * 1024;
/// How much of an answer is repeated to people.
const REPEATED: usize = 200;

/// The client of every identity provider.
#[derive(Debug, Default)]
pub(crate) struct HttpProviderClient;

/// An answer as it came.
struct Answer {
    status: StatusCode,
    text: Secret,
}

impl ProviderClient for HttpProviderClient {
    fn document(&self, url: &str, token: Option<&Secret>, reach: &Reach) -> Result<Value, Fault> {
        let mut request = Request::builder().method("GET").uri(url).header("accept", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        let answer = send(request.body(String::new()), url, reach)?;
        match answer.status {
            StatusCode::OK => serde_json::from_str(answer.text.expose())
                .map_err(|_| Fault::Strange("what is there is no JSON".to_owned())),
            _ => Err(answer.refusal()),
        }
    }

    fn exchange(&self, url: &str, proof: Option<&Secret>, form: &Secret, reach: &Reach) -> Result<Secret, Fault> {
        let mut request = Request::builder().method("POST").uri(url);
        request = request.header("accept", "application/json");
        request = request.header("content-type", "application/x-www-form-urlencoded");
        if let Some(proof) = proof {
            request = request.header("authorization", proof.expose());
        }
        let answer = send(request.body(form.expose().to_owned()), url, reach)?;
        match answer.status {
            StatusCode::OK => Ok(answer.text),
            _ => Err(answer.refusal()),
        }
    }

    fn register(&self, url: &str, token: Option<&Secret>, body: &Value, reach: &Reach) -> Result<Secret, Fault> {
        let mut request = Request::builder().method("POST").uri(url);
        request = request.header("accept", "application/json").header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        let answer = send(request.body(body.to_string()), url, reach)?;
        match answer.status {
            StatusCode::CREATED | StatusCode::OK => Ok(answer.text),
            _ => Err(answer.refusal()),
        }
    }

    fn unregister(&self, management: &Management, reach: &Reach) -> Result<(), Fault> {
        let uri = &management.uri;
        let bearer = format!("Bearer {}", management.token.expose());
        let request = Request::builder().method("DELETE").uri(uri).header("authorization", bearer);
        let answer = send(request.body(String::new()), uri, reach)?;
        match answer.status {
            status if status.is_success() => Ok(()),
            // RFC 7592, section 2.3: 401 for a client that is not there; some say 404.
            StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND | StatusCode::GONE => Ok(()),
            _ => Err(answer.refusal()),
        }
    }
}

impl Answer {
    /// Why it is not what was asked for, in the provider's own words where it uses those of RFC 6749.
    fn refusal(&self) -> Fault {
        let status = self.status;
        let said: Option<Value> = serde_json::from_str(self.text.expose()).ok();
        let word = |name: &str| said.as_ref().and_then(|said| said.get(name)).and_then(Value::as_str);
        let words: Vec<_> = [word("error"), word("error_description")].into_iter().flatten().collect();
        let words: String = words.join(": ").chars().filter(|c| !c.is_control()).take(REPEATED).collect();
        let said =
            if words.is_empty() { format!("it answered {status}") } else { format!("it answered {status}: {words}") };
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Fault::Away(said),
            status if status.is_server_error() => Fault::Away(said),
            status if status.is_redirection() => Fault::Denied(format!("{said}, which is not followed")),
            _ => Fault::Denied(said),
        }
    }
}

fn send(request: Result<Request<String>, ureq::http::Error>, url: &str, reach: &Reach) -> Result<Answer, Fault> {
    check_endpoint(url).and_then(|()| address::check(url, &reach.rules())).map_err(Fault::Refused)?;
    let request = request.map_err(|error| Fault::Strange(format!("it cannot be asked: {error}")))?;
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .proxy(None)
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .user_agent(concat!("tieline/", env!("CARGO_PKG_VERSION")))
        .build();
    let resolver = Judged { reach: reach.clone(), names: DefaultResolver::default() };
    let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
    let mut answer = agent.run(request).map_err(|error| fault(&error))?;
    let status = answer.status();
    let text = answer.body_mut().with_config().limit(LARGEST).read_to_string();
    let text = text.map_err(|error| Fault::Lost(format!("its answer could not be read: {error}")))?;
    Ok(Answer { status, text: Secret::new(text) })
}

/// Whether the provider may have got the question.
fn fault(error: &ureq::Error) -> Fault {
    match error {
        ureq::Error::Io(refused) if refused.kind() == io::ErrorKind::PermissionDenied => {
            Fault::Refused(refused.to_string())
        }
        ureq::Error::Io(io)
            if matches!(
                io.kind(),
                io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable
            ) =>
        {
            Fault::Away(format!("it cannot be reached: {io}"))
        }
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_)
        | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            Fault::Away(format!("it cannot be reached: {error}"))
        }
        error => Fault::Lost(format!("it did not answer: {error}")),
    }
}

/// Finds the addresses of a name that the rules admit.
#[derive(Debug)]
struct Judged {
    reach: Reach,
    names: DefaultResolver,
}

impl Resolver for Judged {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut admitted = self.empty();
        let mut refused = None;
        for found in self.names.resolve(uri, config, timeout)?.iter() {
            match address::check(&format!("http://{found}"), &self.reach.rules()) {
                Ok(()) => admitted.push(*found),
                Err(reason) => refused = Some(reason),
            }
        }
        match refused {
            Some(reason) if admitted.is_empty() => Err(io::Error::new(io::ErrorKind::PermissionDenied, reason).into()),
            _ => Ok(admitted),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// An endpoint on loopback that answers each request with the same bytes; answers its address.
    fn endpoint(answer: &str) -> String {
        let answer = answer.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        address
    }

    fn near() -> Reach {
        crate::wire::install_crypto();
        Reach { loopback: true, own: Vec::new() }
    }

    #[test]
    fn addresses_are_judged_as_written_and_as_resolved() {
        let (url, near) = (endpoint("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"), near());
        assert!(HttpProviderClient.document(&url, None, &near).is_ok());
        let port = url.rsplit(':').next().unwrap();
        let own = Reach { own: vec![format!("127.0.0.1:{port}").parse().unwrap()], ..near.clone() };
        let far = Reach { loopback: false, ..near.clone() };
        let name = format!("http://localhost:{port}");
        for (url, reach) in [
            (url.as_str(), &own),
            (&url, &far),
            (&name, &far),
            ("https://169.254.169.254/", &near),
            ("https://metadata.google.internal/", &near),
            ("http://id.example/", &near),
        ] {
            let refused = HttpProviderClient.document(url, None, reach);
            assert!(matches!(refused, Err(Fault::Refused(_))), "{url}: {refused:?}");
        }
        let resolver = Judged { reach: far, names: DefaultResolver::default() };
        let found = resolver.resolve(&name.parse().unwrap(), &Config::default(), NextTimeout::default());
        let refused = matches!(&found, Err(ureq::Error::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied);
        assert!(refused, "a name that resolves to what is refused: {found:?}");
    }

    #[test]
    fn what_a_provider_does_is_told_apart() {
        let near = near();
        let with =
            |status: &str, body: &str| format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let no = r#"{"error":"invalid_token","error_description":"no such\n token"}"#;
        type Is = fn(&Fault) -> bool;
        let cases: [(String, Is, &str); 7] = [
            (with("503 Busy", ""), |fault| matches!(fault, Fault::Away(_)), "503"),
            (with("401 No", no), |fault| matches!(fault, Fault::Denied(_)), "invalid_token: no such token"),
            (
                "HTTP/1.1 302 There\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n".to_owned(),
                |fault| matches!(fault, Fault::Denied(_)),
                "not followed",
            ),
            (with("200 OK", "<a/>"), |fault| matches!(fault, Fault::Strange(_)), "no JSON"),
            (with("200 OK", "{}").replace(": 2", ": 9"), |fault| matches!(fault, Fault::Lost(_)), "answer"),
            (with("200 OK", &" ".repeat(300_000)), |fault| matches!(fault, Fault::Lost(_)), "limit"),
            (String::new(), |fault| matches!(fault, Fault::Lost(_)), "did not answer"),
        ];
        for (answer, is, says) in cases {
            let fault = HttpProviderClient.document(&endpoint(&answer), None, &near).unwrap_err();
            assert!(is(&fault) && fault.to_string().contains(says), "{fault:?}");
        }
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let fault = HttpProviderClient.document(&format!("http://{gone}"), None, &near).unwrap_err();
        assert!(matches!(fault, Fault::Away(_)), "{fault:?}");
    }

    #[test]
    fn a_code_is_exchanged_by_a_form() {
        let near = near();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (mut asked, mut piece) = (String::new(), [0; 4096]);
                while !asked.ends_with("code=c") {
                    let read = stream.read(&mut piece).unwrap();
                    asked += std::str::from_utf8(&piece[..read]).unwrap();
                }
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{asked}", asked.len());
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        for proof in [Some(Secret::new("Basic eA==")), None] {
            let form = Secret::new("grant_type=authorization_code&code=c");
            let asked = HttpProviderClient.exchange(&url, proof.as_ref(), &form, &near).unwrap();
            let asked = asked.expose().to_ascii_lowercase();
            assert!(asked.starts_with("post /token "), "{asked}");
            assert!(asked.contains("content-type: application/x-www-form-urlencoded\r\n"), "{asked}");
            assert_eq!(asked.contains("authorization: basic ea==\r\n"), proof.is_some(), "{asked}");
        }
        let no = endpoint("HTTP/1.1 400 No\r\ncontent-length: 25\r\n\r\n{\"error\":\"invalid_grant\"}");
        let fault = HttpProviderClient.exchange(&no, None, &Secret::new("a=b"), &near).unwrap_err();
        assert!(matches!(&fault, Fault::Denied(said) if said.ends_with("invalid_grant")), "{fault:?}");
    }

    #[test]
    fn a_client_that_is_gone_is_as_good_as_deleted() {
        let near = near();
        for (answer, good) in [
            ("HTTP/1.1 204 Done\r\n\r\n", true),
            ("HTTP/1.1 401 Gone\r\ncontent-length: 0\r\n\r\n", true),
            ("HTTP/1.1 404 Gone\r\ncontent-length: 0\r\n\r\n", true),
            ("HTTP/1.1 405 Never\r\ncontent-length: 0\r\n\r\n", false),
        ] {
            let management = Management { uri: endpoint(answer), token: Secret::new("token") };
            assert_eq!(HttpProviderClient.unregister(&management, &near).is_ok(), good, "{answer}");
        }
    }
}
