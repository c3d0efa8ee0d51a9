"""Errors that a person or a model can act on; each message says how to mend it.

Everything else is a bug and propagates.
"""

import traceback


def place_of(error: BaseException) -> str:
    """Type of an error and where it was raised, without its words: they may hold secrets."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {where.filename}:{where.lineno}"


class VideoError(Exception):
    """Error that is shown to the user as one line."""


class UnknownCollection(VideoError):
    """No collection goes by this name."""


class UnknownVideo(VideoError):
    """No video, or more than one, goes by this name; lists the known ones."""


class UnreadableMedia(VideoError):
    """The file holds nothing that can be decoded; names it and what the decoder said."""


class DecoderStopped(UnreadableMedia):
    """The decoder died, froze or was stopped in the middle of the file, and said nothing."""


class NoFile(UnreadableMedia):
    """A server answers at an address, but with no file."""


class IsPage(NoFile):
    """The answer at an address is a page, or a playlist, which is text too."""


class NotIndexed(VideoError):
    """The requested part of a video has not been made yet; names the command that makes it."""


class Damaged(VideoError):
    """A file of the library is not what was written; names the command that mends it."""


class RefusedRequest(VideoError):
    """A limit or a rule forbids it; says which."""


class Interrupted(VideoError):
    """The disk or another program was in the way: done again, the work is resumed."""


class DiskFull(Interrupted):
    """Too little is free on the disk of the library; says how much to free."""


class ProviderUnavailable(VideoError):
    """A package, key or setting is missing; names it."""
