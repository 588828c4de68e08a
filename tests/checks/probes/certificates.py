"""A certificate authority of our own, and a TLS server that shows what a test wants it to show."""

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.targets import HttpTarget


class Authority:
    """Signs certificates; `trust` is a client that believes it and nobody else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = self._signed(self.name, self.key, timedelta(days=3650), (basic, True))

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.certificate.public_bytes(serialization.Encoding.PEM).decode())

    def server(self, *, days: float, name: str = "127.0.0.1") -> ssl.SSLContext:
        """The server's side, with a certificate for an address or a name that ends in so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            made_for: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            made_for = x509.DNSName(name)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = (x509.SubjectAlternativeName([made_for]), False)
        certificate = self._signed(subject, key, timedelta(days=days), names)
        path = self.folder / f"{len(list(self.folder.iterdir()))}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        lasts: timedelta,
        extension: tuple[x509.ExtensionType, bool],
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=400)).not_valid_after(now + lasts)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(issuer, critical=False)
        return builder.add_extension(extension[0], critical=extension[1]).sign(self.key, hashes.SHA256())


@contextmanager
def secured(context: ssl.SSLContext) -> Iterator[HttpTarget]:
    """The usual target behind TLS."""
    with HttpTarget() as target:
        assert target._server is not None
        listener = target._server.socket
        target._server.socket = context.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)
        yield target
