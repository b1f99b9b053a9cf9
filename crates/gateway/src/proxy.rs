//! One call, from the head of the request to the head of the answer: find the route, check, forward, try again where that
//! is safe.

pub(crate) mod refusals;
mod sweeper;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::uri::PathAndQuery;
use hyper::{Method, Request, Response, StatusCode, Uri, Version};
use tieline_core::clock::Clock;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::body::{Answer, Progress, Upload};
use crate::check::{self, Call, Caller, Check};
use crate::doors::Doors;
use crate::headers::{self, Visitor};
use crate::hop::Hop;
use crate::log::AccessLog;
use crate::metrics::Metrics;
use crate::observed::Record;
use crate::path;
use crate::refusal::Refusal;
use crate::settings::{Settings, Side};
use crate::share::Share;
use crate::table::{Route, Table};
use crate::tunnel;
use crate::upstream::{Connector, Fault, Link};

use self::sweeper::Sweeper;

/// Most bytes and headers of a request's head.
const MOST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;
/// How often a call may come through the gateway: an endpoint may call another service with what it was asked, but not on
/// and on.
const MOST_ROUNDS: usize = 4;
/// How long to wait before an endpoint that cannot be reached is tried again: long enough for a restart that takes over a
/// socket, short enough to be no burden.
const AGAIN: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(100)];
/// On how many idle connections in a row a call may meet a closed end.
const MOST_CLOSED: usize = 3;

/// A gateway.
pub struct Gateway {
    pub(crate) inner: Arc<Inner>,
}

/// What its calls share.
pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) table: Arc<Table>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) check: Check,
    pub(crate) connector: Connector,
    hop: Hop,
    pub(crate) metrics: Metrics,
    pub(crate) log: Option<AccessLog>,
    pub(crate) sweeper: Sweeper,
    pub(crate) doors: Arc<Doors>,
    /// How many calls are under way.
    pub(crate) calls: AtomicUsize,
    /// WebSockets, and the connections that opened them.
    pub(crate) tunnels: TaskTracker,
    /// Cancelled when the gateway stops.
    pub(crate) stop: CancellationToken,
}

impl Gateway {
    /// A gateway that checks calls against a table. Its access log goes to the writer, if one is given.
    #[must_use]
    pub fn new(
        settings: Settings,
        table: Arc<Table>,
        clock: Arc<dyn Clock>,
        log: Option<Box<dyn Write + Send>>,
    ) -> Self {
        let inner = Inner {
            check: Check::new(settings.most_tokens),
            hop: Hop::new(table.hop()),
            connector: Connector::new(&settings),
            metrics: Metrics::new(settings.most_series),
            log: log.map(AccessLog::new),
            sweeper: Sweeper::default(),
            doors: Doors::new(
                settings.most_connections,
                (!settings.behind_proxy).then_some(settings.most_connections_of_one),
            ),
            calls: AtomicUsize::new(0),
            tunnels: TaskTracker::new(),
            stop: CancellationToken::new(),
            settings,
            table,
            clock,
        };
        Self { inner: Arc::new(inner) }
    }

    /// What was counted, in the OpenMetrics text format.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.inner.metrics.text()
    }
}

/// Answers one call.
pub(crate) async fn answer(
    gateway: Arc<Inner>,
    side: Side,
    visitor: Arc<Visitor>,
    request: Request<Incoming>,
) -> Response<Answer> {
    let time = gateway.clock.now();
    let head = *request.method() == Method::HEAD;
    let mut record = Record::begin(Arc::clone(&gateway), side, request.method().clone(), time);
    record.visitor = Some(visitor.begin());
    match gateway.call(side, &visitor, &mut record, request, time).await {
        Ok((answer, link)) => {
            let (head, body) = answer.into_parts();
            record.answered(head.status.as_u16());
            let Some(body) = body else { return Response::from_parts(head, Answer::Own(None)) };
            let body = Answer::relayed(body, link, gateway.settings.idle, record);
            Response::from_parts(head, body)
        }
        Err(refusal) => {
            let answer = refusal.answer();
            record.refused(&refusal, if head { 0 } else { answer.body().size_hint().lower() });
            answer
        }
    }
}

/// The head and body of an answer, and the connection that the body comes over.
pub(crate) type Forwarded = (Response<Option<Incoming>>, Option<Link>);

