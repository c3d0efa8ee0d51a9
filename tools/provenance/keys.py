"""Keys that sign what is made here: the user's own, or a development chain made once.

Nobody but this machine vouches for a development chain: what it signs is valid, and its signer is
unknown to everyone else. A key is only ever named by its path; its bytes are read by the process
that signs, and nowhere else.
"""

import datetime
import os
import stat
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tools.errors import RefusedRequest
from tools.files.durable import lock, write_bytes
from tools.provenance.identity import LARGEST, Keys, Signing, is_test_name

FOLDER = "signing"
"""Folder of the development chain, in the home of all libraries."""
DEVELOPMENT = "Cuepoint, self-made on this machine"
"""Organisation in the certificates of a development chain."""
YEARS = 10
_TESTING = "FOR TESTING_ONLY"
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


def keys_of(home: Path, signing: Signing) -> Keys:
    """Keys as the settings name them, checked; else the development chain, made at first use."""
    key, certificates = signing.signing_key, signing.signing_certificates
    if (key is None) != (certificates is None):
        raise RefusedRequest(
            "CUEPOINT_SIGNING_KEY and CUEPOINT_SIGNING_CERTIFICATES belong together: set both"
        )
    keys = Keys(key, certificates) if key and certificates else _development(home / FOLDER)
    check(keys)
    return keys


def check(keys: Keys) -> None:
    """Raise RefusedRequest for a key that others may read, and for certificates of a test."""
    read_key(keys.key)
    for one in chain(keys.certificates):
        if is_test(one):
            raise RefusedRequest(
                f"{str(keys.certificates)!r} holds a public test certificate of c2pa-python, whose "
                "key everybody has: sign with a key of your own"
            )


def read_key(path: Path) -> bytes:
    """Bytes of a private key; RefusedRequest unless it is a file that only its owner may read."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise RefusedRequest(f"the signing key {str(path)!r} is no file")
            if mode & 0o077:
                raise RefusedRequest(
                    f"the signing key {str(path)!r} can be read by others: `chmod 600` it"
                )
            return file.read(LARGEST)
    except OSError as error:
        raise RefusedRequest(
            f"the signing key {str(path)!r} cannot be read: {error.strerror}"
        ) from None


def algorithm(key: bytes) -> str:
    """Name of the algorithm that C2PA has for a key; RefusedRequest, without the key, for others.

    It says nothing of what is in the file: an error of a parser may quote it.
    """
    try:
        parsed = load_pem_private_key(key, None)
    except (ValueError, TypeError):
        parsed = None
    if isinstance(parsed, ec.EllipticCurvePrivateKey) and parsed.curve.name in _CURVES:
        return _CURVES[parsed.curve.name]
    if isinstance(parsed, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(parsed, rsa.RSAPrivateKey) and parsed.key_size >= 2048:
        return "ps256"
    raise RefusedRequest(
        "the signing key is none that C2PA knows: an EC, Ed25519 or RSA key as PEM, no password"
    )


def chain(path: Path) -> list[x509.Certificate]:
    """Certificates of a PEM file; RefusedRequest where there are none."""
    try:
        with path.open("rb") as file:
            found = x509.load_pem_x509_certificates(file.read(LARGEST))
    except (OSError, ValueError):
        found = []
    if not found:
        raise RefusedRequest(f"{str(path)!r} holds no certificates: it must be a PEM file")
    return found


def is_test(certificate: x509.Certificate) -> bool:
    """True for a certificate of c2pa-python's tests, and for what was issued with one."""
    for name in (certificate.subject, certificate.issuer):
        told = [str(one.value) for one in name]
        if _TESTING in told or any(is_test_name(one) for one in told):
            return True
    return False


def _development(folder: Path) -> Keys:
    keys = Keys(folder / "key.pem", folder / "certificates.pem")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock(folder / "lock"):
        if not keys.certificates.exists():  # which is written last
            key, certificates = make_chain(DEVELOPMENT)
            write_bytes(keys.key, key, 0o600)
            write_bytes(keys.certificates, certificates)
    return keys


def make_chain(organisation: str, unit: str = "") -> tuple[bytes, bytes]:
    """A new key and its certificates, as PEM: of a signer, and of the root that vouches for it.

    The key of the root is not kept: nobody can issue another signer with it.
    """
    root_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    root_name = _name(organisation, unit, "root")
    root = _certificate(root_name, root_name, root_key, root_key, is_root=True)
    own = _certificate(_name(organisation, unit, "signer"), root_name, key, root_key)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, own.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM)


def _name(organisation: str, unit: str, role: str) -> x509.Name:
    parts = [(NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, f"Cuepoint {role}")]
    parts += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else []
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    is_root: bool = False,
) -> x509.Certificate:
    """A certificate with the extensions that C2PA asks for (specification 2.2, 14.5.1)."""
    now = datetime.datetime.now(datetime.UTC)
    usage = {name: False for name in (
        "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "encipher_only", "decipher_only",
    )}  # fmt: skip
    issuer_id = x509.SubjectKeyIdentifier.from_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(is_root, None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_root, key_cert_sign=is_root, crl_sign=is_root, **usage
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id),
            critical=False,
        )
    )
    if not is_root:
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(use, critical=False)
    return builder.sign(issuer_key, SHA256())
