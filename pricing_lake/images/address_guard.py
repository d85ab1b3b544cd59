"""Decides which network addresses an image may come from; dialling lives in `guarded_connection`.

It keeps a URL in a shop's data from reaching machines of our own network (server-side request forgery).
"""

import ipaddress
import re
import socket
from typing import Any, NamedTuple

from pricing_lake.errors import ImageError
from pricing_lake.images.fetch_policy import FetchPolicy
from pricing_lake.images.reasons import ImageReason

# `is_global` of Python 3.11 calls these public. They are anycast relays, protocol assignments, or
# wrap an IPv4 address that a gateway would unwrap behind our back.
_REFUSED_IPV4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relay anycast, RFC 7526
    )
)
# Everything outside this block is refused, which covers NAT64 (64:ff9b::/96, 64:ff9b:1::/48),
# IPv4-compatible (::/96), site-local (fec0::/10) and multicast (ff00::/8).
_GLOBAL_UNICAST_IPV6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_IPV6 = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments with Teredo 2001::/32, RFC 6890
        "2002::/16",  # 6to4, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
    )
)
_ENDS_IN_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$", re.IGNORECASE)


class ResolvedAddress(NamedTuple):
    """One address of a host, ready for `socket.socket(family, kind, protocol).connect(address)`."""

    family: int
    kind: int
    protocol: int
    address: tuple[Any, ...]


def is_public_address(text: str) -> bool:
    """Whether an address in canonical text form is plain public unicast space.

    An IPv4-mapped IPv6 address counts as the IPv4 address in it. Blocks: the IANA special-purpose
    registries (RFC 6890) and the transition mechanisms that embed IPv4 addresses.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public_address(str(address.ipv4_mapped))
        special = address not in _GLOBAL_UNICAST_IPV6 or any(address in block for block in _REFUSED_IPV6)
    else:
        special = address.is_multicast or any(address in block for block in _REFUSED_IPV4)
    return address.is_global and not special


def resolve_allowed(host: str, port: int, policy: FetchPolicy) -> list[ResolvedAddress]:
    """Resolve `host` once and return its addresses, all of them checked; dial one of these, not the name.

    Raises ImageError with reason image_address_refused when the port is not allowed, when the host is a
    number in an odd spelling (hexadecimal, octal, decimal), or when any of its addresses is not public;
    raises socket.gaierror or UnicodeError when the name cannot be resolved. `policy.trusted_hosts` are
    resolved without these checks.
    """
    if policy.trusts(host):
        return _resolve(host, port)
    if port not in policy.allowed_ports:
        raise _refused(host, f"port {port} is not allowed")
    if _is_odd_number(host):
        raise _refused(host, "the address is not written as four decimal numbers")
    addresses = _resolve(host, port)
    for resolved in addresses:
        if not is_public_address(str(resolved.address[0])):
            raise _refused(host, "it leads to an address that is not public")
    return addresses


def _resolve(host: str, port: int) -> list[ResolvedAddress]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [ResolvedAddress(family, kind, protocol, address) for family, kind, protocol, _, address in found]


def _is_odd_number(host: str) -> bool:
    """Spot what the C library would read as an IPv4 address although it is not dotted decimal."""
    if ":" in host or not _ENDS_IN_NUMBER.search(host):
        return False
    try:
        return str(ipaddress.IPv4Address(host)) != host
    except ipaddress.AddressValueError:
        return True


def _refused(host: str, why: str) -> ImageError:
    shown = host[:100]
    return ImageError(ImageReason.ADDRESS_REFUSED, f"{shown}: {why}; name the host in trusted_hosts if it is yours")
