//! How many connections are let in, in all and of one address: each costs memory before anybody has said who calls.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The doors of a gateway, of both its sides.
pub(crate) struct Doors {
    most: usize,
    /// None where all come from the same few proxies.
    most_of_one: Option<usize>,
    inside: Mutex<Inside>,
    refused: AtomicU64,
}

#[derive(Default)]
struct Inside {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection that was let in, as long as it is there.
pub(crate) struct Guest {
    doors: Arc<Doors>,
    address: IpAddr,
}

impl Doors {
    pub(crate) fn new(most: usize, most_of_one: Option<usize>) -> Arc<Self> {
        Arc::new(Self { most, most_of_one, inside: Mutex::default(), refused: AtomicU64::new(0) })
    }

    /// Lets a connection in, unless there are enough.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Guest> {
        let address = network(address);
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = inside.by_address.get(&address).copied().unwrap_or_default();
        if inside.all >= self.most || self.most_of_one.is_some_and(|most| of_one >= most) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        inside.all += 1;
        inside.by_address.insert(address, of_one + 1);
        Some(Guest { doors: Arc::clone(self), address })
    }

    /// How many were not let in since this was asked last.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut inside = self.doors.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all -= 1;
        if let Entry::Occupied(mut of_one) = inside.by_address.entry(self.address) {
            *of_one.get_mut() -= 1;
            if *of_one.get() == 0 {
                of_one.remove();
            }
        }
    }
}

/// What counts as one address: of IPv6, a network of 64 bits, in which one host takes as many as it likes.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6((six.to_bits() >> 64 << 64).into()),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_let_in_as_there_is_room_for() {
        let doors = Doors::new(3, Some(2));
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut guests = Vec::new();
        for (text, expect) in [
            ("2001:db8::1", true),
            ("2001:db8::2", true),
            ("2001:db8::3", false),
            ("10.0.0.1", true),
            ("10.0.0.2", false),
        ] {
            let guest = doors.enter(address(text));
            assert_eq!(guest.is_some(), expect, "{text}");
            guests.extend(guest);
        }
        assert_eq!((doors.refused(), doors.refused()), (2, 0));
        guests.remove(0);
        assert!(doors.enter(address("::ffff:10.0.0.2")).is_some());
        guests.clear();
        assert!(doors.inside.lock().unwrap().by_address.is_empty());
        let proxied = Doors::new(3, None);
        let all: Vec<_> = (0..4).map(|_| proxied.enter(address("10.0.0.1"))).collect();
        assert_eq!(all.iter().flatten().count(), 3);
    }
}
