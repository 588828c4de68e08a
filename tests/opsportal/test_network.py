"""Addresses from people reach the public network only, unless the list names them; metadata services never."""

import pytest

from opsportal.network import Forbidden, Guard


def passes(guard: Guard, url: str) -> bool:
    try:
        guard.check_url(url)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:8000/",
        "http://10.1.2.3/",
        "http://192.168.0.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fd00::1]/",
        "http://[64:ff9b::a00:1]/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://user:word@example.com/",
        "http:///path",
        "http://example.com:99999/",
        "http://127.1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://127.0.0.1./",
        "http://127.1./",
        "http://localhost./",
        "http://checkout.localhost/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://127\u30020\u30020\u30021/",
        "http://[::127.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://[::ffff:0:7f00:1]/",
        "http://[fec0::1]/",
        "http://[5f00::1]/",
        "http://192.88.99.1/",
        "http://168.63.129.16/",
        "http://example.com:0/",
        "http://a..example/",
        "http://ex ample.com/",
        "http://-shop.example/",
        f"http://{'a' * 64}.example/",
        f"http://{'a.' * 130}example/",
        "http://\u202eexample.com/",
    ],
)
def test_what_is_inside_or_odd_is_refused(url):
    with pytest.raises(Forbidden):
        Guard().check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/health",
        "https://0xford.example/",
        "https://1.example.com/",
        "http://93.184.216.34:8080/",
        "https://[2606:4700::1]/",
        "https://münchen.example/",
        "https://a_b.example./",
    ],
)
def test_public_addresses_pass(url):
    assert passes(Guard(), url)


@pytest.mark.parametrize("entry", ["10.0.0.0/8", "10.1.2.3:8080", "10.1.2.3"])
def test_the_list_allows_a_network_or_a_target(entry):
    assert passes(Guard.from_list([entry]), "http://10.1.2.3:8080/health")


def test_a_listed_target_allows_its_port_only():
    guard = Guard.from_list(["10.1.2.3:8080"])

    with pytest.raises(Forbidden):
        guard.check_url("http://10.1.2.3:22/")


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "[fd00:ec2::23]"),
        *("[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[::169.254.169.254]"),
    ],
)
def test_a_metadata_address_is_refused_even_when_listed(host):
    everything = Guard.from_list(["0.0.0.0/0", "::/0", "169.254.169.254:80"])

    with pytest.raises(Forbidden, match="never"):
        everything.check_url(f"http://{host}/")


def test_an_unreadable_entry_is_named():
    with pytest.raises(Forbidden, match="neither a network nor host:port"):
        Guard.from_list(["not a network"])


def test_a_name_is_judged_by_the_address_it_resolves_to():
    with pytest.raises(Forbidden):
        Guard().check_address("10.0.0.5", 443, host="rebind.example.com")
