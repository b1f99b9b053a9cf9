//! Where an endpoint or credential leads: the environments that it is assigned to, and its addresses under their rules.

use std::collections::BTreeMap;
use std::net::{Ipv6Addr, SocketAddr};

use tieline_core::address::{AddressRules, Network, check};
use tieline_core::code;
use tieline_core::kind::{AddressPart, address_part};
use tieline_core::secret::Secret;
use tieline_store::tenancy::Environment;

use super::draft::value_path;
use crate::{Error, Result};

/// The environments of an entry, each once.
pub(super) fn assigned<'a>(
    name: &str,
    handles: &[String],
    word: &str,
    environments: &'a [Environment],
) -> Result<Vec<&'a Environment>> {
    let mut assigned: Vec<&Environment> = Vec::new();
    for handle in handles {
        let found = environments.iter().find(|environment| environment.handle.eq_ignore_ascii_case(handle.trim()));
        let Some(environment) = found else {
            let known: Vec<&str> = environments.iter().map(|environment| environment.handle.as_str()).collect();
            return Err(Error::invalid(
                code!("environment_unknown"),
                format!("the {word} {name:?} is assigned to {handle:?}, which is no environment here"),
                format!("the environments are {}", known.join(", ")),
            )
            .at("environments"));
        };
        if !assigned.iter().any(|known| known.id == environment.id) {
            assigned.push(environment);
        }
    }
    Ok(assigned)
}

/// Checks the addresses among the values of an entry against the rules of an environment.
pub(super) fn reachable(
    (word, name): (&str, &str),
    values: &BTreeMap<String, Secret>,
    environment: &Environment,
    loopback: bool,
    own: &[SocketAddr],
) -> Result<()> {
    let networks = environment.allowed_addresses.iter().map(|text| Network::parse(text));
    let allowed: Vec<Network> = networks
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Error::Inconsistent(format!("environment {}: {error}", environment.handle)))?;
    let rules = AddressRules { allowed: &allowed, loopback, own };
    for (key, part, address) in addresses(values) {
        check(&address, &rules).and_then(|()| clean(part, &address)).map_err(|message| {
            Error::invalid(
                code!("address_refused"),
                format!("the {word} {name:?} cannot be used in {}: {key}: {message}", environment.handle),
                "correct the address, or let an administrator allow its network with `tieline environment update`",
            )
            .at(value_path(key))
        })?;
    }
    Ok(())
}

/// The addresses among the values, each as a URL, with its key and what its value says. A broker may name several hosts,
/// separated by commas.
fn addresses(values: &BTreeMap<String, Secret>) -> Vec<(&str, AddressPart, String)> {
    let parts =
        values.iter().filter_map(|(key, value)| Some((key.as_str(), address_part(key)?, value.expose().trim())));
    let parts: Vec<_> = parts.collect();
    let port = parts.iter().find(|(_, part, _)| *part == AddressPart::Port).map(|(_, _, port)| *port);
    let mut found = Vec::new();
    for (key, part, value) in parts {
        match part {
            AddressPart::Url => found.push((key, part, value.to_owned())),
            AddressPart::Hosts => found.extend(value.split(',').map(|host| (key, part, host_url(host.trim(), port)))),
            AddressPart::Port => {}
        }
    }
    found
}

fn host_url(host: &str, port: Option<&str>) -> String {
    let six = host.parse::<Ipv6Addr>().is_ok();
    let host = if six { format!("[{host}]") } else { host.to_owned() };
    match port {
        Some(port) if six || !host.contains(':') => format!("tcp://{host}:{port}"),
        _ => format!("tcp://{host}"),
    }
}

fn clean(part: AddressPart, address: &str) -> std::result::Result<(), String> {
    // A client that makes a URL of a host with more in it may end up elsewhere.
    if part == AddressPart::Hosts && address.trim_start_matches("tcp://").contains(['/', '?']) {
        return Err("it holds a / or ?, which no host does".to_owned());
    }
    if address.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#') {
        return Err("it holds a blank or a #, which no address of a service does".to_owned());
    }
    Ok(())
}
