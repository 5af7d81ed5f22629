"""Signing in as the program does, with nothing imported that other credentials need."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from support.program import Program


def certificate(file: Path) -> Path:
    """A key and its certificate in a PEM file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "deployer")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    signed = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed)
    return file


def test_a_certificate_in_the_environment(vmss: Program, tmp_path: Path) -> None:
    file = certificate(tmp_path / "deployer.pem")
    done = vmss("--auth", "env", "info", "--json", AZURE_CLIENT_SECRET="", AZURE_CLIENT_CERTIFICATE_PATH=str(file))
    assert done.code == 0, done.err
    assert done.json["identity"]["method"] == "environment"


def test_a_certificate_that_is_none(vmss: Program, tmp_path: Path) -> None:
    file = tmp_path / "deployer.pem"
    file.write_text("no certificate")
    done = vmss("--auth", "env", "info", "--json", AZURE_CLIENT_SECRET="", AZURE_CLIENT_CERTIFICATE_PATH=str(file))
    assert done.code == 3
