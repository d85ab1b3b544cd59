"""What the guard lets through and what it refuses; `fetch` tests show that downloads obey it."""

import socket
from dataclasses import replace

import pytest

from pricing_lake.errors import ImageError
from pricing_lake.images.address_guard import is_public_address, resolve_allowed
from pricing_lake.images.fetch import FetchPolicy
from pricing_lake.images.reasons import ImageReason

GUARDED = FetchPolicy(image_root=None)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "151.101.1.140", "192.0.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8"],
)
def test_public_unicast_is_allowed(address: str) -> None:
    assert is_public_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",  # carrier-grade NAT
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",  # cloud metadata
        "172.16.0.1",
        "192.168.1.1",
        "192.0.0.8",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
def test_special_ipv4_is_refused_plain_and_mapped(address: str) -> None:
    assert not is_public_address(address)
    assert not is_public_address(f"::ffff:{address}")


@pytest.mark.parametrize(
    "address",
    [
        "::",
        "::1",
        "::127.0.0.1",  # IPv4-compatible
        "::ffff:0:127.0.0.1",  # IPv4-translated
        "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
        "64:ff9b::808:808",
        "64:ff9b:1::a9fe:a9fe",
        "100::1",
        "2001::a9fe:a9fe",  # Teredo
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:a9fe:a9fe::1",  # 6to4 of 169.254.169.254
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",  # cloud metadata
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_special_ipv6_is_refused(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize(
    "host",
    [
        "0x7f000001",
        "0X7F.0.0.1",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "134744072",  # 8.8.8.8, public but written so that no reader sees it
        "0x08080808",
        "010.8.8.8",
        "1.2.3.4.5",
    ],
)
def test_an_odd_number_is_refused_before_it_is_resolved(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("resolved"))
    with pytest.raises(ImageError) as caught:
        resolve_allowed(host, 80, GUARDED)
    assert caught.value.reason == ImageReason.ADDRESS_REFUSED


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "169.254.169.254"])
def test_an_internal_host_is_refused(host: str) -> None:
    with pytest.raises(ImageError) as caught:
        resolve_allowed(host, 80, GUARDED)
    assert caught.value.reason == ImageReason.ADDRESS_REFUSED


def _resolver(*addresses: str):
    def resolve(_host: str, port: int, **_: object):
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (each, port)) for each in addresses]

    return resolve


def test_one_internal_address_among_public_ones_refuses_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _resolver("8.8.8.8", "10.0.0.1"))
    with pytest.raises(ImageError, match="not public"):
        resolve_allowed("shop.test", 443, GUARDED)


def test_a_host_whose_addresses_are_all_public_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _resolver("8.8.8.8", "1.1.1.1"))
    allowed = resolve_allowed("shop.test", 443, GUARDED)
    assert [resolved.address for resolved in allowed] == [("8.8.8.8", 443), ("1.1.1.1", 443)]


@pytest.mark.parametrize("port", [0, 22, 5432, 8080])
def test_an_unlisted_port_is_refused(port: int) -> None:
    with pytest.raises(ImageError, match=f"port {port}"):
        resolve_allowed("8.8.8.8", port, GUARDED)


def test_a_trusted_host_may_be_internal_and_on_any_port_but_nothing_else_may() -> None:
    trusting = replace(GUARDED, trusted_hosts=frozenset({"LocalHost"}))
    assert resolve_allowed("localhost", 9999, trusting)
    assert resolve_allowed("LOCALHOST", 9999, trusting)
    for other in ("127.0.0.1", "localhost.", "sub.localhost"):
        with pytest.raises(ImageError):
            resolve_allowed(other, 9999, trusting)
