"""How many files this process may have open, and what each part of it takes of them."""

import resource

ENOUGH = 4096
"""More than this is never asked for."""
RESERVED = 48
"""For all that is not counted: libraries, databases, connections, files that are read."""


def raise_limit() -> int:
    """Raise the number of open files as far as the system lets us; how many there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return limit()


def limit() -> int:
    """Files that this process may have open now."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def share(most: int, each: int) -> int:
    """How many of something may be open that holds `each` files; one at least, at most `most`."""
    return max(1, min(most, (limit() - RESERVED) // each))
