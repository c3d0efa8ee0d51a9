"""How fast indexing is, beside a bare decode of the same file and beside PySceneDetect.

    python -m benchmarks.speed [--quick] [--video FILE]... [--scenedetect PYTHON]

Every figure comes from a process of its own. What is compared runs in turns (A B A B) and is
compared turn by turn, so that a machine that is busy with something else slows both. A bare
decode is timed without its start and imports; indexing is timed with those of its child.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "samples" / "lighthouse.mp4"
REAL = ("clips/dvr_traffic.mp4", "odd/ax_long_1080p_low.mp4")
"""Real videos that are measured where the folder with them is there; short ones are repeated."""
CLIP, HOUR = 300.0, 3600.0
MOST_RATIO, MOST_MB, MOST_WAIT, MOST_AGAIN, MOST_HELP, MOST_SEARCH = 1.35, 500, 15, 1.0, 0.4, 2.0
QUESTION = "What colour is the picture at 30:00?"
CUEPOINT = (sys.executable, "-c", "from ui.cli import main; main()")
WORKER = (sys.executable, "-c", "from benchmarks import speed; speed.work()")
PEER = """
import sys, time, scenedetect
start = time.perf_counter()
scenedetect.detect(sys.argv[1], getattr(scenedetect, sys.argv[2])())
print(time.perf_counter() - start, scenedetect.__version__)
"""


class Row(NamedTuple):
    """A line of the table; one without a target is there to compare with."""

    what: str
    figure: str
    target: str = ""
    met: bool | None = None


def work() -> None:
    """Do one job in a process of its own and print what was measured as a line of JSON."""
    _, name, *arguments = sys.argv
    print(json.dumps({"bare": bare, "index": index}[name](*arguments)))


def bare(path: str) -> dict[str, float]:
    """Decode every frame and do nothing with it."""
    import av

    start, spent = time.perf_counter(), processor_seconds()
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for _ in container.decode(stream):
            pass
    return {"seconds": time.perf_counter() - start, "cpu": processor_seconds() - spent}


def index(path: str, home: str, launched: str) -> dict[str, Any]:
    """Index without models and say what it took; prints a line of its own when it can be asked."""
    children: list[str] = []
    sys.addaudithook(lambda name, _: children.append(name) if name == "subprocess.Popen" else None)
    from tools.ingest import Progress, ingest
    from tools.library import Library

    def usable(progress: Progress) -> None:
        if (progress.stage, progress.state) == ("keyframes", "done"):
            waited = time.time() - float(launched)
            print(json.dumps({"usable": waited, "video": progress.video}), flush=True)

    library = Library(Path(home))
    start, spent = time.perf_counter(), processor_seconds()
    video = ingest(library, Path(path), text_reader="none", only=("pass",), on_progress=usable)
    return {
        "seconds": time.perf_counter() - start,
        "whole": time.time() - float(launched),
        "cpu": processor_seconds() - spent,
        "pass": library.manifest(video.id)["stages"]["pass"]["seconds"],
        "kept": len(library.frames(video.id)),
        "parent": peak_mb(resource.RUSAGE_SELF),
        "child": peak_mb(resource.RUSAGE_CHILDREN),
        "children": len(children),
    }


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_mb(who: int) -> float:
    """Most resident memory; of a child never less than what its parent had when it started it."""
    return resource.getrusage(who).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


def draw(path: Path, seconds: int = 24, rate: int = 25) -> None:
    """Encode 720p that moves: the camera pans over grainy clouds, boxes cross them, three cuts."""
    import av
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(7)
    grain = random.integers(-5, 6, (8, 720, 1280))
    clouds = np.zeros((1440, 2560), int)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=rate, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for number in range(seconds * rate):
            if number % (8 * rate) == 0:
                clouds[:] = 20
                for cells, share in ((6, 90), (24, 60), (90, 30), (400, 20)):
                    rough = Image.fromarray(random.random((cells, cells)).astype("f4") * share)
                    clouds += np.asarray(rough.resize((2560, 1440)), int)
            across, down = number * 3 % 1280, round(200 + 190 * np.sin(number / 40))
            luma = clouds[down : down + 720, across : across + 1280] + grain[number % 8]
            for box in range(4):
                left = (number * (4 + 3 * box) + 300 * box) % 1120
                luma[150 * box + 90 : 150 * box + 170, left : left + 160] = 60 + 45 * box
            colour = clouds[down : down + 360, across : across + 1280] // 4 + 100
            planes = np.vstack([luma, colour]).clip(16, 235).astype(np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        output.mux(stream.encode(None))


def repeat(source: Path, target: Path, seconds: float) -> Path:
    """The packets of a video again and again until it is long enough; nothing is encoded."""
    import av

    copies: dict[int, Any] = {}
    ends: dict[int, int] = {}
    shift = Fraction(0)
    with av.open(str(target), "w") as output:
        while shift < seconds:
            with av.open(str(source)) as media:
                streams = [*media.streams.video[:1], *media.streams.audio[:1]]
                for stream in streams if not copies else ():
                    copies[stream.index] = output.add_stream_from_template(stream)
                for packet in media.demux(streams):
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    later, place = round(shift / packet.time_base), packet.stream.index
                    packet.pts, packet.dts = packet.pts + later, packet.dts + later
                    if packet.dts > ends.get(place, packet.dts - 1):  # sound outlasts the picture
                        ends[place] = packet.dts
                        packet.stream = copies[place]
                        output.mux(packet)
                length = (streams[0].duration or 0) * (streams[0].time_base or Fraction(0))
                shift += length or Fraction(media.duration or av.time_base, av.time_base)
    return target


def seconds_of(path: Path) -> float:
    """How long a file says it is."""
    import av

    with av.open(str(path)) as media:
        return (media.duration or 0) / av.time_base


def media_files(given: list[Path], folder: Path) -> list[Path]:
    """Videos of at least CLIP seconds: those given, else real ones, else a drawn one."""
    real = Path(os.environ.get("CUEPOINT_MEDIA") or ROOT.parent / "shared" / "media")
    sources = given or [real / name for name in REAL if (real / name).exists()]
    if not sources:
        sources = [folder / "drawn.mp4"]
        draw(sources[0])
    found: list[Path] = []
    for source in sources:
        longer = folder / f"{source.stem}_repeated.mp4"
        short = seconds_of(source) < CLIP
        found.append(repeat(source, longer, CLIP) if short else source.absolute())
    return found


def note(text: str) -> None:
    """A sign of life, outside of the table."""
    print(text, file=sys.stderr, flush=True)


def fresh(*command: str) -> str:
    """Run a process to its end and return what it printed."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def wall(*command: str) -> float:
    """Seconds of a whole process, from its start to its end."""
    start = time.perf_counter()
    fresh(*command)
    return time.perf_counter() - start


