"""Limit of open files of this process, and each part's share of it."""

import resource

ENOUGH = 4096
"""Open files: the limit is never raised above this."""
RESERVED = 48
"""Open files left to libraries, databases, connections and files that are read."""


def raise_limit() -> int:
    """Raise the limit as far as the system allows; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return limit()


def limit() -> int:
    """Number of files that this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def share(most: int, each: int) -> int:
    """Number of things that may be open if one holds `each` files: from one to `most`."""
    return max(1, min(most, (limit() - RESERVED) // each))
