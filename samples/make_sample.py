"""Make the sample video and its truth: `python samples/make_sample.py [FOLDER]`.

Needs PyAV, NumPy, Pillow and the program `espeak-ng`. The same input gives the same truth.
"""

import json
import shutil
import subprocess
import sys
import wave
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import drawing
import numpy as np
from PIL import Image

FPS = 25
RATE = 22050
TITLE = "A day at Gull Point lighthouse"
BLEND = 0.8
"""Seconds that the dissolve takes, and each half of the fade through black."""

SCENES: list[tuple[str, float, float, drawing.Scene]] = [
    ("dawn over the harbour, orange", 0.0, 9.0, drawing.dawn),
    ("slide: ferry timetable", 9.0, 17.0, drawing.timetable),
    ("noon, blue: the red boat sails out", 17.0, 27.0, drawing.noon),
    ("lamp room with the turning lamp and Ada", 27.0, 37.0, drawing.lamp_room),
    ("slide: facts about the lamp", 37.0, 46.0, drawing.lamp_facts),
    ("storm, dark grey, rain and lightning", 46.0, 57.0, drawing.storm),
    ("slide: storm warning", 57.0, 64.0, drawing.warning),
    ("rainbow: the red boat comes back", 64.0, 74.0, drawing.homecoming),
    ("sunset, red", 74.0, 82.0, drawing.sunset),
    ("night, black, with the beam of the lamp", 82.0, 91.0, drawing.night),
    ("slide: visit Gull Point", 91.0, 98.0, drawing.end_card),
]
DISSOLVE_AT, FADE_AT = 74.0, 82.0

SPEECH: list[tuple[float, str]] = [
    (0.8, "Good morning from Gull Point, where the sun is just coming up."),
    (5.0, "The harbour is quiet, and only the gulls are awake."),
    (9.6, "The ferry to Stone Island leaves three times a day."),
    (13.2, "If you miss the last one, you sleep on the island."),
    (17.8, "At noon the red boat Marigold sails out to the fishing grounds."),
    (22.6, "She carries two fishermen and forty crab pots."),
    (27.6, "This is Ada, who has kept the lamp for twenty-six years."),
    (32.2, "She climbs one hundred and twelve steps every morning."),
    (37.8, "The glass was made in Paris and weighs two tons."),
    (42.0, "On a clear night sailors see it from far away."),
    (46.6, "In the afternoon the weather turns, and the fog horn sounds."),
    (53.4, "Nobody goes out in a storm like this."),
    (57.8, "The harbour office puts up a storm warning."),
    (64.8, "And here she comes: the Marigold is back before dark."),
    (69.4, "All forty crab pots are full."),
    (75.2, "The sun goes down behind Stone Island."),
    (83.4, "At night the fog horn sounds once more."),
    (91.8, "Come and see us. We are open from May to September."),
]
HORNS = [(50.6, 52.6), (87.0, 89.0)]
FOOT = "Gull Point Harbour"
SCREEN: list[tuple[float, float, str]] = [
    *((start, end, FOOT) for start, end in ((9.0, 17.0), (37.0, 46.0), (57.0, 64.0), (91.0, 98.0))),
    (0.0, 9.0, "PIER 2"),
    (9.0, 17.0, "FERRY TIMETABLE"),
    (9.4, 17.0, "Gull Point to Stone Island"),
    (9.9, 17.0, "Departs 09:15 and 13:40"),
    (10.4, 17.0, "Last ferry 17:30"),
    (19.1, 27.0, "MARIGOLD"),
    (27.0, 37.0, "ADA, KEEPER"),
    (37.0, 46.0, "THE LAMP"),
    (37.4, 46.0, "Range 24 nautical miles"),
    (37.9, 46.0, "One flash every 10 seconds"),
    (38.4, 46.0, "Built in 1887"),
    (57.0, 64.0, "STORM WARNING"),
    (57.4, 64.0, "Small boats stay in port"),
    (57.9, 64.0, "until 18:00"),
    (58.4, 64.0, "Harbour office, channel 12"),
    (64.0, 74.0, "MARIGOLD"),
    (91.0, 98.0, "VISIT GULL POINT"),
    (91.4, 98.0, "Open May to September"),
    (91.9, 98.0, "10:00 to 16:00, closed on Mondays"),
    (92.4, 98.0, "Ring the bell twice"),
]
TRUTH = {
    "twice": [
        {"what": "the red boat Marigold passes", "when": [[17.0, 27.0], [64.0, 74.0]]},
        {"what": "the fog horn sounds", "when": [list(span) for span in HORNS]},
    ],
    "never": ["a whale", "a helicopter", "a dog", "the price of a ticket", "Ada's surname"],
    "colours": [
        {"start": 0.0, "end": 9.0, "colour": "orange"},
        {"start": 17.0, "end": 27.0, "colour": "blue"},
        {"start": 74.4, "end": 81.2, "colour": "red"},
        {"start": 82.8, "end": 91.0, "colour": "black"},
    ],
}
ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Sans,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def picture(seconds: float) -> Image.Image:
    """The finished picture at a time: the scene, and the two transitions."""
    half = BLEND / 2
    if abs(seconds - DISSOLVE_AT) < half:
        share = (seconds - DISSOLVE_AT + half) / BLEND
        return Image.blend(_drawn(7, seconds), _drawn(8, seconds), share)
    number = max(n for n, scene in enumerate(SCENES) if seconds >= scene[1] - 1e-6)
    image = _drawn(number, seconds)
    if abs(seconds - FADE_AT) < BLEND:
        dark = 1 - max(abs(seconds - FADE_AT) - 0.12, 0.0) / (BLEND - 0.12)
        image = Image.blend(image, Image.new("RGB", image.size), min(dark, 1.0))
    return image


