"""Speed of indexing, beside a bare decode of the same file and beside PySceneDetect.

    python -m benchmarks.speed [--quick] [--video FILE]... [--clips FOLDER] [--scenedetect PYTHON]

Every figure comes from a process of its own. What is compared runs in turns (A B A B) and is
compared turn by turn, so that a machine that is busy with something else slows both. A bare
decode is timed without its start and imports; indexing is timed with those of its child, and
with the checksum, the subtitles and the keyframes.
"""

import argparse
import itertools
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
"""Real videos, measured if their folder is there; short ones are repeated."""
CLIP, HOUR = 300.0, 3600.0
CUTS, SHOT = 400.0, 1.6
"""Seconds of the film that is cut from a folder of clips, and of each of its shots."""
MOST_RATIO, MOST_MB, MOST_WAIT, MOST_AGAIN, MOST_HELP, MOST_SEARCH = 1.25, 500, 15, 1.0, 0.4, 2.0
QUESTION = "What colour is the picture at 30:00?"
PEAK_UNIT = 1e6 if sys.platform == "darwin" else 1e6 / 1024
"""A megabyte. A child's peak is never less than what its parent had when it started it."""
CUEPOINT = (sys.executable, "-c", "from ui.cli.app import main; main()")
WORKER = (sys.executable, "-c", "from benchmarks import speed; speed.work()")
PEER = """import sys, time, scenedetect
start = time.perf_counter()
scenedetect.detect(sys.argv[1], getattr(scenedetect, sys.argv[2])())
print(time.perf_counter() - start, scenedetect.__version__)"""


class Row(NamedTuple):
    """A row of the table; one without a target is for comparison."""

    what: str
    figure: str
    target: str = ""
    met: bool | None = None


def work() -> None:
    """Do one job in a process of its own and print what was measured as a line of JSON."""
    _, name, *arguments = sys.argv
    print(json.dumps({"bare": bare, "index": index}[name](*arguments)))


def bare(path: str) -> dict[str, float]:
    """Time a bare decode of every frame."""
    import av

    start, spent = time.perf_counter(), sum(os.times()[:4])
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for _ in container.decode(stream):
            pass
    return {"seconds": time.perf_counter() - start, "cpu": sum(os.times()[:4]) - spent}


def index(path: str, home: str, launched: str) -> dict[str, Any]:
    """Time indexing without models; prints a line when the first question can be asked."""
    children: list[str] = []
    sys.addaudithook(lambda name, _: children.append(name) if name == "subprocess.Popen" else None)
    from tools.ingest.pipeline import ingest
    from tools.ingest.run import Progress
    from tools.library import Library
    from tools.models.providers import BARE

    def usable(progress: Progress) -> None:
        if (progress.stage, progress.state) == ("keyframes", "done"):
            waited = time.time() - float(launched)
            print(json.dumps({"usable": waited, "video": progress.video}), flush=True)

    library = Library(Path(home))
    start, spent = time.perf_counter(), sum(os.times()[:4])
    video = ingest(library, Path(path), providers=BARE, only=("pass",), on_progress=usable)
    return {
        "seconds": time.perf_counter() - start,
        "whole": time.time() - float(launched),
        "cpu": sum(os.times()[:4]) - spent,
        "pass": library.manifest(video.id)["stages"]["pass"]["seconds"],
        "parent": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / PEAK_UNIT,
        "child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / PEAK_UNIT,
        "children": len(children),
    }


