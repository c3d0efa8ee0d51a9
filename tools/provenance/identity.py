"""Files of the key that signs and of who is trusted, as the settings name them; light to load."""

from dataclasses import dataclass
from pathlib import Path

LARGEST = 1 << 20
"""Bytes of a file of a key or of certificates, at most."""
_TEST_NAMES = ("C2PA Test ", "C2PA Signer")
"""Beginnings of names in the certificates that come with c2pa-python's tests, whose keys anybody
has. Each of them also has the organisational unit _TESTING."""


@dataclass(frozen=True)
class Signing:
    """The user's own key and trust, as PEM files; without a key a development chain signs."""

    signing_key: Path | None = None
    """File of the private key that signs what is made, which only its owner may read."""
    signing_certificates: Path | None = None
    """File of the certificates of that key, its own first."""
    trust: Path | None = None
    """File of certificates whose signatures on videos count as trusted."""


@dataclass(frozen=True)
class Keys:
    """Files of the key that signs, and of its certificates, its own first."""

    key: Path
    certificates: Path


def is_test_name(name: str) -> bool:
    """True for the name of a signer in c2pa-python's tests."""
    return name.startswith(_TEST_NAMES)
