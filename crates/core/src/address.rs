//! Where endpoints may listen: networks, and the rule that keeps a tenant from reaching what is not its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Names of this machine beside those under `.localhost`, as hosts files have them.
const LOOPBACK_NAMES: [&str; 5] = ["localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback"];

/// Names at which clouds serve metadata, and with it credentials of the machine.
const METADATA_NAMES: [&str; 4] =
    ["metadata", "metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"];

/// Addresses at which clouds serve metadata outside of the link-local networks.
const METADATA: [IpAddr; 4] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

/// A network in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8`, or a single address.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a network");
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(|_| wrong())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most { Err(wrong()) } else { Ok(Self { base, bits }) }
    }

    /// Whether an address lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, plain(address)) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same_prefix(u128::from(base.to_bits()), u128::from(address.to_bits()), self.bits, 32)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => same_prefix(base.to_bits(), address.to_bits(), self.bits, 128),
            _ => false,
        }
    }
}

/// What decides about an address beside the address itself.
#[derive(Debug, Clone, Copy)]
pub struct AddressRules<'a> {
    /// The environment's allowed networks; empty for all but what is always refused.
    pub allowed: &'a [Network],
    /// Whether loopback may be used.
    pub loopback: bool,
    /// Where Tieline itself listens.
    pub own: &'a [std::net::SocketAddr],
}

/// Checks the address of an endpoint: `scheme://host[:port]` without path, query or user.
///
/// Link-local addresses (cloud metadata lives there), unspecified ones and Tieline's own listeners are always refused;
/// what clouds serve metadata at elsewhere, unless a network that holds it is allowed. Host names are admitted: what they
/// resolve to is checked again where a connection is opened.
///
/// # Errors
/// Says which rule refuses it. Of the address it repeats the host alone: a path, query or user may hold a secret.
pub fn check(url: &str, rules: &AddressRules<'_>) -> Result<(), String> {
    let (scheme, rest) = url.split_once("://").ok_or("it is no URL: write scheme://host[:port]")?;
    if !["http", "https", "ws", "wss", "tcp", "udp", "grpc", "grpcs"].contains(&scheme) {
        return Err("it has no scheme of an endpoint: use http, https, ws, wss, tcp, udp or grpc".to_owned());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("an address holds no user name or password: make them parameters".to_owned());
    }
    let (host, port) = split_port(authority).ok_or("it has no valid host and port")?;
    let valid = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    if host.is_empty() || !host.chars().all(valid) {
        return Err("it has no valid host".to_owned());
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let loopback_name = LOOPBACK_NAMES.contains(&name.as_str()) || name.ends_with(".localhost");
    let address = host.parse::<IpAddr>().ok().or_else(|| numeric(&name)).map(plain);
    let port = port.or(match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    });
    if let Some(IpAddr::V6(six)) = address {
        for four in translations(six) {
            let own = rules.own.iter().any(|own| own.ip() == four && port == Some(own.port()));
            if own || link_local(four) || four.is_loopback() || METADATA.contains(&four) {
                return Err(format!("{six} may be translated to {four}, where no endpoint is"));
            }
        }
    }
    for own in rules.own {
        let same_host = match address {
            Some(address) => own.ip() == address || (own.ip().is_unspecified() && address.is_loopback()),
            None => loopback_name && (own.ip().is_loopback() || own.ip().is_unspecified()),
        };
        if same_host && port == Some(own.port()) {
            return Err(format!("{authority} is an address of Tieline itself"));
        }
    }
    let Some(address) = address else {
        if looks_numeric(&name) {
            return Err(format!("{host} is neither an address nor a name"));
        }
        if METADATA_NAMES.contains(&name.as_str()) {
            return Err(format!("{host} is where a cloud serves metadata"));
        }
        return if loopback_name { loopback(rules) } else { Ok(()) };
    };
    if link_local(address) {
        return Err(format!("{address} is link-local, which is always refused"));
    }
    let broadcast = matches!(address, IpAddr::V4(four) if four.is_broadcast() || four.octets()[0] == 0);
    if address.is_unspecified() || address.is_multicast() || broadcast {
        return Err(format!("{address} is no address of one host"));
    }
    if address.is_loopback() {
        return loopback(rules);
    }
    let allowed = rules.allowed.iter().any(|network| network.contains(address));
    if !allowed && METADATA.contains(&address) {
        return Err(format!("{address} is where a cloud serves metadata"));
    }
    if !rules.allowed.is_empty() && !allowed {
        return Err(format!("{address} lies in none of the networks that the environment allows"));
    }
    Ok(())
}

