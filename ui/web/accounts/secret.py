"""The server's secret: 32 random bytes, made once and kept where only its owner reads them."""

import secrets
from pathlib import Path

from tools.errors import RefusedRequest
from tools.files.durable import lock, write_bytes

SIZE = 32
"""Bytes, at least."""


def load_secret(path: Path) -> bytes:
    """Read the secret, made at first; RefusedRequest for one that others can read, or a short one.

    Who removes the file ends all sessions and signed links.
    """
    with lock(path.with_name(f".{path.name}.lock")):
        if not path.exists():
            write_bytes(path, secrets.token_bytes(SIZE), mode=0o600)
    if path.stat().st_mode & 0o077:
        raise RefusedRequest(f"others can read {path}: chmod 600 it, or remove it for a new one")
    secret = path.read_bytes()
    if len(secret) < SIZE:
        raise RefusedRequest(f"{path} holds less than {SIZE} bytes: remove it for a new one")
    return secret
