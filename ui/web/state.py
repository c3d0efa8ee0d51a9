"""What the chat and the routes work with."""

from dataclasses import dataclass
from typing import Any

from agent.settings import Settings
from tools.library import Library
from ui.web.jobs import Intake
from ui.web.proxies import Proxies
from ui.web.uploads import Uploads


@dataclass
class Desk:
    """One library, open for the browser. agent is there while the application runs."""

    settings: Settings
    library: Library
    uploads: Uploads
    proxies: Proxies
    intake: Intake
    agent: Any = None
    decoder: bool = False