/// Whether a URL names loopback, by name or by number.
#[must_use]
pub fn is_loopback(url: &str) -> bool {
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let Some((host, _)) = split_port(authority) else { return false };
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let address = host.parse::<IpAddr>().ok().or_else(|| numeric(&name)).map(plain);
    address.map_or_else(|| LOOPBACK_NAMES.contains(&name.as_str()), |address| address.is_loopback())
}

fn loopback(rules: &AddressRules<'_>) -> Result<(), String> {
    if rules.loopback {
        Ok(())
    } else {
        Err("loopback is refused while the installation has several organizations".to_owned())
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok().filter(|&port: &u16| port > 0)?))),
        None => Some((authority, None)),
    }
}

/// The other spellings of IPv4 addresses that resolvers understand: `2130706433`, `0x7f.1`, `0177.0.0.1`.
fn numeric(host: &str) -> Option<IpAddr> {
    let part = |text: &str| -> Option<u32> {
        if let Some(hex) = text.strip_prefix("0x") {
            return if hex.is_empty() { Some(0) } else { u32::from_str_radix(hex, 16).ok() };
        }
        match text.strip_prefix('0') {
            Some(octal) if !octal.is_empty() => u32::from_str_radix(octal, 8).ok(),
            _ => text.parse().ok(),
        }
    };
    let parts: Vec<u32> = host.split('.').map(part).collect::<Option<_>>()?;
    let (last, heads) = parts.split_last()?;
    if heads.len() > 3 || heads.iter().any(|&head| head > 255) {
        return None;
    }
    let room = 32 - 8 * u32::try_from(heads.len()).ok()?;
    if room < 32 && *last >= 1 << room {
        return None;
    }
    let high = heads.iter().enumerate().fold(0_u32, |bits, (index, head)| bits | (head << (24 - 8 * index)));
    Some(IpAddr::V4(Ipv4Addr::from_bits(high | last)))
}

/// Whether a host's last part is a number: then resolvers take all of it for an address, or for nothing (WHATWG URL).
fn looks_numeric(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let hexadecimal = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
        || last.strip_prefix("0x").is_some_and(hexadecimal)
}

/// An IPv4 address that is dressed as IPv6 is judged as the IPv4 address that it leads to: mapped (RFC 4291), compatible
/// (the same, deprecated), translated (RFC 6052, RFC 2765) or tunnelled (6to4, RFC 3056).
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    let bits = six.to_bits();
    let inside = match six.segments() {
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, ..] if bits > 1 => bits,
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => bits,
        [0x2002, ..] => bits >> 80,
        _ => return address,
    };
    // What is cut off is the prefix that was recognised.
    let four = u32::try_from(inside & u128::from(u32::MAX)).unwrap_or_default();
    IpAddr::V4(Ipv4Addr::from_bits(four))
}

/// What an address may lead to behind a translator of its network, which alone knows how it is written: within
/// 64:ff9b:1::/48 (RFC 8215) the IPv4 address stands behind 48, 56, 64 or 96 bits, with a gap at bit 64 (RFC 6052,
/// section 2.2).
fn translations(six: Ipv6Addr) -> Vec<IpAddr> {
    if !matches!(six.segments(), [0x64, 0xff9b, 1, ..]) {
        return Vec::new();
    }
    let bytes = six.octets();
    let places = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], [12, 13, 14, 15]];
    places.map(|place| IpAddr::from(place.map(|index: usize| bytes[index]))).to_vec()
}

fn link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.segments()[0] & 0xffc0 == 0xfe80,
    }
}

