"""Signed addresses: they open what was signed, for their owner, until they expire."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from ui.web.accounts.links import owner_by_link, sign

SECRET, OTHER = b"s" * 32, b"t" * 32
VIDEO, ELSE = "0123456789abcdef", "fedcba9876543210"
FRAME = f"/media/{VIDEO}/frame/1000.jpg"


def _opens(address: str, path: str = "", secret: bytes = SECRET, now: float = 0.0) -> str | None:
    parts = urlsplit(address)
    return owner_by_link(secret, path or parts.path, dict(parse_qsl(parts.query)), now)


def test_a_signature_opens_its_address_until_it_expires() -> None:
    signed = sign(SECRET, FRAME, 100, "ada")
    assert _opens(signed, now=99.9) == "ada"
    assert _opens(signed, now=100) is None
    assert _opens(signed, secret=OTHER) is None
    assert _opens(signed, f"/media/{VIDEO}/frame/2000.jpg") is None
    assert _opens(signed, f"/v/{VIDEO}") is None


def test_the_page_of_a_video_opens_its_media_and_no_other() -> None:
    signed = sign(SECRET, f"/v/{VIDEO}?t=3", 100, "ada")
    assert "t=3&owner=ada" in signed
    assert _opens(signed) == _opens(signed, FRAME) == "ada"
    assert _opens(signed, f"/media/{VIDEO}/file") == "ada"
    for path in (f"/media/{ELSE}/file", f"/v/{ELSE}", "/tasks", "/project/threads", "/"):
        assert _opens(signed, path) is None


@pytest.mark.parametrize(
    "change",
    [("owner=ada", "owner=bob"), ("expires=100", "expires=999"), ("signature=", "signature=0")],
)
def test_a_changed_link_opens_nothing(change: tuple[str, str]) -> None:
    signed = sign(SECRET, FRAME, 100, "ada").replace(*change)
    assert _opens(signed) is None


@pytest.mark.parametrize("address", ["/", "/tasks", "/media/x/file", "/v/", f"/v/{VIDEO}/x", ""])
def test_only_media_are_signed(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        sign(SECRET, address, 100, "ada")