impl Inner {
    async fn call(
        self: &Arc<Self>,
        side: Side,
        visitor: &Visitor,
        record: &mut Record,
        mut request: Request<Incoming>,
        now: jiff::Timestamp,
    ) -> Result<Forwarded, Box<Refusal>> {
        if self.calls.load(Ordering::Relaxed) > self.settings.most_calls {
            return Err(refusals::overloaded());
        }
        let asked = asked(&request)?;
        if !self.table.is_filled() {
            return Err(refusals::starting());
        }
        if self.hop.rounds(request.headers()) >= MOST_ROUNDS {
            return Err(refusals::loops());
        }
        let found = self.table.route(request.uri().path()).filter(|(route, _)| route.on(side));
        let (route, end) = found.ok_or_else(refusals::route_not_found)?;
        record.route = Some(Arc::clone(&route));
        record.share = Some(self.share(&route)?);
        let rest = &request.uri().path()[end..];
        if !path::stays(rest) {
            return Err(refusals::path_unsafe());
        }
        let call = Call { method: request.method(), headers: request.headers(), route: &route, rest, now };
        record.caller = self.check.call(&self.table, &call)?;
        if request.body().size_hint().lower() > self.settings.most_body {
            return Err(refusals::body_too_large(self.settings.most_body));
        }
        let upgrade = tunnel::wanted(&request)?.then(|| hyper::upgrade::on(&mut request));
        let (mut head, body) = request.into_parts();
        let (body, progress) = Upload::new(body, self.settings.most_body, self.settings.idle);
        record.upload.clone_from(&progress);
        let key = upgrade.is_some().then(|| tunnel::kept(&head.headers));
        let host = match &route.target.place {
            Ok(place) => &place.authority,
            Err(reason) => return Err(refusals::address_refused(&route, reason)),
        };
        let token =
            matches!(record.caller, Caller::Client(..)) || check::shows_token(&head.headers, &self.table, &route);
        headers::request(&mut head.headers, host, asked, visitor, &route, &record.caller, token);
        self.hop.add(&mut head.headers, head.version);
        if !body.is_empty() && !head.headers.contains_key(header::CONTENT_LENGTH) {
            // Without either, the client would take a body of GET for none.
            head.headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        key.into_iter().for_each(|key| tunnel::ask(&mut head.headers, key));
        let asked = std::mem::take(&mut head.uri);
        head.uri = target(&route, &asked, end)?;
        head.version = Version::HTTP_11;
        head.extensions.clear();
        let request = Request::from_parts(head, body);
        record.target = Some(Arc::clone(&route.target));
        if let Some(client) = upgrade {
            return tunnel::open(self, record, &route, request, client).await;
        }
        self.forward(record, route, request, progress.as_deref(), (&asked, end)).await
    }

    /// A share of the calls for the organization of a route: at most twice as many as are free, so that one that fills its
    /// share leaves as many for others.
    fn share(&self, route: &Route) -> Result<Share, Box<Refusal>> {
        // This call is one of those under way.
        let others = self.calls.load(Ordering::Relaxed).saturating_sub(1);
        let free = self.settings.most_calls.saturating_sub(others);
        Share::take(&route.calls, 2 * free).ok_or_else(refusals::overloaded)
    }

    async fn forward(
        &self,
        record: &mut Record,
        mut route: Arc<Route>,
        mut request: Request<Upload>,
        progress: Option<&Progress>,
        (asked, end): (&Uri, usize),
    ) -> Result<Forwarded, Box<Refusal>> {
        let repeatable = request.body().is_empty() && request.method().is_idempotent();
        let (mut waits, mut closed) = (AGAIN.into_iter(), 0);
        loop {
            let installation = self.table.installation();
            let idle = if closed < MOST_CLOSED { route.target.take(installation.version) } else { None };
            let mut link = match idle {
                Some(link) => link,
                None => match self.connector.open(&route.target, &installation).await {
                    Ok(link) => link,
                    Err(fault) => {
                        // Nothing was sent, and the endpoint may have moved meanwhile.
                        if !self.follow(&mut route, &mut request, asked, end)? {
                            let wait = waits.next().filter(|_| matches!(fault, Fault::Unreachable(_)));
                            sleep(wait.ok_or_else(|| refusals::unconnected(&route, fault))?).await;
                            self.follow(&mut route, &mut request, asked, end)?;
                        }
                        record.target = Some(Arc::clone(&route.target));
                        continue;
                    }
                },
            };
            let spare = (link.used && repeatable).then(|| copy(&request));
            let answer = self.patiently(&mut link, request, progress).await.ok_or_else(|| refusals::slow(&route))?;
            match answer {
                Ok(answer) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
                    return Err(refusals::broke_off(&route, "it switched to a protocol that nobody asked for"));
                }
                Ok(mut answer) => {
                    headers::answer(answer.headers_mut());
                    return Ok((answer.map(Some), Some(link)));
                }
                Err(mut error) => {
                    closed += 1;
                    // What was not sent can be sent elsewhere; what was sent only if doing it twice is doing it once.
                    request = match error.take_message().or(spare).filter(|_| closed <= MOST_CLOSED + 1) {
                        Some(request) => request,
                        None => return Err(self.broken(&route, progress, &error.into_error())),
                    };
                }
            }
        }
    }

