"""Code word of a watermark: 32 bits of payload with a checksum, as BCH(63, 45).

A binary BCH code over GF(2^6) that repairs three wrong bits of 63 (Bose and Ray-Chaudhuri, 1960;
Hocquenghem, 1959). The 45 bits that it carries are the payload and 13 bits of a hash of it, so that
noise, of which one word in six can be "repaired" to something, is hardly ever taken for a payload.
"""

import hashlib
from functools import cache
from itertools import combinations

BITS, CARRIED, PAYLOAD = 63, 45, 32
"""Bits of a code word, of what it carries, and of the payload in that."""
_PARITY = BITS - CARRIED
_CHECK = CARRIED - PAYLOAD
_GENERATOR = 0b1111000001011001111
"""lcm of the minimal polynomials of a, a^3 and a^5, with a^6 = a + 1."""
_REPAIRED = 3
"""Wrong bits that are repaired, at most."""


def code_word(payload: int) -> int:
    """63 bits that stand for a payload of 32."""
    if not 0 <= payload < 1 << PAYLOAD:
        raise ValueError(f"a payload has {PAYLOAD} bits")
    carried = payload << _CHECK | _checksum(payload)
    return carried << _PARITY | _remainder(carried << _PARITY)


def payload_of(word: int) -> int | None:
    """The payload of a word with three wrong bits at most; None where there is none."""
    errors = _errors().get(_remainder(word))
    if errors is None:
        return None
    carried = (word ^ errors) >> _PARITY
    payload = carried >> _CHECK
    return payload if carried & (1 << _CHECK) - 1 == _checksum(payload) else None


def _checksum(payload: int) -> int:
    digest = hashlib.blake2b(payload.to_bytes(PAYLOAD // 8), digest_size=2, person=b"cuepoint")
    return int.from_bytes(digest.digest()) & (1 << _CHECK) - 1


def _remainder(word: int) -> int:
    """Remainder of a word, as a polynomial over GF(2), by the generator."""
    for at in range(BITS - 1, _PARITY - 1, -1):
        if word >> at & 1:
            word ^= _GENERATOR << at - _PARITY
    return word


@cache
def _errors() -> dict[int, int]:
    """Wrong bits by the remainder that they leave: all sets of three and fewer."""
    single = [_remainder(1 << at) for at in range(BITS)]
    table = {0: 0}
    for count in range(1, _REPAIRED + 1):
        for places in combinations(range(BITS), count):
            left, errors = 0, 0
            for at in places:
                left, errors = left ^ single[at], errors | 1 << at
            table[left] = errors
    return table
