"""Does a name have the records it should? Asked of the machine's resolver, or of one server that is named."""

import ipaddress
import time

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdata
import dns.resolver

from checks.probes import ours
from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed
from opsportal.network import Forbidden

RECORDS = ("A", "AAAA", "CNAME", "TXT")
DEADLINE_SECONDS = 5.0
PORT = 53


def parse_server(text: str) -> tuple[str, int]:
    """Address and port of a name server; ValueError when it is neither.

    >>> parse_server("192.0.2.53"), parse_server("[2001:db8::53]:5353")
    (('192.0.2.53', 53), ('2001:db8::53', 5353))
    """
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not text.startswith("[")):
        host, port = text, str(PORT)
    number = int(port)
    if not 1 <= number <= 65535:
        raise ValueError("no such port")
    return str(ipaddress.ip_address(host.strip("[]"))), number


async def probe(spec: Spec, context: Context) -> Outcome:
    """One question within five seconds. A named server is judged by the guard like any other address."""
    try:
        resolver = _resolver(spec, context)
        name, record = dns.name.from_text(str(spec["name_asked"])), str(spec["record"])
        expected = split(str(spec.get("expected") or ""), record)
        if record not in RECORDS:
            return failed(ErrorClass.CONFIG)
    except Forbidden:
        return failed(ErrorClass.FORBIDDEN)
    except (KeyError, ValueError, TypeError, dns.exception.DNSException):
        return failed(ErrorClass.CONFIG)
    started = time.perf_counter()
    try:
        answer = await resolver.resolve(name, record, raise_on_no_answer=False, lifetime=DEADLINE_SECONDS)
    except (dns.exception.DNSException, OSError) as problem:
        if ours.is_ours(problem):
            raise
        return failed(_classify(problem))
    found = {as_text(one) for one in answer.rrset or ()}
    if not found:
        return failed(ErrorClass.DNS)
    error = judge(found, expected, is_exact=spec.get("match") == "equals", is_text=record == "TXT")
    latency = (time.perf_counter() - started) * 1000
    return failed(error, latency_ms=latency) if error else passed(latency_ms=latency)


def _resolver(spec: Spec, context: Context) -> dns.asyncresolver.Resolver:
    if not spec.get("server"):
        return dns.asyncresolver.Resolver()
    address, port = parse_server(str(spec["server"]))
    context.client.guard.check_address(address, port, host=address)
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [address], port
    return resolver


def split(expected: str, record: str) -> set[str]:
    """What is expected, by comma or line; a text record may hold commas, so it is split by line only."""
    lines = expected.splitlines() if record == "TXT" else expected.replace(",", "\n").splitlines()
    words = {line.strip() for line in lines} - {""}
    if record == "TXT":
        return words
    if record == "CNAME":
        return {one.rstrip(".").lower() for one in words}
    return {str(ipaddress.ip_address(one)) for one in words}


def as_text(data: dns.rdata.Rdata) -> str:
    """An address, a name without its last dot, or a text put together from its pieces."""
    if hasattr(data, "strings"):
        return b"".join(data.strings).decode(errors="replace")
    if hasattr(data, "target"):
        return str(data.target.to_text(omit_final_dot=True)).lower()
    return data.to_text()


def judge(found: set[str], expected: set[str], *, is_exact: bool, is_text: bool) -> ErrorClass | None:
    """Nothing expected means that any record will do; of a text record a part is enough."""
    if not expected or found == expected:
        return None
    if is_exact:
        return ErrorClass.ASSERTION
    is_there = all(any(one in text for text in found) if is_text else one in found for one in expected)
    return None if is_there else ErrorClass.ASSERTION


def _classify(problem: BaseException) -> ErrorClass:
    if isinstance(problem, dns.exception.Timeout):
        return ErrorClass.TIMEOUT
    if isinstance(problem, dns.resolver.NXDOMAIN | dns.resolver.NoAnswer | dns.resolver.YXDOMAIN):
        return ErrorClass.DNS
    return ErrorClass.CONNECT