def run_index(path: Path, home: Path) -> dict[str, Any]:
    """Index in a fresh process; what it printed last is the result."""
    return json.loads(fresh(*WORKER, "index", *map(str, (path, home, time.time()))).split("\n")[-2])


def spread(values: Sequence[float], unit: str = "") -> str:
    """The median, the least and the most."""
    return f"{median(values):.2f}{unit} ({min(values):.2f} to {max(values):.2f})"


def compare(path: Path, pairs: int, scenedetect: str | None, folder: Path) -> Iterator[Row]:
    """Bare decode, indexing and the peer, in turns; then the same index once more."""
    length, home = seconds_of(path), folder / f"library_{path.stem}"
    name = f"{path.stem}, {length:.0f} s"
    plain: list[dict[str, float]] = []
    full: list[dict[str, Any]] = []
    peers: dict[str, list[float]] = {}
    for turn in range(pairs):
        note(f"{name}: turn {turn + 1} of {pairs}")
        plain.append(json.loads(fresh(*WORKER, "bare", str(path))))
        shutil.rmtree(home, ignore_errors=True)
        full.append(run_index(path, home))
        for detector in ("ContentDetector", "AdaptiveDetector") if scenedetect else ():
            took, version = fresh(scenedetect or "", "-c", PEER, str(path), detector).split()
            peer = f"PySceneDetect {version}, {detector}"
            peers.setdefault(peer, []).append(float(took) / plain[-1]["seconds"])

    def ratio(figure: str, to: str = "seconds") -> list[float]:
        return [f[figure] / p[to] for f, p in zip(full, plain, strict=True)]

    decode = median([one["seconds"] for one in plain])
    yield Row(f"{name}: bare decode", f"{decode:.1f} s, {length / decode:.0f} times real time")
    met = median(ratio("seconds")) <= MOST_RATIO
    figure = spread(ratio("seconds"))
    yield Row(f"{name}: indexing / bare decode", figure, f"at most {MOST_RATIO}", met)
    yield Row(f"{name}: the same in processor seconds", spread(ratio("cpu", "cpu")))
    yield Row(f"{name}: the decode pass alone / bare decode", spread(ratio("pass")))
    for peer, ratios in peers.items():
        yield Row(f"{name}: {peer} / bare decode", spread(ratios))
    yield again(path, home, name)


