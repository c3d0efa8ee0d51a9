"""What belongs to a user, and a request for each route with its ids."""

import uuid
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Belongings:
    """Ids of what belongs to one user; `canary` is in every text of it."""

    owner: str
    canary: str = ""
    video: str = ""
    thread: str = field(default_factory=lambda: str(uuid.uuid4()))
    session: str = ""
    file: str = ""
    job: str = ""
    made: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"remote-user": self.owner}


def requests_with_ids(theirs: Belongings) -> dict[tuple[str, str], tuple[str, Any]]:
    """Requests by method and route, with the ids of another user: address and body."""
    media = f"/media/{theirs.video}"
    session = {"sessionId": theirs.session}
    rating = {"forId": str(uuid.uuid4()), "value": 1, "threadId": theirs.thread}
    button = {"action": {"name": "watch", "payload": {"video": theirs.video}}, **session}
    query = f"session_id={theirs.session}"
    one = f"/project/thread/{theirs.thread}"
    video, many = f"/library/videos/{theirs.video}", {"videos": [theirs.video]}
    named, cut = {"name": f"set-{theirs.owner}"}, f"{media}/clip/0-1000.mp4"
    asked = {"question": "What is said?", **many}
    said = f"speech:{theirs.video}@0-1500"
    drawn = {"name": "x", "kind": "line", "points": [[0, 0], [1, 1]], "of": theirs.video}
    told = f"from=2026-11-19&to=2026-11-20&camera=camera-{theirs.owner}"
    return {
        ("GET", "/library/videos/{id}"): (video, None),
        ("POST", "/library/videos/{id}/title"): (f"{video}/title", {"title": "x"}),
        ("POST", "/library/videos/{id}/speaker"): (f"{video}/speaker", {"label": "x", "name": "x"}),
        ("POST", "/library/videos/{id}/finish"): (f"{video}/finish", {}),
        ("POST", "/library/videos/{id}/subtitles"): (f"{video}/subtitles", {}),
        ("POST", "/library/size"): ("/library/size", many),
        ("POST", "/library/remove"): ("/library/remove", many),
        ("POST", "/library/collections/add"): ("/library/collections/add", {**named, **many}),
        ("POST", "/library/collections/take-out"): (
            "/library/collections/take-out",
            {**named, **many},
        ),
        ("POST", "/library/collections/rename"): (
            "/library/collections/rename",
            {**named, "title": "x"},
        ),
        ("POST", "/library/collections/remove"): ("/library/collections/remove", named),
        ("POST", "/api/ask"): ("/api/ask", asked),
        ("POST", "/api/check"): ("/api/check", {"text": "It sings.", **many}),
        ("GET", "/api/search"): (f"/api/search?query=sings&video={theirs.video}", None),
        ("GET", "/api/videos/{id}"): (f"/api/videos/{theirs.video}", None),
        ("DELETE", "/api/videos/{id}"): (f"/api/videos/{theirs.video}", None),
        ("GET", "/api/added/{job}"): (f"/api/added/{theirs.job}", None),
        ("GET", "/api/objects/count"): (f"/api/objects/count?video={theirs.video}", None),
        ("GET", "/api/cameras/report"): (f"/api/cameras/report?{told}", None),
        ("PUT", "/api/areas"): ("/api/areas", drawn),
        ("DELETE", "/api/areas"): (f"/api/areas?name=x&of={theirs.video}", None),
        ("POST", "/api/jobs"): ("/api/jobs", {"prompt": "A teaser.", **many}),
        ("GET", "/api/jobs/{id}"): (f"/api/jobs/{theirs.made}", None),
        ("POST", "/api/jobs/{id}/approve"): (f"/api/jobs/{theirs.made}/approve", {}),
        ("POST", "/api/jobs/{id}/cancel"): (f"/api/jobs/{theirs.made}/cancel", {}),
        ("DELETE", "/api/jobs/{id}"): (f"/api/jobs/{theirs.made}", None),
        ("GET", "/media/made/{id}/{name}"): (f"/media/made/{theirs.made}/x.mp4", None),
        ("POST", "/media/{id}/clip"): (f"{media}/clip?from=0&to=1", None),
        ("GET", "/media/{id}/clip/{start:int}-{end:int}{suffix}"): (cut, None),
        ("DELETE", "/media/{id}/clip/{start:int}-{end:int}{suffix}"): (cut, None),
        ("GET", "/media/{id}/export/{form}"): (f"{media}/export/srt", None),
        ("GET", "/export/reel"): (f"/export/reel?id={said}", None),
        ("GET", "/export/{form}"): (f"/export/edl?id={said}", None),
        ("GET", "/media/{id}/file"): (f"{media}/file", None),
        ("GET", "/media/{id}/play"): (f"{media}/play?from=0&to=1", None),
        ("GET", "/media/{id}/frame/{milliseconds:int}.jpg"): (f"{media}/frame/0.jpg", None),
        ("GET", "/media/{id}/strip/{start:int}-{end:int}.jpg"): (f"{media}/strip/0-900.jpg", None),
        ("GET", "/media/{id}/timeline"): (f"{media}/timeline", None),
        ("GET", "/media/{id}/transcript"): (f"{media}/transcript", None),
        ("GET", "/media/{id}/captions.vtt"): (f"{media}/captions.vtt", None),
        ("GET", "/media/{rest:path}"): (f"{media}/x", None),
        ("GET", "/v/{rest:path}"): (f"/v/{theirs.video}?t=0", None),
        ("POST", "/v/{id}/share"): (f"/v/{theirs.video}/share", {}),
        ("POST", "/tasks/{id}/{action}"): (f"/tasks/{theirs.job}/cancel", {}),
        ("POST", "/project/action"): ("/project/action", button),
        ("POST", "/project/file"): (f"/project/file?{query}", {}),
        ("GET", "/project/file/{id}"): (f"/project/file/{theirs.file}?{query}", None),
        ("PUT", "/feedback"): ("/feedback", {"feedback": rating, **session}),
        ("GET", "/project/thread/{thread_id}"): (one, None),
        ("PUT", "/project/thread"): ("/project/thread", {"threadId": theirs.thread, "name": "x"}),
        ("DELETE", "/project/thread"): ("/project/thread", {"threadId": theirs.thread}),
        ("DELETE", "/feedback"): ("/feedback", {"feedbackId": f"{theirs.thread}.0"}),
        ("*", "/project/element"): ("/project/element", {"element": {}, **session}),
        ("*", "/project/share"): (f"/project/share/{theirs.thread}", None),
        ("*", "/project/share/{thread_id}"): (f"/project/share/{theirs.thread}", None),
        ("*", "/project/thread/share"): ("/project/thread/share", {"threadId": theirs.thread}),
        ("*", "/project/thread/{id}/element"): (f"{one}/element/x", None),
        ("*", "/project/thread/{thread_id}/element/{element_id}"): (f"{one}/element/x", None),
        ("*", "/auth/jwt"): ("/auth/jwt", {}),
        ("*", "/copilot"): ("/copilot/x", None),
        ("*", "/copilot/{filename:path}"): ("/copilot/x", None),
    }


SILENT = {("DELETE", "/feedback")}
"""Requests about what is not there that change nothing and say so as success."""
