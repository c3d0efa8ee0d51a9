"""An approved job is made once, paid once, and seen only when all of it holds."""

from typing import Any

import pytest

from tests.tools.generate.conftest import Studio
from tools.errors import Interrupted, ProviderUnavailable, RefusedRequest, VideoError
from tools.generate.generators import Generators
from tools.generate.jobs import UnknownJob
from tools.generate.providers import Piece


def test_a_job_goes_from_a_proposal_to_files(studio: Studio) -> None:
    job = studio.propose(seconds=5.0)
    assert (job.state, job.provider, job.price_usd) == ("proposed", "openai-videos", 0.5)
    assert job.leaves_machine == ("the prompt goes to 127.0.0.1",)
    assert studio.runner.run(job.id).state == "proposed" and not studio.service.submitted
    studio.jobs.approve(job.id, "ada")
    done = studio.runner.run(job.id)
    assert done.state == "done" and done.approved_by == "ada" and done.error is None
    assert [step.state for step in done.history] == [
        "proposed", "approved", "running", "checking", "done",
    ]  # fmt: skip
    (path,) = studio.made(job)
    assert done.path == str(path) and path.read_bytes() == b"signed " + studio.service.film
    as_it_came = studio.jobs.folder(job.id) / "fetched/1.mp4"
    assert as_it_came.read_bytes() == studio.service.film
    assert done.provenance["16:9"]["watermark"] == int(job.id[:8], 16)
    assert studio.service.submitted == ["a dog on a beach"] and studio.service.keys == [job.id]
    assert studio.runner.run(job.id) == done and len(studio.service.submitted) == 1
    assert studio.jobs.by_payload(job.payload) == done and studio.jobs.by_payload(1) is None


def test_what_is_made_here_has_a_file_for_each_format(studio: Studio) -> None:
    job = studio.propose(provider="animatic", aspects=("16:9", "9:16", "1:1"))
    assert job.price_usd == 0 and job.leaves_machine == ()
    studio.jobs.approve(job.id, "ada")
    done = studio.runner.run(job.id)
    assert [one.aspect for one in done.outputs] == ["16:9", "9:16", "1:1"]
    assert done.outputs[0].sheet == ({"source": "drawn"},) and len(studio.made(job)) == 3
    assert not (studio.jobs.folder(job.id) / "fetched").exists()


@pytest.mark.parametrize(
    ("failure", "state", "told"),
    [
        (400, "refused", "refuses this content"),
        (422, "failed", "did not take it"),
        (500, "unknown", "before you pay again"),
        ("hang up", "unknown", "before you pay again"),
    ],
)
def test_a_submission_that_fails_is_never_sent_again_by_itself(
    studio: Studio, failure: Any, state: str, told: str
) -> None:
    studio.service.fail["submit"] = [failure]
    job = studio.propose()
    studio.jobs.approve(job.id, "ada")
    ended = studio.runner.run(job.id)
    assert ended.state == state and told in (ended.error or "")
    assert studio.runner.run(job.id).state == state and studio.runner.unfinished() == []
    assert studio.service.asked["submit"] == 1 and not studio.made(job)


@pytest.mark.parametrize("failure", [429, 401, 402])
def test_what_was_not_taken_waits_and_is_sent_once_later(studio: Studio, failure: int) -> None:
    studio.service.fail["submit"] = [failure]
    job = studio.propose()
    studio.jobs.approve(job.id, "ada")
    with pytest.raises((Interrupted, ProviderUnavailable)):
        studio.runner.run(job.id)
    assert studio.jobs.get(job.id).state == "approved" and studio.runner.unfinished() == [job.id]
    assert studio.runner.run(job.id).state == "done" and len(studio.service.submitted) == 1


def test_a_person_may_pay_again_for_what_is_unknown(studio: Studio) -> None:
    studio.service.fail["submit"] = ["hang up"]
    job = studio.propose()
    studio.jobs.approve(job.id, "ada")
    assert studio.runner.run(job.id).state == "unknown"
    again = studio.jobs.approve(job.id, "bob")
    assert again.approved_by == "bob"
    assert studio.runner.run(job.id).state == "done" and len(studio.service.submitted) == 2


def test_a_provider_that_is_slow_or_breaks_off_is_asked_again(studio: Studio) -> None:
    studio.service.fail |= {"poll": [503, 502, 500], "content": [503]}
    job = studio.propose()
    studio.jobs.approve(job.id, "ada")
    with pytest.raises(Interrupted):
        studio.runner.run(job.id)
    studio.service.fail["content"] = ["half"]
    with pytest.raises(Interrupted, match=r"half a file|could not be fetched"):
        studio.runner.run(job.id)
    assert not studio.made(job)
    assert studio.runner.run(job.id).state == "done"
    assert len(studio.service.submitted) == 1 and studio.service.asked["poll"] == 6


@pytest.mark.parametrize(("state", "told"), [("refused", "no"), ("failed", "no")])
def test_what_the_provider_gives_up_ends_there(studio: Studio, state: Any, told: str) -> None:
    studio.service.state = state
    job = studio.propose()
    studio.jobs.approve(job.id, "ada")
    ended = studio.runner.run(job.id)
    assert ended.state == state and told in (ended.error or "") and not studio.made(job)


