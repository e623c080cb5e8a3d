"""Probes of the meters, by signals as EBU Tech 3341 and 3342 describe them (stereo, synthetic).

Tech 3341: integrated loudness (cases 1 to 5), short-term (1, 2, 9, 10), momentary (1, 2, 12, 13)
and true peak (15 to 19, and four bursts in the spirit of 20 to 23). Tech 3342: loudness range
(cases 1 to 4). Left out: case 6 (five channels), 7 and 8 and 5 and 6 of Tech 3342 (broadcasts
that cannot be made here), 11 and 14 (10 and 13 again, for meters that run).
"""

import numpy as np
from probing import METERS, RATE, Reading, Readings

from wetdry.audio import Audio
from wetdry.mixing import (
    integrated_lufs,
    loudness_range_lu,
    momentary_lufs,
    short_term_lufs,
    true_peak_dbtp,
)

SILENT = -200
Parts = tuple[tuple[float, float], ...]
LOUDNESS: dict[str, Parts] = {
    "1": ((-23, 20),),
    "2": ((-33, 20),),
    "3, relative gate": ((-36, 10), (-23, 60), (-36, 10)),
    "4, both gates": ((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)),
    "5": ((-26, 20), (-20, 20.1), (-26, 20)),
}
RANGES: dict[str, tuple[Parts, float]] = {
    "1": (((-20, 20), (-30, 20)), 10),
    "2": (((-20, 20), (-15, 20)), 5),
    "3": (((-40, 20), (-20, 20)), 20),
    "4": (((-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)), 15),
}
PEAKS = {"15": (4, 0, 0.5), "16": (4, 45, 0.5), "17": (6, 60, 0.5), "18": (8, 67.5, 0.5),
         "19": (4, 45, 1.41)}  # fmt: skip


def stepped(parts: Parts, rate: int = RATE) -> Audio:
    """Return a sine at 1 kHz in both channels, at levels in dBFS for so many seconds each."""
    levels = [np.full(round(seconds * rate), 10 ** (db / 20)) for db, seconds in parts]
    level = np.concatenate(levels)
    sine = level * np.sin(2 * np.pi * 1000 * np.arange(level.size) / rate)
    return np.tile(sine, (2, 1)).astype(np.float32)


def integrated(_: Audio) -> Readings:
    """Measure stepped sines at 1 kHz."""
    for case, parts in LOUDNESS.items():
        for rate in (44_100, 48_000):
            asked = -33 if case == "2" else -23
            name = f"EBU Tech 3341 case {case}, {rate} Hz"
            yield Reading(name, "LUFS", asked, integrated_lufs(stepped(parts, rate), rate), 0.1)
    sine = np.sin(2 * np.pi * 997 * np.arange(20 * RATE) / RATE)[None].astype(np.float32)
    had = integrated_lufs(sine, RATE)
    yield Reading("BS.1770: 997 Hz at 0 dBFS in one channel", "LUFS", -3.01, had, 0.01)


def short_term(_: Audio) -> Readings:
    """Measure steady tones, tones that change within the window, and bursts as long as it."""
    for case, level in (("1", -23), ("2", -33)):
        had = short_term_lufs(stepped(((level, 20),)), RATE).max()
        yield Reading(f"EBU Tech 3341 case {case}, maximum", "LUFS", level, had, 0.1)
    had = short_term_lufs(stepped(((-20, 1.34), (-30, 1.66)) * 5), RATE)
    yield _farthest("EBU Tech 3341 case 9, all readings", had)
    bursts = (stepped(((SILENT, 0.15 * i), (-23, 3), (SILENT, 1))) for i in range(20))
    maxima = np.array([short_term_lufs(burst, RATE).max() for burst in bursts])
    yield _farthest("EBU Tech 3341 case 10, maxima of 20 bursts", maxima)


def momentary(_: Audio) -> Readings:
    """Measure steady tones, tones that change within the window, and bursts as long as it."""
    for case, level in (("1", -23), ("2", -33)):
        had = momentary_lufs(stepped(((level, 20),)), RATE).max()
        yield Reading(f"EBU Tech 3341 case {case}, maximum", "LUFS", level, had, 0.1)
    had = momentary_lufs(stepped(((-20, 0.18), (-30, 0.22)) * 25), RATE)
    yield _farthest("EBU Tech 3341 case 12, readings from 1 s on", had[60:])
    bursts = (stepped(((SILENT, 0.02 * i), (-23, 0.4), (SILENT, 1))) for i in range(20))
    maxima = np.array([momentary_lufs(burst, RATE).max() for burst in bursts])
    yield _farthest("EBU Tech 3341 case 13, maxima of 20 bursts", maxima)


def _farthest(name: str, readings: np.ndarray) -> Reading:
    """Return the reading that is farthest from -23 LUFS."""
    had = readings[np.argmax(np.abs(readings + 23))]
    return Reading(name, "LUFS", -23, float(had), 0.1)


def loudness_range(_: Audio) -> Readings:
    """Measure stepped sines; the EBU lets 1 LU pass."""
    for case, (parts, asked) in RANGES.items():
        for rate in (44_100, 48_000):
            name = f"EBU Tech 3342 case {case}, {rate} Hz"
            yield Reading(name, "LU", asked, loudness_range_lu(stepped(parts, rate), rate), 1)


def true_peak(_: Audio) -> Readings:
    """Measure sines at fractions of the rate; the EBU lets +0.2 and -0.4 dB pass."""
    fade = np.minimum(1, np.minimum(np.arange(RATE), np.arange(RATE)[::-1]) / (RATE / 10))
    for case, (part, degrees, peak) in PEAKS.items():
        wave = np.sin(2 * np.pi * np.arange(RATE) / part + np.radians(degrees))
        audio = np.tile(peak * fade * wave, (2, 1)).astype(np.float32)
        asked, had = 20 * np.log10(peak), true_peak_dbtp(audio, RATE)
        allowed = 0.2 if had > asked else 0.4
        name = f"EBU Tech 3341 case {case}, rate / {part} at {degrees} degrees"
        yield Reading(name, "dBTP", asked, had, allowed)
    for case, offset in (("20", 0.0), ("21", 0.25), ("22", 0.5), ("23", 0.75)):
        n = np.arange(RATE) - RATE / 2 + offset
        burst = np.exp(-((n / 100) ** 2)) * np.cos(2 * np.pi * n / 6)
        had = true_peak_dbtp(np.tile(burst, (2, 1)).astype(np.float32), RATE)
        name = f"as EBU Tech 3341 case {case}, burst at rate / 6, {offset} samples early"
        yield Reading(name, "dBTP", 0, had, 0.2 if had > 0 else 0.4)


METERS.update(
    {
        "integrated_lufs": integrated,
        "momentary_lufs": momentary,
        "short_term_lufs": short_term,
        "loudness_range_lu": loudness_range,
        "true_peak_dbtp": true_peak,
    }
)
