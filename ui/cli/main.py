"""The entry point: it can be stopped from its first moment on, while the rest is still loaded."""

from typing import NoReturn

from ui.cli.signals import stop_at_once


def main() -> NoReturn:
    """Run `cuepoint`."""
    stop_at_once()
    from ui.cli import app as cli  # takes a moment, in which it can be stopped already

    cli.main()