def test_a_job_that_the_provider_lost_has_failed(studio: Studio) -> None:
    studio.service.state = "running"
    job = studio.propose()
    studio.jobs.approve(job.id, "ada")
    with pytest.raises(Interrupted):
        studio.runner.run(job.id)
    assert studio.jobs.get(job.id).progress == 0.5
    studio.service.jobs.clear()
    ended = studio.runner.run(job.id)
    assert ended.state == "failed" and "knows nothing" in (ended.error or "")


def test_what_is_not_as_asked_for_is_seen_by_nobody(studio: Studio) -> None:
    job = studio.propose("an ugly film", provider="animatic")
    studio.jobs.approve(job.id, "ada")
    ended = studio.runner.run(job.id)
    assert ended.state == "failed" and ended.error == "the picture does not move"
    assert not studio.made(job) and ended.path is None


def test_a_step_that_fails_after_it_was_made_is_done_again_without_paying(studio: Studio) -> None:
    broken = [VideoError("the key is gone")]

    def finish(job: Any, piece: Piece, target: Any) -> dict[str, Any]:
        target.write_bytes(b"half")
        if broken:
            raise broken.pop()
        return studio_finish(job, piece, target)

    studio_finish, studio.finish = studio.finish, finish
    job = studio.propose()
    studio.jobs.approve(job.id, "ada")
    with pytest.raises(VideoError, match="key is gone"):
        studio.runner.run(job.id)
    assert studio.jobs.get(job.id).state == "checking" and not studio.made(job)
    assert studio.runner.run(job.id).state == "done" and len(studio.service.submitted) == 1


def test_cancelled_at_any_time_nothing_more_happens(studio: Studio) -> None:
    studio.service.state = "running"
    job = studio.propose()
    studio.jobs.approve(job.id, "ada")

    def cancel(_: float) -> None:
        studio.jobs.cancel(job.id, "ada")

    runner = studio.runner
    runner._wait = cancel  # pyright: ignore[reportPrivateUsage]
    assert runner.run(job.id).state == "cancelled"
    assert studio.service.cancelled == ["job-1"] and not studio.made(job)
    with pytest.raises(RefusedRequest, match="cancelled already"):
        studio.jobs.approve(job.id, "ada")
    studio.jobs.remove(job.id)
    with pytest.raises(UnknownJob):
        studio.jobs.get(job.id)


def test_only_one_runs_a_job(studio: Studio) -> None:
    job = studio.propose()
    studio.jobs.approve(job.id, "ada")
    with studio.jobs.working(job.id), pytest.raises(BlockingIOError):
        studio.runner.run(job.id)
    assert not studio.service.submitted


def test_a_provider_that_is_gone_leaves_the_job_where_it_is(studio: Studio) -> None:
    job = studio.propose()
    studio.jobs.approve(job.id, "ada")
    kept, studio.generators = studio.generators, Generators({}, {}, "auto")
    with pytest.raises(ProviderUnavailable, match="nothing is lost"):
        studio.runner.run(job.id)
    studio.generators = kept
    assert studio.runner.run(job.id).state == "done"


def test_what_is_sent_was_judged_right_before(studio: Studio) -> None:
    job = studio.propose(provider="animatic")
    studio.jobs.approve(job.id, "ada")
    list_of_owner = studio.library.root / "refused.txt"
    list_of_owner.write_text("# ours\nDOG on  a beach\n")
    studio.moderation = type(studio.moderation)(list_of_owner)
    ended = studio.runner.run(job.id)
    assert ended.state == "refused" and ended.moderation.reasons[0].startswith("list:")
    assert not studio.local.submitted
    with pytest.raises(RefusedRequest):
        studio.jobs.approve(job.id, "ada")


def test_every_submission_carries_what_was_cleared(studio: Studio) -> None:
    job = studio.propose(provider="animatic")
    studio.jobs.approve(job.id, "ada")
    done = studio.runner.run(job.id)
    (work,) = studio.local.submitted
    assert work.cleared == done.moderation.cleared != ""


def test_what_may_have_been_paid_twice_counts_twice(studio: Studio) -> None:
    studio.service.fail["submit"] = ["hang up"]
    job = studio.propose(seconds=40.0)  # four dollars
    studio.jobs.approve(job.id, "ada")
    assert studio.runner.run(job.id).state == "unknown"
    studio.jobs.approve(job.id, "ada")
    assert studio.runner.run(job.id).state == "done"  # eight
    for _ in range(3):
        studio.jobs.approve(studio.propose(seconds=40.0).id, "ada")
    with pytest.raises(RefusedRequest, match=r"20\.00 are spent today"):
        studio.jobs.approve(studio.propose(seconds=40.0).id, "ada")


def test_a_job_that_goes_while_all_are_listed_is_left_out(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = studio.propose(), studio.propose("another film")
    read = studio.jobs._read  # pyright: ignore[reportPrivateUsage]

    def removed(id: str) -> Any:
        if id == gone.id:
            raise UnknownJob(id)
        return read(id)

    monkeypatch.setattr(studio.jobs, "_read", removed)
    assert [job.id for job in studio.jobs.list()] == [kept.id]
