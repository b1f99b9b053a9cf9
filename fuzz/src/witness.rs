//! An endpoint that reads requests to the letter of RFC 9112 and of what the gateway promises, and tells the first one
//! that is otherwise.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

#[derive(Default)]
struct Seen {
    requests: usize,
    wrong: Option<String>,
}

pub(crate) struct Witness {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    _tasks: JoinSet<()>,
}

impl Witness {
    pub(crate) async fn start() -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut tasks = JoinSet::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let address = listener.local_addr().expect("an address");
        let all = Arc::clone(&seen);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&all)));
            }
        });
        Self { address, seen, _tasks: tasks }
    }

    /// How many requests came, or what was wrong with one.
    pub(crate) fn verdict(&self) -> Result<usize, String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.wrong.clone().map_or(Ok(seen.requests), Err)
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Seen>>) {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 8192];
        let Ok(length @ 1..) = stream.read(&mut chunk).await else { return };
        bytes.extend_from_slice(&chunk[..length]);
        loop {
            match request(&bytes) {
                Ok(None) => break,
                Ok(Some(end)) => {
                    bytes.drain(..end);
                    seen.lock().unwrap_or_else(PoisonError::into_inner).requests += 1;
                    if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.is_err() {
                        return;
                    }
                }
                Err(wrong) => {
                    let text = format!("{wrong}: {:?}", String::from_utf8_lossy(&bytes));
                    seen.lock().unwrap_or_else(PoisonError::into_inner).wrong.get_or_insert(text);
                    return;
                }
            }
        }
    }
}

/// Where the request that bytes begin with ends; none while it is not whole.
fn request(bytes: &[u8]) -> Result<Option<usize>, String> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).map_or_else(|_| String::from_utf8_lossy(&bytes[..end]), Into::into);
    let mut lines = head.split("\r\n");
    let parts: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, "HTTP/1.1"] = parts[..] else { return Err("no request line".to_owned()) };
    if method.is_empty() || !(target == "/base" || target.starts_with("/base/") || target.starts_with("/base?")) {
        return Err("a target outside of the base path".to_owned());
    }
    let (mut length, mut chunked, mut hosts, mut clients) = (None, false, 0, 0);
    for line in lines {
        let (name, value) = line.split_once(": ").or(line.split_once(':')).ok_or("a line that is no header")?;
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(token) || value.contains(['\r', '\n', '\0']) {
            return Err(format!("no header: {line:?}"));
        }
        match name.replace('_', "-").as_str() {
            "content-length" if length.is_none() => length = Some(value.parse::<usize>().map_err(|e| e.to_string())?),
            "transfer-encoding" if !chunked && value == "chunked" => chunked = true,
            "host" if value.starts_with("127.0.0.1:") => hosts += 1,
            "x-forwarded-for" if value == "10.1.2.3" => clients += 1,
            name @ ("content-length" | "transfer-encoding" | "host" | "x-forwarded-for" | "keep-alive" | "expect") => {
                return Err(format!("{name} stands there and should not"));
            }
            name if name.starts_with("x-tieline-") => return Err("who calls was forged".to_owned()),
            _ => {}
        }
    }
    if hosts != 1 || clients != 1 || (chunked && length.is_some()) {
        return Err(format!("{hosts} hosts, {clients} clients, chunked {chunked} and {length:?}"));
    }
    let body = &bytes[end + 4..];
    let size = if chunked { chunks(body)? } else { Some(length.unwrap_or(0)).filter(|length| body.len() >= *length) };
    Ok(size.map(|size| end + 4 + size))
}

/// Where chunks end, with their trailers.
fn chunks(body: &[u8]) -> Result<Option<usize>, String> {
    let mut at = 0;
    loop {
        let Some(line) = find(&body[at..], b"\r\n") else { return Ok(None) };
        let digits = std::str::from_utf8(&body[at..at + line]).map_err(|error| error.to_string())?;
        let size = usize::from_str_radix(digits, 16).map_err(|_| format!("no chunk: {digits:?}"))?;
        at += line + 2;
        if size == 0 {
            return Ok(trailers(&body[at..]).map(|end| at + end));
        }
        if body.len() < at + size + 2 {
            return Ok(None);
        }
        if &body[at + size..at + size + 2] != b"\r\n" {
            return Err("a chunk that does not end".to_owned());
        }
        at += size + 2;
    }
}

fn trailers(body: &[u8]) -> Option<usize> {
    if body.starts_with(b"\r\n") { Some(2) } else { find(body, b"\r\n\r\n").map(|end| end + 4) }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
