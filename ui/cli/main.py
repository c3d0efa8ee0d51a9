"""The entry point: signals stop it from its first moment, while the rest is still imported."""

from typing import NoReturn

from ui.cli.signals import stop_at_once


def main() -> NoReturn:
    """Run `cuepoint`."""
    stop_at_once()
    from ui.cli import app as cli  # takes a moment, in which it can be stopped already

    cli.main()
