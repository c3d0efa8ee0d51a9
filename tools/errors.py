"""Errors that a person or a model can act on.

    VideoError                 the message says how to mend it
    ├── UnknownVideo           lists the known ones
    ├── UnreadableMedia        names the file and what the decoder said
    │   └── DecoderStopped     it died, froze or was stopped; it said nothing
    ├── NotIndexed             names the command that indexes it
    ├── Damaged                names the command that mends it
    ├── RefusedRequest         limits, policy: says which
    ├── Interrupted            the disk or another program was in the way: done again, it goes on
    │   └── DiskFull           says how much to free
    └── ProviderUnavailable    names the package, key or setting that is missing

Everything else is a bug and propagates.
"""


class VideoError(Exception):
    """Shown to the user as one line."""


class UnknownVideo(VideoError):
    """No video, or more than one, goes by this name."""


class UnreadableMedia(VideoError):
    """The file holds nothing that can be decoded."""


class DecoderStopped(UnreadableMedia):
    """The decoder died, froze or was stopped in the middle of the file."""


class NotIndexed(VideoError):
    """The video is there, but what was asked for has not been made yet."""


class Damaged(VideoError):
    """A file of the library is not what was written; an answer from the rest would be wrong."""


class RefusedRequest(VideoError):
    """A limit or a rule forbids it."""


class Interrupted(VideoError):
    """Nothing is wrong with the video: done again, it goes on where it was."""


class DiskFull(Interrupted):
    """Too little is free where the library lies: it goes on once there is room."""


class ProviderUnavailable(VideoError):
    """A package, key or setting is missing."""
