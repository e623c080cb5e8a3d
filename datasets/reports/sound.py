"""Sound on a page: excerpts matched in level, their spectrograms, and players that keep step."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio, amplitude, decibels, resample
from ...mixing.loudness import integrated_lufs
from .axes import shown
from .page import Markup, tag
from .pictures import (
    CHANGE_COLOURS,
    CHANGE_DB,
    COLUMNS,
    LOWEST_HZ,
    RANGE_DB,
    ROWS,
    highest_hz,
    levels_db,
    png,
)

__all__ = ["Row", "Take", "listening", "mp3"]

LOUDNESS_LUFS = -20.0
"""Loudness of every excerpt: of two versions the louder one seems the better one."""

LARGEST_GAIN_DB = 40.0
"""Silence must not be raised to noise."""

MP3_HZ = (44_100, 48_000)


@dataclass(frozen=True)
class Take:
    """One version of a sound.

    Parameters
    ----------
    name : str
        Such as "wet" or "cascade".
    audio : float32 array, shape (channels, samples)
    """

    name: str
    audio: Audio


@dataclass(frozen=True)
class Row:
    """Versions that are to be compared, side by side.

    Parameters
    ----------
    title, note : str
        The note is a line below the title and may be empty.
    takes : tuple of Take
    chips : tuple of str
        Words in small boxes.
    change : bool
        Whether a third picture shows where the second of two takes has more or less energy.
    """

    title: str
    note: str
    takes: tuple[Take, ...]
    chips: tuple[str, ...] = ()
    change: bool = False


def listening(rows: Sequence[Row], sample_rate: int) -> Markup:
    """Return a player for all takes of all rows, as long as the first one.

    Parameters
    ----------
    rows : sequence of Row
        At least one, with at least one take; all takes equally long.
    sample_rate : int
        In Hz.
    """
    rows = _matched(rows, sample_rate)
    seconds = rows[0].takes[0].audio.shape[1] / sample_rate
    kinds = dict.fromkeys(take.name for row in rows for take in row.takes)
    choices = [
        tag("button", kind, type="button", class_="kind", data_kind=kind, title=f"key {n}")
        for n, kind in enumerate(kinds, 1)
    ]
    transport = tag(
        "div",
        tag("button", "Play", type="button", class_="play"),
        tag("span", *choices, class_="kinds", role="group", aria_label="version"),
        tag("input", type="range", min="0", max="1", step="any", value="0", aria_label="time"),
        tag("output"),
        class_="transport",
    )
    body = [_row(row, sample_rate) for row in rows]
    return tag("div", transport, *body, class_="listen", data_seconds=f"{seconds:.3f}")


def _matched(rows: Sequence[Row], sample_rate: int) -> list[Row]:
    """Bring all takes to one loudness, lower for all where one would clip."""
    lufs = [[integrated_lufs(t.audio, sample_rate) for t in row.takes] for row in rows]
    peaks = [[decibels(float(np.abs(t.audio).max(initial=0))) for t in row.takes] for row in rows]
    room = [
        level - peak - 1.0
        for levels, heights in zip(lufs, peaks, strict=True)
        for level, peak in zip(levels, heights, strict=True)
        if np.isfinite(level)
    ]
    target = min([LOUDNESS_LUFS, *room])
    return [
        replace(
            row, takes=tuple(_raised(t, v, target) for t, v in zip(row.takes, levels, strict=True))
        )
        for row, levels in zip(rows, lufs, strict=True)
    ]


def _raised(take: Take, lufs: float, target_lufs: float) -> Take:
    """Return a take at a loudness; a silent one stays as it is."""
    gain_db = min(target_lufs - lufs, LARGEST_GAIN_DB) if np.isfinite(lufs) else 0.0
    return Take(take.name, take.audio * np.float32(amplitude(gain_db)))


def _row(row: Row, sample_rate: int) -> Markup:
    """Return the takes of one row, their pictures on one scale of levels."""
    powers = [levels_db(take.audio, sample_rate) for take in row.takes]
    ceiling_db = max(max(float(p.max()) for p in powers), -100.0)
    figures = [
        _figure(row.title, take, power, ceiling_db, sample_rate)
        for take, power in zip(row.takes, powers, strict=True)
    ]
    if row.change and len(row.takes) == 2:
        seconds = row.takes[0].audio.shape[1] / sample_rate
        figures.append(_change(powers[0], powers[1], ceiling_db, seconds, sample_rate))
    words = tag("p", row.note, " " if row.note else "", *(_chip(chip) for chip in row.chips))
    colour = f"--k:var(--{row.title.lower()})" if row.title.isalpha() else "--k:var(--mixture)"
    shape = "takes one" if len(figures) == 1 else "takes"
    grid = tag("div", *figures, class_=shape)
    return tag("div", tag("h4", row.title), words, grid, class_="row", style=colour)


def _chip(text: str) -> Markup:
    """Return a word in a small box."""
    return tag("span", text, class_="chip")


def _figure(
    title: str, take: Take, power_db: NDArray[np.float64], ceiling_db: float, sample_rate: int
) -> Markup:
    """Return picture and player of one take."""
    name = f"{title}, {take.name}" if take.name != title.lower() else take.name
    picture = _data("image/png", png((power_db - ceiling_db) / RANGE_DB + 1.0))
    alt = f"spectrogram of {name}"
    spec = tag(
        "div",
        tag("img", src=picture, alt=alt, width=str(COLUMNS), height=str(ROWS)),
        *_ticks(take.audio.shape[1] / sample_rate, highest_hz(sample_rate)),
        tag("em"),
        class_="spec",
    )
    caption = tag("figcaption", tag("b", take.name, class_=take.name.replace(" ", "-")))
    sound = _data("audio/mpeg", mp3(take.audio, sample_rate))
    player = tag("audio", controls=True, preload="none", src=sound)
    return tag("figure", caption, spec, player, class_="take", data_name=name,
               data_kind=take.name)  # fmt: skip


def _change(
    before_db: NDArray[np.float64],
    after_db: NDArray[np.float64],
    ceiling_db: float,
    seconds: float,
    sample_rate: int,
) -> Markup:
    """Return a picture of where energy came (warm) and went (cold)."""
    floor_db = ceiling_db - RANGE_DB
    change = np.maximum(after_db, floor_db) - np.maximum(before_db, floor_db)
    picture = _data("image/png", png(change / (2 * CHANGE_DB) + 0.5, CHANGE_COLOURS))
    alt = "where the second version has more energy, and where less"
    image = tag("img", src=picture, alt=alt, width=str(COLUMNS), height=str(ROWS))
    marks = _ticks(seconds, highest_hz(sample_rate))
    scale = tag("small", f"±{CHANGE_DB:.0f} dB: ", tag("i", "less"), " – ", tag("u", "more"))
    caption = tag("figcaption", tag("b", "change"), scale)
    return tag("figure", caption, tag("div", image, *marks, tag("em"), class_="spec"))


def _ticks(seconds: float, top_hz: float) -> list[Markup]:
    """Return what is written beside and below a spectrogram."""
    marks = []
    for hz, text in ((100, "100 Hz"), (1000, "1 kHz"), (10_000, "10 kHz")):
        share = np.log(hz / LOWEST_HZ) / np.log(top_hz / LOWEST_HZ)
        if share < 1:
            marks.append(tag("span", text, class_="hz", style=f"bottom:{100 * share:.1f}%"))
    for part in (0.0, 0.5, 1.0):
        text = f"{shown(part * seconds)} s"
        marks.append(tag("span", text, class_="s", style=f"left:{100 * part:.0f}%"))
    return marks


def _data(kind: str, content: bytes) -> str:
    """Return bytes as an address that needs no file."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def mp3(audio: Audio, sample_rate: int) -> bytes:
    """Return audio as MP3 of about 110 kbit/s, which every browser plays.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz; what is not 44100 or 48000 is resampled.
    """
    import soundfile

    if sample_rate not in MP3_HZ:
        audio, sample_rate = resample(audio, sample_rate, MP3_HZ[0]), MP3_HZ[0]
    buffer = io.BytesIO()
    limits = {"bitrate_mode": "VARIABLE", "compression_level": 0.6}
    soundfile.write(buffer, audio.T, sample_rate, "MPEG_LAYER_III", format="MP3", **limits)
    return buffer.getvalue()
