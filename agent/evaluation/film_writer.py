"""Renderer of a film: pictures, sound, and subtitles beside the file."""

from datetime import timedelta
from functools import cache
from math import cos, pi, sin
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from agent.evaluation.ground_truth import Film, Shape, Text
from tools.media import Utterance
from tools.transcript.cues import to_srt

WIDTH, HEIGHT, FPS, RATE = 480, 270, 5, 16000
COLOURS = {
    "red": (200, 30, 35), "orange": (240, 135, 25), "yellow": (240, 215, 50),
    "green": (40, 150, 60), "blue": (40, 80, 205), "purple": (130, 45, 165),
    "white": (240, 240, 240), "black": (14, 14, 16), "grey": (128, 128, 128),
}  # fmt: skip
SHAPE_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple")
FORMS = ("square", "circle", "triangle", "star")
SIZE = 96
"""Pixels: width and height of a shape."""
LARGEST, WIDEST = 28, 440
"""Font size of a sign, and pixels: the width from which it is smaller."""
HUM = 0.03
"""Amplitude of the audio track between the noises: quiet, but not silent."""


def write_film(film: Film, folder: Path) -> Path:
    """Write the film as MP4, with its speech as SRT beside it; returns the path of the MP4."""
    from tools.video.encode import encode

    path = folder / f"{film.name}.mp4"
    tags = {"title": film.name}
    if film.recorded_at:
        tags["creation_time"] = film.recorded_at.isoformat()
    said = [Utterance(film.name, line.start, line.end, line.text) for line in film.lines]
    path.with_suffix(".srt").write_text(to_srt(said), "utf-8")
    frames = (np.asarray(draw_frame(film, n / FPS)) for n in range(round(film.duration * FPS)))
    encode(path, frames, FPS, soundtrack(film) if film.silence else None, RATE, tags)
    return path


def draw_frame(film: Film, seconds: float) -> Image.Image:
    """The picture of a film at a time."""
    shot = next(shot for shot in reversed(film.shots) if seconds >= shot.start - 1e-6)
    image = _background(shot.colour, film.shots.index(shot)).copy()
    draw = ImageDraw.Draw(image)
    for shape in film.shapes:
        if shape.start <= seconds < shape.end:
            _draw_shape(draw, shape, seconds)
    for sign in film.signs:
        if sign.start <= seconds < sign.end:
            _draw_sign(draw, sign)
    if film.clock:
        shown = f"{film.clock + timedelta(seconds=int(seconds)):%H:%M:%S}"
        draw.rectangle((350, 232, 474, 266), "black")
        draw.text((412, 249), shown, "white", ImageFont.load_default(24), "mm")
    return image


@cache
def _background(colour: str, number: int) -> Image.Image:
    """One colour with darker bars, so that no frame is a plain area."""
    image = Image.new("RGB", (WIDTH, HEIGHT), COLOURS[colour])
    draw = ImageDraw.Draw(image)
    darker = tuple(round(value * 0.85) for value in COLOURS[colour])
    step = 60 + 12 * (number % 4)
    for start in range(0, WIDTH, step):
        if number % 2:
            draw.rectangle((start, 0, start + step // 4, HEIGHT), darker)
        else:
            draw.rectangle((0, start, WIDTH, start + step // 4), darker)
    return image


def _draw_shape(draw: ImageDraw.ImageDraw, shape: Shape, seconds: float) -> None:
    share = (seconds - shape.start) / (shape.end - shape.start)
    across = share if shape.towards == "right" else 1 - share
    x, y, half = SIZE / 2 + 10 + across * (WIDTH - SIZE - 20), 170.0, SIZE / 2
    fill = COLOURS[shape.colour]
    if shape.form == "square":
        draw.rectangle((x - half, y - half, x + half, y + half), fill)
    elif shape.form == "circle":
        draw.ellipse((x - half, y - half, x + half, y + half), fill)
    else:
        corners = 3 if shape.form == "triangle" else 10
        points: list[tuple[float, float]] = []
        for n in range(corners):
            reach = half * (0.45 if corners == 10 and n % 2 else 1.0)
            angle = 2 * pi * n / corners - pi / 2
            points.append((x + reach * cos(angle), y + reach * sin(angle)))
        draw.polygon(points, fill)


def _draw_sign(draw: ImageDraw.ImageDraw, sign: Text) -> None:
    font = ImageFont.load_default(LARGEST)
    font = ImageFont.load_default(min(LARGEST, LARGEST * WIDEST / draw.textlength(sign.text, font)))
    left, top, right, bottom = draw.textbbox((WIDTH / 2, 60), sign.text, font, "mm")
    draw.rectangle((left - 14, top - 10, right + 14, bottom + 10), "#f4f1e6", "#202020", 2)
    draw.text((WIDTH / 2, 60), sign.text, "#161616", font, "mm")


def soundtrack(film: Film) -> NDArray[np.float32]:
    """Samples of the audio track, -1 to 1: a hum, noises, and silence."""
    length = round(film.duration * RATE)
    random = np.random.default_rng(length)
    mix = random.normal(0, HUM, length)
    for noise in film.noises:
        first, last = round(noise.start * RATE), round(noise.end * RATE)
        if noise.kind == "noise":
            burst = random.uniform(-1, 1, last - first)
        else:
            burst = np.sin(2 * np.pi * 660 * np.arange(last - first) / RATE)
        mix[first:last] += noise.level * burst
    if film.silence:
        first, last = (round(t * RATE) for t in film.silence)
        mix[first:last] = 0
    return np.clip(mix, -1, 1).astype(np.float32)