def again(path: Path, home: Path, name: str) -> Row:
    """Index what is indexed already."""
    second = run_index(path, home)
    figure = f"{second['whole']:.2f} s, {second['children']} children started"
    met = second["whole"] < MOST_AGAIN and not second["children"]
    return Row(f"{name}: second index", figure, f"under {MOST_AGAIN} s, 0", met)


def hour(source: Path, folder: Path) -> Iterator[Row]:
    """An hour: when it can be asked, whether it answers then, and the memory it takes."""
    path, home = repeat(source, folder / "hour.mp4", HOUR), folder / "library_hour"
    name = f"an hour of {source.stem}"
    note(f"{name}: {path.stat().st_size / 1e6:.0f} MB")
    command = [*WORKER, "index", *map(str, (path, home, time.time()))]
    answer: dict[str, Any] = {}
    result: dict[str, Any] = {}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            result |= json.loads(line)
            if not answer:
                ask = ("--library", str(home), "ask", QUESTION, result["video"], "--json")
                answer = json.loads(fresh(*CUEPOINT, *ask))
    usable, whole = result["usable"], result["whole"]
    yield Row(f"{name}: can be asked after", f"{usable:.1f} s", "15 s", usable <= MOST_WAIT)
    met = bool(answer["found"] and answer["evidence"])
    yield Row(f"{name}: asked then, '{QUESTION}'", answer["answer"], "a cited answer", met)
    yield Row(f"{name}: indexed after", f"{whole:.0f} s, {result['kept']} pictures kept")
    for who in ("parent", "child"):
        peak = result[who]
        what = f"{name}: resident memory of the {who} at most"
        yield Row(what, f"{peak:.0f} MB", f"under {MOST_MB} MB", peak < MOST_MB)
    yield again(path, home, name)


def commands(folder: Path) -> Iterator[Row]:
    """What a person waits for at the prompt: fresh processes, their files in the disk cache."""
    note("commands")
    home = ("--library", str(folder / "library_sample"))
    took = wall(*CUEPOINT, *home, "index", str(SAMPLE))
    yield Row("`cuepoint index` of the sample, all stages", f"{took:.1f} s")
    for what, most, arguments in (
        ("`cuepoint --help`", MOST_HELP, ("--help",)),
        ("`cuepoint search`", MOST_SEARCH, (*home, "search", "when does the fog come in")),
        ("`cuepoint index` of it again", MOST_AGAIN, (*home, "index", str(SAMPLE))),
    ):
        found = [wall(*CUEPOINT, *arguments) for _ in range(5)]
        yield Row(what, spread(found, " s"), f"under {most} s", median(found) < most)


def machine() -> str:
    """What this runs on."""
    import av

    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    versions = f"Python {platform.python_version()}, PyAV {av.__version__}"
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    return f"{platform.system()} {platform.machine()}, {cores} cores, {load}, {versions}"


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one video, two turns, no hour")
    parser.add_argument("--video", type=Path, action="append", default=[], help="instead of ours")
    parser.add_argument("--scenedetect", metavar="PYTHON", help="an interpreter that has it")
    options = parser.parse_args()
    rows, on = [], machine()
    with tempfile.TemporaryDirectory(prefix="cuepoint-speed-") as temporary:
        folder = Path(temporary)
        files = media_files(options.video, folder)
        for path in files[:1] if options.quick else files:
            rows += compare(path, 2 if options.quick else 3, options.scenedetect, folder)
        if not options.quick:
            rows += hour(files[0], folder)
        rows += commands(folder)
    if not options.scenedetect:
        note("PySceneDetect was left out: name an interpreter that has it with --scenedetect")
    print(f"{on}\n\n| what | figure | target | met |\n|---|---|---|---|")
    for row in rows:
        met = {None: "", True: "yes", False: "no"}[row.met]
        print(f"| {row.what} | {row.figure} | {row.target} | {met} |")


if __name__ == "__main__":
    main()
