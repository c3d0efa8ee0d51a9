"""What a disk does to us, as one line: it is full, it cannot be written, it fails."""

import errno
import shutil
from pathlib import Path

from tools.errors import DiskFull, Interrupted

SPARE_BYTES = 500 << 20
"""Free space that must be left before a stage starts."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SHUT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_NO_FOLDER = frozenset({errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG})
_BROKEN = frozenset({errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE})


def free(folder: Path) -> int:
    """Bytes free where a folder lies."""
    return shutil.disk_usage(folder).free


def check_space(folder: Path) -> None:
    """DiskFull where too little is free for a stage to start."""
    left = free(folder)
    if left < SPARE_BYTES:
        raise DiskFull(
            f"only {left >> 20} MB are free where the library lies; free {SPARE_BYTES >> 20} MB"
        )


def refusal(error: OSError) -> Interrupted | None:
    """What to tell of an error that is the disk's, not ours; None for any other."""
    name = error.filename or "the library"
    if error.errno in FULL:
        return DiskFull(
            f"the disk became full; free {SPARE_BYTES >> 20} MB where the library lies "
            "and do it again: it goes on where it was"
        )
    if error.errno in _SHUT:
        return Interrupted(
            f"{name} cannot be written ({error.strerror}): "
            "let yourself write there, or choose another library with --library"
        )
    if error.errno in _NO_FOLDER:
        return Interrupted(f"{name} cannot be a folder: choose another library with --library")
    if error.errno in _BROKEN:
        return Interrupted(f"{name} cannot be read or written ({error.strerror}): see the disk")
    return None
