"""Probes of the meters, by signals as EBU Tech 3341 describes them (stereo, synthetic).

Cases 1 to 5 of integrated loudness and 15 to 19 of true peak. Left out: case 6 (five channels),
7 and 8 (broadcasts that cannot be made here), 9 to 14 (momentary and short-term loudness) and
20 to 23 (files), and EBU Tech 3342: wetdry measures no loudness range.
"""

import numpy as np
from probing import METERS, RATE, Reading, Readings

from wetdry.audio import Audio
from wetdry.mixing import integrated_lufs, true_peak_dbtp

LOUDNESS = {
    "1": ((-23, 20),),
    "2": ((-33, 20),),
    "3, relative gate": ((-36, 10), (-23, 60), (-36, 10)),
    "4, both gates": ((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)),
    "5": ((-26, 20), (-20, 20.1), (-26, 20)),
}
PEAKS = {"15": (4, 0, 0.5), "16": (4, 45, 0.5), "17": (6, 60, 0.5), "18": (8, 67.5, 0.5),
         "19": (4, 45, 1.41)}  # fmt: skip


def integrated(_: Audio) -> Readings:
    """Measure stepped sines at 1 kHz."""
    for case, parts in LOUDNESS.items():
        for rate in (44_100, 48_000):
            level = 10 ** (np.concatenate([np.full(round(s * rate), db) for db, s in parts]) / 20)
            sine = level * np.sin(2 * np.pi * 1000 * np.arange(level.size) / rate)
            audio = np.tile(sine, (2, 1)).astype(np.float32)
            asked = -33 if case == "2" else -23
            name = f"EBU Tech 3341 case {case}, {rate} Hz"
            yield Reading(name, "LUFS", asked, integrated_lufs(audio, rate), 0.1)
    sine = np.sin(2 * np.pi * 997 * np.arange(20 * RATE) / RATE)[None].astype(np.float32)
    had = integrated_lufs(sine, RATE)
    yield Reading("BS.1770: 997 Hz at 0 dBFS in one channel", "LUFS", -3.01, had, 0.01)


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


METERS.update({"integrated_lufs": integrated, "true_peak_dbtp": true_peak})