def _drawn(number: int, seconds: float) -> Image.Image:
    _, start, end, draw = SCENES[number]
    return draw(seconds - start, end - start).reduce(drawing.SCALE)


def speak(text: str, folder: Path) -> np.ndarray:
    """One sentence as samples, -1 to 1, at RATE."""
    path = folder / "sentence.wav"
    subprocess.run(
        ["espeak-ng", "-v", "en-gb", "-s", "158", "-p", "42", "-w", str(path), text], check=True
    )
    with wave.open(str(path)) as file:
        if file.getframerate() != RATE:
            raise SystemExit(f"espeak-ng speaks at {file.getframerate()} Hz, not at {RATE}")
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    loud = np.flatnonzero(np.abs(samples) > 200)
    return samples[: loud[-1] + 1].astype(np.float32) / 32768


def sound(duration: float) -> tuple[np.ndarray, list[tuple[float, float, str]]]:
    """The narration over a quiet sea, the fog horn twice; and when each sentence is said."""
    mix = _sea(round(duration * RATE))
    cues: list[tuple[float, float, str]] = []
    with TemporaryDirectory() as folder:
        for start, text in SPEECH:
            samples = speak(text, Path(folder))
            first = round(start * RATE)
            mix[first : first + len(samples)] += 0.8 * samples
            cues.append((start, round(start + len(samples) / RATE, 3), text))
    for (_, end, text), (start, _, _) in pairwise(cues):
        if end > start:
            raise SystemExit(f"the sentence {text!r} runs into the next one")
    for start, end in HORNS:
        t = np.arange(round((end - start) * RATE)) / RATE
        tone = sum(np.sin(2 * np.pi * 98 * n * t) / n for n in (1, 2, 3, 4))
        shape = np.minimum(np.minimum(t / 0.25, (end - start - t) / 0.5), 1)
        first = round(start * RATE)
        mix[first : first + len(t)] += (0.28 * tone * shape).astype(np.float32)
    return np.clip(mix, -1, 1), cues


def _sea(length: int) -> np.ndarray:
    noise = np.random.default_rng(5).normal(0, 1, length + 64).astype(np.float32)
    soft = np.convolve(noise, np.ones(64, np.float32) / 64, "valid")[:length]
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * np.arange(length) / RATE / 5.5)
    return (0.09 * soft * swell).astype(np.float32)


def write(path: Path) -> list[tuple[float, float, str]]:
    """Encode picture, sound and subtitles; returns the cues."""
    duration = SCENES[-1][2]
    samples, cues = sound(duration)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
        out.metadata["title"] = TITLE
        out.metadata["creation_time"] = "2026-05-14T05:40:00Z"
        video = out.add_stream("libx264", rate=FPS, options={"crf": "29", "preset": "slow"})
        video.width, video.height, video.pix_fmt = drawing.WIDTH, drawing.HEIGHT, "yuv420p"
        video.codec_context.gop_size = 3 * FPS
        audio = out.add_stream("aac", rate=RATE, layout="mono")
        audio.bit_rate = 48_000
        text = out.add_stream("mov_text")
        text.codec_context.subtitle_header = ASS_HEADER
        text.codec_context.time_base = text.time_base = Fraction(1, 1000)
        text.metadata["language"] = "eng"
        for number in range(round(duration * FPS)):
            frame = av.VideoFrame.from_image(picture(number / FPS))
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for start in range(0, len(samples), 1024):
            piece = av.AudioFrame.from_ndarray(
                samples[None, start : start + 1024], format="fltp", layout="mono"
            )
            piece.sample_rate, piece.pts, piece.time_base = RATE, start, Fraction(1, RATE)
            out.mux(audio.encode(piece))
        out.mux(audio.encode(None))
        last = 0.0
        for start, end, words in [*cues, (duration, duration, "")]:
            for begin, finish, shown in ((last, start, ""), (start, end, words)):
                data = shown.encode()  # the format: two bytes of length, then the text
                packet = av.Packet(len(data).to_bytes(2, "big") + data)
                packet.stream, packet.time_base = text, Fraction(1, 1000)
                packet.pts = packet.dts = round(begin * 1000)
                packet.duration = round((finish - begin) * 1000)
                if packet.duration:
                    out.mux(packet)
            last = end
    return cues


def truth(cues: list[tuple[float, float, str]]) -> dict[str, object]:
    """What is known of the video, to the frame."""
    kinds = {DISSOLVE_AT: ("dissolve", BLEND / 2), FADE_AT: ("fade", BLEND)}
    cuts: list[dict[str, object]] = []
    for _, start, _, _ in SCENES[1:]:
        kind, reach = kinds.get(start, ("cut", 0.0))
        cuts.append({"seconds": start, "kind": kind, "start": start - reach, "end": start + reach})
    return {
        "title": TITLE,
        "duration": SCENES[-1][2],
        "scenes": [{"start": s, "end": e, "name": name} for name, s, e, _ in SCENES],
        "cuts": cuts,
        "speech": [{"start": s, "end": e, "text": text} for s, e, text in cues],
        "screen": [{"start": s, "end": e, "text": text} for s, e, text in SCREEN],
        "sounds": [{"start": s, "end": e, "what": "fog horn"} for s, e in HORNS],
        **TRUTH,
    }


def main() -> None:
    """Write lighthouse.mp4 and lighthouse.json."""
    if shutil.which("espeak-ng") is None:
        raise SystemExit("espeak-ng is missing: install the package espeak-ng and run this again")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    video = folder / "lighthouse.mp4"
    cues = write(video)
    text = json.dumps(truth(cues), indent=1, ensure_ascii=False)
    (folder / "lighthouse.json").write_text(text + "\n")
    print(f"{video}: {video.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
