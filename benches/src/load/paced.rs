//! A load that keeps its rate, whether or not answers come: what is late because an answer before it was late counts as
//! late, which a load that waits for its answers hides.
//!
//! It waits with the kernel's own timers: those of a runtime count whole milliseconds.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::prctl::set_timerslack;
use nix::sys::time::TimeSpec;

use super::answer::Answer;
use super::{Outcome, Request};
use crate::machine;
use crate::server::CORE;

/// Sends so many requests per second, spread evenly over time and connections; the time of an answer counts from when its
/// request was due.
pub(crate) fn paced(
    address: &str,
    requests: &[Request],
    connections: usize,
    rate: f64,
    duration: Duration,
) -> Result<Outcome> {
    machine::pin(CORE + 1)?;
    // Of the fifty microseconds by which a thread is woken late otherwise.
    set_timerslack(1)?;
    let outcome = send(address, requests, connections, rate, duration);
    machine::unpin()?;
    outcome
}

fn send(address: &str, requests: &[Request], connections: usize, rate: f64, duration: Duration) -> Result<Outcome> {
    let mut lines = (0..connections).map(|_| Line::connect(address)).collect::<Result<Vec<_>>>()?;
    let begin = Instant::now();
    let due = |number: usize| begin + Duration::from_secs_f64(number as f64 / rate);
    // Each connection sends every so manieth request.
    for (number, line) in lines.iter_mut().enumerate() {
        line.number = number;
    }
    let mut latencies = Vec::new();
    let mut read = [0; 16 * 1024];
    loop {
        let now = Instant::now();
        let mut next: Option<Instant> = None;
        for line in lines.iter_mut().filter(|line| !line.waits) {
            let due = due(line.number);
            if due >= begin + duration {
                continue;
            }
            if due <= now {
                line.send(&requests[line.number % requests.len()])?;
            } else {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
        let waiting: Vec<usize> = (0..lines.len()).filter(|&index| lines[index].waits).collect();
        if waiting.is_empty() && next.is_none() {
            return Ok(Outcome { elapsed: begin.elapsed(), latencies });
        }
        let until = next.map(|next| TimeSpec::from_duration(next.saturating_duration_since(Instant::now())));
        let mut polled: Vec<PollFd<'_>> =
            waiting.iter().map(|&index| PollFd::new(lines[index].stream.as_fd(), PollFlags::POLLIN)).collect();
        ppoll(&mut polled, until, None)?;
        let ready: Vec<usize> = waiting
            .iter()
            .zip(&polled)
            .filter(|(_, polled)| polled.any() == Some(true))
            .map(|(&index, _)| index)
            .collect();
        for index in ready {
            let line = &mut lines[index];
            if line.receive(&mut read)? {
                latencies.push(due(line.number).elapsed());
                line.number += connections;
            }
        }
    }
}

/// A connection.
struct Line {
    stream: TcpStream,
    /// The number of its next request, or of the one that is under way.
    number: usize,
    /// Whether one is under way.
    waits: bool,
    answer: Vec<u8>,
}

impl Line {
    fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, number: 0, waits: false, answer: Vec::new() })
    }

    /// The kernel has room for the request: nothing else is under way.
    fn send(&mut self, request: &Request) -> Result<()> {
        self.stream.write_all(&request.0)?;
        self.waits = true;
        Ok(())
    }

    /// Whether the answer is whole.
    fn receive(&mut self, read: &mut [u8]) -> Result<bool> {
        match self.stream.read(read) {
            Ok(length) => {
                ensure!(length > 0, "the server closed the connection");
                self.answer.extend_from_slice(&read[..length]);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let Some(answer) = Answer::read(&self.answer)? else { return Ok(false) };
        answer.success(&self.answer)?;
        self.answer.clear();
        self.waits = false;
        Ok(true)
    }
}
