//! An endpoint that answers everything with two bytes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use anyhow::Result;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Starts one, which answers as long as this process runs; returns host and port.
pub(crate) fn start() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    Ok(address)
}

/// Requests without a body, until the other side goes.
fn serve(mut stream: TcpStream) {
    let (mut buffer, mut length) = ([0; 8 * 1024], 0);
    while let Ok(read) = stream.read(&mut buffer[length..]) {
        length += read;
        if read == 0 {
            return;
        }
        if buffer[..length].ends_with(b"\r\n\r\n") {
            length = 0;
            if stream.write_all(ANSWER).is_err() {
                return;
            }
        }
    }
}
