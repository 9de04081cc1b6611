//! Address ranges in CIDR notation (RFC 4632 §3.1), for `TRUSTED_PROXIES`. A single address is a range of
//! one. IPv4-mapped IPv6 addresses (RFC 4291 §2.5.5.2) are treated as IPv4, both in ranges and in addresses
//! to match.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

/// The length of the prefix of IPv4-mapped addresses.
const BEFORE_IPV4: u8 = 96;

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr(IpNet);

impl Cidr {
    /// True if the range contains the address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.0.contains(&ip.to_canonical())
    }
}

impl Cidr {
    /// The range itself.
    pub fn net(&self) -> IpNet {
        self.0
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let single = || text.parse::<IpAddr>().map(IpNet::from).ok();
        let net = text.parse().ok().or_else(single);
        let net =
            net.ok_or_else(|| format!("{text:?} is not an address or a range such as 10.0.0.0/8"))?;
        Ok(Self(canonical(net)))
    }
}

fn canonical(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    let mapped = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(BEFORE_IPV4));
    let v4 = mapped.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
    v4.map_or(net, IpNet::from)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn holds(range: &str, ip: &str) -> bool {
        range.parse::<Cidr>().unwrap().contains(ip.parse().unwrap())
    }

    #[test]
    fn a_range_holds_its_addresses_and_no_others() {
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::"));
        assert!(holds("::/0", "2001:db8::1") && !holds("::/0", "10.0.0.1"));
    }

    proptest! {
        #[test]
        fn an_ipv4_mapped_range_holds_what_its_ipv4_self_holds(
            network: Ipv4Addr,
            prefix in 0_u8..=32,
            client: Ipv4Addr,
        ) {
            let plain: Cidr = format!("{network}/{prefix}").parse().unwrap();
            let mapped: Cidr = format!("::ffff:{network}/{}", prefix + 96).parse().unwrap();
            prop_assert!(mapped.contains(network.into()));
            prop_assert!(mapped.contains(network.to_ipv6_mapped().into()));
            for ip in [client.into(), client.to_ipv6_mapped().into()] {
                prop_assert_eq!(mapped.contains(ip), plain.contains(ip));
            }
        }

        #[test]
        fn a_mapped_address_is_a_range_of_one(network: Ipv4Addr, client: Ipv4Addr) {
            let one: Cidr = network.to_ipv6_mapped().to_string().parse().unwrap();
            prop_assert!(one.contains(network.into()));
            prop_assert_eq!(one.contains(client.into()), client == network);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "10.0.0.0/33", "::1/129", "10.0.0/8", "localhost", "10.0.0.0/-1", "1/2/3"]
        {
            assert!(text.parse::<Cidr>().is_err(), "{text}");
        }
    }
}
