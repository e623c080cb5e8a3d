"""Probes of echoes, rooms and reverberators: when, how loud, and for how long."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from probing import RATE, Reading, Readings, click, db, decay_s, gain_db, noise, probe, rms

from wetdry import degradations as d

SAMPLE_MS = 1000 / RATE


def loudness(effect: Any, after_s: float) -> Reading:
    """Return by how much white noise gets louder."""
    dry = noise(8)
    wet = effect(dry, RATE)[:, int(after_s * RATE) :]
    return Reading(f"level of noise, mix {effect.mix:g}", "dB", 0, db(rms(wet) / rms(dry)), 0.3)


@probe("echo", "ping_pong")
def repeats(kind: str) -> Readings:
    """Measure delay, feedback and filters of single repeats."""
    wide = {"effect": kind, "mix": 1.0, "low_cut_hz": 20, "high_cut_hz": 20_000}
    for asked in (1.0, 123.4, 2000.0):
        effect = d.load_effect(wide | {"delay_ms": asked, "feedback": 0})
        had = np.abs(effect(click(3), RATE)[0]).argmax() * SAMPLE_MS
        yield Reading("delay_ms", "ms", asked, had, 0.51 * SAMPLE_MS)
    for asked in (0.35, 0.95):
        effect = d.load_effect(wide | {"delay_ms": 500, "feedback": asked})
        first, second, third = spectra(effect, 600)
        yield Reading("feedback, 2nd repeat over 1st", "dB", db(asked), second - first, 0.05)
        yield Reading("feedback, 3rd repeat over 2nd", "dB", db(asked), third - second, 0.05)
    cut = {"delay_ms": 500, "feedback": 0.5, "low_cut_hz": 30, "high_cut_hz": 9000}
    for name, hz in (("low_cut_hz", 30), ("high_cut_hz", 9000)):
        first, second, _ = spectra(d.load_effect(wide | cut), hz)
        yield Reading(f"{name} {hz}", "dB", db(0.5) - 3.01, second - first, 0.05)
    effect = d.load_effect(wide | {"delay_ms": 500, "mix": 0.3, "feedback": 0})
    wet = effect(click(1), RATE)[0]
    yield Reading("mix, of the direct sound", "", 0.7, wet[0], 1e-5)
    yield Reading("mix, of the first repeat", "", 0.3, wet[RATE // 2], 1e-5)


def spectra(effect: Any, hz: float) -> list[float]:
    """Return the levels at a frequency of the first three repeats, half a second apart."""
    parts = np.split(effect(click(2), RATE)[0].astype(np.float64), 4)[1:]
    turn = np.exp(-2j * np.pi * hz * np.arange(RATE // 2) / RATE)
    return [float(db(abs(part @ turn))) for part in parts]


@probe("ping_pong")
def sides() -> Readings:
    """Measure what stands on the wrong side."""
    effect = d.PingPong(delay_ms=500, feedback=0.5, mix=1, low_cut_hz=20, high_cut_hz=20_000)
    power = np.square(effect(click(2, 2), RATE).reshape(2, 4, -1), dtype=np.float64).sum(axis=2)
    here, other = power[0, 1], power[1, 1]
    yield Reading("first repeat on the other side", "", 0, np.sqrt(other / here), 1e-6)
    yield Reading("its level, of equal channels", "dB", 3.01, db(np.sqrt(here)), 0.01)


@probe("feedback_delay_network", "plate")
def reverberators(kind: str) -> Readings:
    """Measure decays, level and pre-delay."""
    for decay, ratio in ((0.6, 1.0), (1.5, 0.5), (4, 0.25)):
        effect = d.load_effect(
            {"effect": kind, "decay_s": decay, "high_decay_ratio": ratio, "mix": 1.0}
        )
        wet = effect(click(1.6 * decay, 2), RATE)
        loose = 0.12 if kind == "plate" and decay < 1 else 0.05
        yield Reading("decay_s", "s", decay, decay_s(wet, 80, 350), loose * decay)
        high = decay * ratio
        loose = 0.12 if kind == "plate" and high < 1 else 0.06
        name = f"high_decay_ratio {ratio}, T60 of {decay} s"
        yield Reading(name, "s", high, decay_s(wet, 16_000, 22_000), loose * high)
        yield loudness(effect, decay)
    numbers = {"decay_s": 3, "high_decay_ratio": 0.3, "crossover_hz": 2000, "mix": 1.0}
    effect = d.load_effect({"effect": kind} | numbers)
    asked = 2 / (1 / 3 + 1 / 0.9)
    had = decay_s(effect(click(4, 2), RATE), 1800, 2200)
    yield Reading("crossover_hz, T60 there", "s", asked, had, 0.06 * asked)
    late = effect.model_copy(update={"pre_delay_ms": 77.0})
    onset = [np.argmax(np.abs(e(click(1, 2), RATE)[0]) > 1e-5) for e in (effect, late)]
    yield Reading("pre_delay_ms", "ms", 77, (onset[1] - onset[0]) * SAMPLE_MS, 0.51 * SAMPLE_MS)
    dry = noise(1)
    off = np.abs(effect.model_copy(update={"mix": 0.0})(dry, RATE) - dry).max()
    yield Reading("mix 0, largest error", "", 0, off, 1e-7)


@probe("feedback_delay_network")
def size() -> Readings:
    """Measure when the first path comes, and that turning lines decay alike."""
    for asked, diffusion in ((5, 0.6), (20, 0.3), (40, 0.75), (12, 0.5)):
        effect = d.FeedbackDelayNetwork(decay_s=2, size_m=asked, diffusion=diffusion, mix=1)
        first = np.argmax(np.abs(effect(click(1, 2), RATE)).max(axis=0) > 1e-7)
        had = first / RATE * 343 / 0.4
        name = f"size_m, from the first path, diffusion {diffusion:g}"
        yield Reading(name, "m", asked, had, 0.03 * asked)
    turning = d.FeedbackDelayNetwork(decay_s=2, modulation_hz=1.5, mix=1)
    had = decay_s(turning(click(3.2, 2), RATE), 80, 350)
    yield Reading("decay_s, modulation_hz 1.5", "s", 2, had, 0.1)


@probe("early_reflections")
def early_reflections() -> Readings:
    """Count, weigh and time the reflections."""
    for level, span, count in ((-20, 10, 4), (-6, 50, 12), (0, 100, 32)):
        effect = d.EarlyReflections(span_ms=span, reflections=count, level_db=level, seed=5)
        wet = effect(click(0.2, 2), RATE)[0]
        yield Reading("the direct sound", "", 1, wet[0], 1e-6)
        after = np.flatnonzero(wet[1:]) + 1
        power = np.sum(wet[1:].astype(np.float64) ** 2)
        yield Reading("level_db", "dB", level, 10 * np.log10(power), 0.01)
        yield Reading("reflections", "", count, after.size, 0)
        yield Reading("span_ms", "ms", span, after[-1] * SAMPLE_MS, 0.51 * SAMPLE_MS)


@probe("simulated_room")
def simulated_room() -> Readings:
    """Measure where the direct sound is, the level, and the decay that Eyring predicts."""
    for metres in ((3, 2.5, 2.2), (7, 5, 3), (18, 12, 7)):
        size = dict(zip(("length_m", "width_m", "height_m"), metres, strict=True))
        room = d.SimulatedRoom(**size, spacing_m=0)
        wet = np.abs(room(click(1, at=1000), RATE)).max(axis=0)
        name = "direct sound, " + " x ".join(f"{m:g}" for m in metres) + " m"
        yield Reading(name, "samples", 0, int(wet.argmax()) - 1000, 0)
        yield loudness(room, 1)
    for asked in (0.1, 0.3):
        room = d.SimulatedRoom(
            length_m=9, width_m=7, height_m=4, absorption=asked, max_order=3, rays=3000,
            scattering=0.5,
        )  # fmt: skip
        volume, surface = 9 * 7 * 4, 2 * (9 * 7 + 9 * 4 + 7 * 4)
        eyring = 24 * np.log(10) * volume / (343 * surface * -np.log(1 - asked))
        had = decay_s(room(click(1.5 * eyring, 2), RATE), 100, 10_000)
        yield Reading(f"absorption {asked}: T60", "s", eyring, had, 0.1 * eyring)


@probe("convolution")
def convolution() -> Readings:
    """Measure direct sound and level of a response with a silent start."""
    rng = np.random.default_rng(0)
    taps = rng.standard_normal((44_100, 2)) * 0.05 * np.exp(-np.arange(44_100) / 6000)[:, None]
    taps[:1323] *= 1e-3
    taps[1323] = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "room.wav")
        soundfile.write(path, taps * 0.5, 44_100, subtype="FLOAT")
        effect = d.Convolution(impulse=str(path))
        wet = np.abs(effect(click(1, 2, at=1000), RATE)).max(axis=0)
        yield Reading("direct sound", "samples", 0, int(wet.argmax()) - 1000, 0)
        yield loudness(effect, 1)
        dry = noise(1)
        off = np.abs(effect.model_copy(update={"mix": 0.0})(dry, RATE) - dry).max()
        yield Reading("mix 0, largest error", "", 0, off, 0)


@probe("reverb")
def reverb() -> Readings:
    """Measure Freeverb's decay and its direct sound."""
    for size, asked in ((0.0, 0.7), (1.0, 13.0)):
        effect = d.Reverb(room_size=size, damping=0, wet=1, dry=0)
        wet = effect(click(1.2 * asked + 1, 2), RATE)
        had = decay_s(wet, 100, 10_000, floor_db=-25)
        yield Reading(f"room_size {size:g}: T60", "s", asked, had, 0.35 * asked)
    for asked in (0.25, 0.5, 1.0):
        had = gain_db(d.Reverb(room_size=0.5, wet=0, dry=asked), 1000)[0]
        yield Reading(f"dry {asked}", "dB", db(2 * asked), had, 0.01)
    off = np.diff(d.Reverb(room_size=0.5, width=0)(click(1, 2), RATE), axis=0)
    yield Reading("width 0, left less right", "", 0, np.abs(off).max(), 1e-6)