fn same_prefix(a: u128, b: u128, bits: u8, width: u8) -> bool {
    let shift = u32::from(width - bits);
    a.checked_shr(shift).unwrap_or(0) == b.checked_shr(shift).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_judged_by_what_they_reach() {
        let ten = [Network::parse("10.0.0.0/8").unwrap()];
        let own = ["127.0.0.1:7070".parse().unwrap()];
        let open = AddressRules { allowed: &[], loopback: true, own: &own };
        let closed = AddressRules { loopback: false, ..open };
        let limited = AddressRules { allowed: &ten, ..closed };
        let hundred = [Network::parse("100.64.0.0/10").unwrap()];
        let metadata = AddressRules { allowed: &hundred, ..closed };
        for (url, rules, good) in [
            ("http://127.0.0.1:8080", open, true),
            ("http://127.0.0.1:8080", closed, false),
            ("http://localhost:8080", closed, false),
            ("http://LOCALHOST.:8080", closed, false),
            ("http://2130706433:8080", closed, false),
            ("http://0x7f.1:8080", closed, false),
            ("http://[::1]:8080", closed, false),
            ("http://[::ffff:127.0.0.1]:8080", closed, false),
            ("http://127.0.0.1:7070", open, false),
            ("http://localhost:7070", open, false),
            ("http://169.254.169.254", open, false),
            ("http://[fe80::1]", open, false),
            ("http://0.0.0.0:80", open, false),
            // The same addresses in the other dresses of IPv6.
            ("http://[::127.0.0.1]:8080", closed, false),
            ("http://[::ffff:0:127.0.0.1]:8080", closed, false),
            ("http://[64:ff9b::7f00:1]:8080", closed, false),
            ("http://[2002:7f00:1::]:8080", closed, false),
            ("http://[::127.0.0.1]:7070", open, false),
            ("http://[64:ff9b::a9fe:a9fe]", open, false),
            ("http://[2002:a9fe:a9fe::1]", open, false),
            ("http://[::ffff:169.254.169.254]", open, false),
            ("http://[64:ff9b:1::a9fe:a9fe]", open, false),
            ("http://[64:ff9b:1:a9fe:a9:fe00::]", open, false),
            ("http://[64:ff9b:1:a9:fe:a9fe::]", open, false),
            ("http://[64:ff9b:1:0:a9:fea9:fe00:0]", open, false),
            ("http://[64:ff9b:1::7f00:1]:8080", open, false),
            ("http://[64:ff9b:1::6464:64c8]", metadata, false),
            ("http://[64:ff9b:1::808:808]", closed, true),
            ("http://[64:ff9b::808:808]", closed, true),
            ("http://[64:ff9b::a02:304]", limited, true),
            ("http://[2001:db8::1]", closed, true),
            ("http://[fe80::1%25eth0]", open, false),
            ("http://[::]", open, false),
            // Numbers that are no address are no name either: who resolves them decides what they mean.
            ("http://0251.0376.0251.0376", open, false),
            ("http://0xa9fea9fe", open, false),
            ("http://169.254.169.254.", open, false),
            ("http://4294967297", open, false),
            ("http://127.0.0.256", open, false),
            ("http://127.0.0.08", open, false),
            ("http://1.2.3.4.5", open, false),
            ("http://example.0x", open, false),
            ("http://0.1.2.3", open, false),
            ("http://255.255.255.255", open, false),
            ("http://ip6-localhost:8080", closed, false),
            ("http://ip6-localhost:7070", open, false),
            ("http://Metadata.Google.Internal.", open, false),
            ("http://[fd00:ec2::254]", open, false),
            ("http://168.63.129.16", open, false),
            ("http://100.100.100.200", open, false),
            ("http://100.100.100.200", metadata, true),
            ("http://169.254.169.254\u{ff0e}example", open, false),
            ("http://\u{ff11}27.0.0.1", closed, false),
            ("http://8.8.8.8\\@169.254.169.254", open, false),
            ("http://8.8.8.8", closed, true),
            ("http://8.8.8.8", limited, false),
            ("http://10.2.3.4:9000", limited, true),
            ("https://api.example.com/v1", closed, true),
            ("tcp://db.example.com:5432", closed, true),
            ("ftp://example.com", open, false),
            ("http://user:pw@example.com", open, false),
            ("http://", open, false),
            ("http://a b", open, false),
            ("http://host:99999", open, false),
        ] {
            assert_eq!(check(url, &rules).is_ok(), good, "{url}");
        }
    }

    #[test]
    fn loopback_is_known_in_every_dress() {
        for (url, expect) in [
            ("http://127.0.0.1:80/x", true),
            ("http://[::1]", true),
            ("http://localhost:1", true),
            ("http://2130706433", true),
            ("http://127.0.0.1.example.com", false),
            ("http://127.0.0.1@example.com", false),
            ("http://10.0.0.1", false),
            ("localhost", false),
        ] {
            assert_eq!(is_loopback(url), expect, "{url}");
        }
    }

    #[test]
    fn what_is_refused_is_not_repeated() {
        let rules = AddressRules { allowed: &[], loopback: false, own: &[] };
        for url in [
            "https:canary",
            "canary://host",
            "https://user:canary#2@host",
            "https://user:canary@host",
            "https://user:can/ary?canary@169.254.1.1",
            "http://169.254.1.1/?key=canary",
            "http://127.0.0.1/canary",
        ] {
            let said = check(url, &rules).unwrap_err();
            assert!(!said.contains("canary"), "{said}");
        }
    }
}