    /// Waits for the head of an answer; for a body that is on its way as long as it moves.
    async fn patiently(
        &self,
        link: &mut Link,
        request: Request<Upload>,
        progress: Option<&Progress>,
    ) -> Option<Result<Response<Incoming>, hyper::client::conn::TrySendError<Request<Upload>>>> {
        let mut calling = std::pin::pin!(link.call(request));
        loop {
            let before = progress.map(|progress| progress.bytes.load(Ordering::Relaxed));
            match timeout(self.settings.head, calling.as_mut()).await {
                Ok(answer) => return Some(answer),
                Err(_) if progress.is_some_and(|progress| Some(progress.bytes.load(Ordering::Relaxed)) != before) => {}
                Err(_) => return None,
            }
        }
    }

    /// Looks again where a route leads to; whether it is somewhere else.
    fn follow(
        &self,
        route: &mut Arc<Route>,
        request: &mut Request<Upload>,
        asked: &Uri,
        end: usize,
    ) -> Result<bool, Box<Refusal>> {
        let found = self.table.route(asked.path()).map(|(found, _)| found);
        let Some(found) = found.filter(|found| found.service == route.service) else {
            return Err(refusals::route_not_found());
        };
        if Arc::ptr_eq(&found.target, &route.target) {
            return Ok(false);
        }
        if let Ok(place) = &found.target.place {
            request.headers_mut().insert(header::HOST, place.authority.clone());
        }
        *request.uri_mut() = target(&found, asked, end)?;
        *route = found;
        Ok(true)
    }

    fn broken(&self, route: &Route, progress: Option<&Progress>, error: &hyper::Error) -> Box<Refusal> {
        match progress {
            Some(progress) if progress.too_large.load(Ordering::Relaxed) => {
                refusals::body_too_large(self.settings.most_body)
            }
            Some(progress) if progress.broken.load(Ordering::Relaxed) => refusals::body_broken(),
            _ => refusals::broke_off(route, &error.to_string()),
        }
    }
}

/// What a request is for the endpoint, by the route and what was asked.
fn target(route: &Route, asked: &Uri, end: usize) -> Result<Uri, Box<Refusal>> {
    let target = path::joined(&route.base_path, &asked.path()[end..], asked.query());
    PathAndQuery::try_from(target).map(Uri::from).map_err(|_| refusals::path_unsafe())
}

/// A request without body once more.
fn copy(request: &Request<Upload>) -> Request<Upload> {
    let mut copy = Request::new(Upload::Empty);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

/// Whom a request asks, by its authority or its `Host`; refuses one that no server should take (RFC 9112, sections 3.2
/// and 7.1), and one whose head is too large.
fn asked(request: &Request<Incoming>) -> Result<Option<HeaderValue>, Box<Refusal>> {
    let headers = request.headers();
    if *request.method() == Method::CONNECT || *request.method() == Method::TRACE {
        return Err(refusals::method_refused(request.method()));
    }
    if headers.len() > MOST_HEADERS || size(request.uri(), headers) > MOST_HEAD {
        return Err(refusals::head_too_large());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() || (host.is_none() && request.version() == Version::HTTP_11) {
        return Err(refusals::host_wrong());
    }
    match request.uri().authority() {
        Some(authority) => Ok(HeaderValue::from_str(authority.as_str()).ok()),
        None => Ok(host.cloned()),
    }
}

fn size(uri: &Uri, headers: &HeaderMap) -> usize {
    // Each line of a head has a colon, a blank and an end.
    let line = |(name, value): (&header::HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    headers.iter().map(line).sum::<usize>() + path
}