def draw(path: Path, seconds: int = 24, rate: int = 25) -> Path:
    """Encode 720p of a camera that pans over grainy clouds, with two cuts."""
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
            colour = clouds[down : down + 360, across : across + 1280] // 4 + 100
            planes = np.vstack([luma, colour]).clip(16, 235).astype(np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        output.mux(stream.encode(None))
    return path


def cut(clips: Path, target: Path, seconds: float = CUTS) -> Path:
    """Encode 720p with fast cuts: a shot from each clip of the folder in turn."""
    import av

    rate, count, turn = 25, 0, 0
    with av.open(str(target), "w") as output:
        stream = output.add_stream("libx264", rate=rate, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        sources = sorted(path for path in clips.iterdir() if path.suffix in (".mp4", ".webm"))
        while count < seconds * rate:
            before = count
            for path in sources:
                with av.open(str(path)) as media:
                    shots = itertools.islice(
                        media.decode(media.streams.video[0]),
                        turn * round(SHOT * rate),
                        (turn + 1) * round(SHOT * rate),
                    )
                    for frame in shots:
                        shown = frame.reformat(1280, 720, "yuv420p")
                        shown.pts, shown.time_base = count, Fraction(1, rate)
                        output.mux(stream.encode(shown))
                        count += 1
                if count >= seconds * rate:
                    break
            turn = turn + 1 if count > before else 0
        output.mux(stream.encode(None))
    return target


def repeat(source: Path, target: Path, seconds: float) -> Path:
    """Repeat the packets of a video until it is long enough; nothing is encoded."""
    import av

    copies, ends, shift = dict[int, Any](), dict[int, int](), Fraction(0)
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
    """Duration that a file declares."""
    import av

    with av.open(str(path)) as media:
        return (media.duration or 0) / av.time_base


def media_files(given: list[Path], folder: Path) -> list[Path]:
    """Videos of at least CLIP seconds: those given, else real ones, else a drawn one."""
    real = Path(os.environ.get("CUEPOINT_MEDIA") or ROOT.parent / "shared" / "media")
    sources = given or [real / name for name in REAL if (real / name).exists()]
    sources = sources or [draw(folder / "drawn.mp4")]
    for place, source in enumerate(sources):
        longer, short = folder / f"{source.stem}_repeated.mp4", seconds_of(source) < CLIP
        sources[place] = repeat(source, longer, CLIP) if short else source.absolute()
    return sources


def fresh(*command: str) -> str:
    """Run a process to its end and return what it printed."""
    ours = ("OPENAI_", "CUEPOINT_")  # no language model is asked, no other library is touched
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def run_index(path: Path, home: Path) -> dict[str, Any]:
    """Index in a fresh process; the last line printed is the result."""
    return json.loads(fresh(*WORKER, "index", *map(str, (path, home, time.time()))).split("\n")[-2])


def spread(values: Sequence[float], unit: str = "") -> str:
    """Median, minimum and maximum."""
    return f"{median(values):.2f}{unit} ({min(values):.2f} to {max(values):.2f})"


def compare(path: Path, pairs: int, scenedetect: str | None, folder: Path) -> Iterator[Row]:
    """Measure bare decode, indexing and the peer, in turns; then the same index once more."""
    length, home = seconds_of(path), folder / f"library_{path.stem}"
    name, peers = f"{path.stem}, {length:.0f} s", dict[str, list[float]]()
    plain, full = list[dict[str, float]](), list[dict[str, Any]]()
    for turn in range(pairs):
        sys.stderr.write(f"{name}: turn {turn + 1} of {pairs}\n")
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
    figure, met = spread(ratio("seconds")), median(ratio("seconds")) <= MOST_RATIO
    yield Row(f"{name}: indexing / bare decode", figure, f"at most {MOST_RATIO}", met)
    yield Row(f"{name}: the same in processor seconds", spread(ratio("cpu", "cpu")))
    yield Row(f"{name}: the decode pass alone / bare decode", spread(ratio("pass")))
    for peer, ratios in peers.items():
        yield Row(f"{name}: {peer} / bare decode", spread(ratios))
    yield again(path, home, name)


def again(path: Path, home: Path, name: str) -> Row:
    """Measure indexing of a video that is indexed already."""
    took, children = (run_index(path, home)[what] for what in ("whole", "children"))
    met = took < MOST_AGAIN and not children
    figure = f"{took:.2f} s, {children} children started"
    return Row(f"{name}: second index", figure, f"under {MOST_AGAIN} s, 0", met)


def hour(source: Path, folder: Path) -> Iterator[Row]:
    """Measure an hour: seconds to the first answer, and peak memory."""
    path, home = repeat(source, folder / "hour.mp4", HOUR), folder / "library_hour"
    name = f"an hour of {source.stem}"
    sys.stderr.write(f"{name}: {path.stat().st_size / 1e6:.0f} MB\n")
    command = [*WORKER, "index", *map(str, (path, home, time.time()))]
    answer, result = "", dict[str, Any]()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            result |= json.loads(line)
            if not answer:
                ask = ("--library", str(home), "ask", QUESTION, result["video"])
                answer = fresh(*CUEPOINT, *ask).split("\n")[0].replace("|", "/") or "nothing"
    figure, met = f"{result['usable']:.1f} s", result["usable"] <= MOST_WAIT
    yield Row(f"{name}: can be asked after", figure, f"within {MOST_WAIT} s", met)
    met = "[1]" in answer
    yield Row(f"{name}: asked then, '{QUESTION}'", answer, "a cited answer", met)
    yield Row(f"{name}: indexed after", f"{result['whole']:.0f} s")
    for who in ("parent", "child"):
        figure, met = f"{result[who]:.0f} MB", result[who] < MOST_MB
        yield Row(f"{name}: most memory of the {who}", figure, f"under {MOST_MB} MB", met)
    yield again(path, home, name)


def commands(folder: Path) -> Iterator[Row]:
    """Measure commands in fresh processes, their files in the disk cache."""
    home = ("--library", str(folder / "library_sample"))
    fresh(*CUEPOINT, *home, "index", str(SAMPLE))
    for what, most, arguments in (
        ("`cuepoint --help`", MOST_HELP, ("--help",)),
        ("`cuepoint search`", MOST_SEARCH, (*home, "search", "fog horn")),
        ("`cuepoint index` of the indexed sample", MOST_AGAIN, (*home, "index", str(SAMPLE))),
    ):
        seconds: list[float] = []
        for _ in range(5):
            start = time.perf_counter()
            fresh(*CUEPOINT, *arguments)
            seconds.append(time.perf_counter() - start)
        yield Row(what, spread(seconds, " s"), f"under {most} s", median(seconds) < most)


def main() -> None:
    """Measure, and print one table."""
    import av

    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one video, two turns, no hour")
    parser.add_argument("--video", type=Path, action="append", default=[], help="instead of ours")
    parser.add_argument("--scenedetect", metavar="PYTHON", help="an interpreter that has it")
    parser.add_argument("--clips", type=Path, help="clips to cut a film of 400 s from, first")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    versions = f"Python {platform.python_version()}, PyAV {av.__version__}"
    rows = list[Row]()
    with tempfile.TemporaryDirectory(prefix="cuepoint-speed-") as temporary:
        folder = Path(temporary)
        made = [cut(options.clips, folder / "fast_cuts.mp4")] if options.clips else []
        files = media_files([*made, *options.video], folder)
        for path in files[:1] if options.quick else files:
            rows += compare(path, 2 if options.quick else 3, options.scenedetect, folder)
        if not options.quick:
            rows += hour(files[0], folder)
        rows += commands(folder)
    if not options.scenedetect:
        sys.stderr.write(
            "PySceneDetect is not installed: --scenedetect names a Python that has it\n"
        )
    print(f"{platform.system()} {platform.machine()}, {cores} cores, {load}, {versions}\n")
    print("| what | figure | target | met |\n|---|---|---|---|")
    for row in rows:
        met = {None: "", True: "yes", False: "no"}[row.met]
        print(f"| {row.what} | {row.figure} | {row.target} | {met} |")


if __name__ == "__main__":
    main()
