"""Probes of distortion: ceilings, harmonics against their series, steps and images."""

from typing import Any

import numpy as np
from probing import RATE, Reading, Readings, click, db, line, probe, rms, tone
from scipy.special import jv

from wetdry import degradations as d

MIDDLE = slice(RATE // 4, 3 * RATE // 4)


def partial(effect: Any, hz: float, order: int, level: float) -> float:
    """Return the amplitude of a harmonic over that of the tone that made it."""
    return line(effect(tone(hz, level), RATE)[0], order * hz) / level


def quiet(effect: Any, level: float = 1e-4, allowed: float = 0.01) -> Reading:
    """Return the gain of a quiet tone."""
    had = db(np.sqrt(2) * rms(effect(tone(700, level), RATE)[0, MIDDLE]) / level)
    return Reading("quiet sound", "dB", 0, had, allowed)


def ceiling(effect: Any, asked: float, allowed: float, name: str) -> Reading:
    """Return the peak of a loud low tone."""
    wet = effect(tone(97, 1.0), RATE)[0, MIDDLE]
    return Reading(name, "dBFS", asked, db(np.abs(wet).max()), allowed, at_most=True)


@probe("hard_clip")
def hard_clip() -> Readings:
    """Measure the ceiling with and without ripple."""
    for asked in (-36, -12, -3):
        plain = d.HardClip(ceiling_db=asked, oversampling=1)
        had = db(np.abs(plain(tone(97, 1.0), RATE)).max())
        yield Reading("ceiling_db, oversampling 1", "dBFS", asked, had, 1e-4)
        yield ceiling(d.HardClip(ceiling_db=asked), asked, 2, "ceiling_db, oversampling 8")
    yield quiet(d.HardClip(ceiling_db=-12))


@probe("soft_clipper")
def soft_clipper() -> Readings:
    """Measure ceiling, curve and knee."""
    for asked, knee in ((-24, 12), (-6, 6)):
        effect = d.SoftClipper(ceiling_db=asked, knee_db=knee, oversampling=1)
        yield ceiling(effect, asked, 1e-3, "ceiling_db, oversampling 1")
        slow = tone(97, 1.0)
        a, c = 10 ** ((asked - knee) / 20), 10 ** (asked / 20)
        bent = np.sign(slow) * (a + (c - a) * np.tanh((np.abs(slow) - a) / (c - a)))
        expected = np.where(np.abs(slow) > a, bent, slow)
        off = np.abs(effect(slow, RATE) - expected).max()
        yield Reading(f"knee_db {knee}, curve, largest error", "", 0, off, 1e-6)


@probe("saturation", "cubic", "fold_back")
def bounded(kind: str) -> Readings:
    """Measure the ceiling and the quiet gain."""
    for drive in (6, 12, 30):
        plain = d.load_effect({"effect": kind, "drive_db": drive, "oversampling": 1})
        yield ceiling(plain, -drive, 1e-3, "drive_db: ceiling, oversampling 1")
        yield quiet(d.load_effect({"effect": kind, "drive_db": min(drive, 12)}))


@probe("saturation")
def saturation() -> Readings:
    """Compare with the curve."""
    for drive in (0, 12, 24):
        g, slow = 10 ** (drive / 20), tone(97, 1.0)
        off = np.abs(d.Saturation(drive_db=drive)(slow, RATE) - np.tanh(g * slow) / g)[0, MIDDLE]
        yield Reading(f"tanh, drive_db {drive}, largest error", "", 0, off.max(), 1e-4)


@probe("cubic")
def cubic() -> Readings:
    """Measure the third harmonic."""
    for level in (0.1, 0.5, 1.0):
        asked = db(level**2 / 27)
        had = db(partial(d.Cubic(drive_db=0), 1000, 3, level))
        yield Reading(f"3rd harmonic at {level}", "dB", asked, had, 0.01)


@probe("fold_back")
def fold_back() -> Readings:
    """Measure harmonics against Bessel's."""
    for u in (0.5, 2.4, 10.0):
        for order in (1, 3, 5):
            asked, had = 2 * abs(jv(order, u)), u * partial(
                d.FoldBack(drive_db=20), 500, order, u / 10
            )  # fmt: skip
            yield Reading(f"harmonic {order} at {u}", "", asked, had, 2e-5)


@probe("tube")
def tube() -> Readings:
    """Measure the octave of a quiet tone."""
    for bias in (0.1, 0.5, 1.0):
        had = partial(d.Tube(drive_db=20, bias=bias), 1000, 2, 0.002)
        yield Reading(f"octave of bias {bias}", "dB", db(0.01 * np.tanh(bias)), db(had), 0.09)
    yield quiet(d.Tube(drive_db=12, bias=1))


@probe("diode")
def diode() -> Readings:
    """Put what comes out back into the circuit."""
    for drive in (0, 12, 36):
        g, slow = 10 ** (drive / 20), tone(97, 1.0)
        v = d.Diode(drive_db=drive, oversampling=1)(slow, RATE).astype(np.float64) * g * 0.6
        back = v + 2200 * 2 * 2.52e-9 * np.sinh(v / 0.0453)
        source = g * slow * 0.6 * (1 + 2 * 2.52e-9 * 2200 / 0.0453)
        off = np.abs(back - source).max() / np.abs(source).max()
        yield Reading(f"circuit, drive_db {drive}, largest error", "", 0, off, 1e-3)
    yield quiet(d.Diode(drive_db=12))


@probe("rectifier")
def rectifier() -> Readings:
    """Measure harmonics against Fourier's."""
    for mix in (0.5, 1.0):
        for order in (2, 4, 6):
            asked = mix * 4 / np.pi / (order**2 - 1)
            had = partial(d.Rectifier(mix=mix), 500, order, 0.5)
            yield Reading(f"mix {mix}: harmonic {order}", "dB", db(asked), db(had), 0.02)
    had = partial(d.Rectifier(mix=0.3), 500, 1, 0.5)
    yield Reading("mix 0.3: the tone itself", "dB", db(0.7), db(had), 0.01)


@probe("tape")
def tape() -> Readings:
    """Measure the quiet gain and the ceiling."""
    for bias in (0.3, 0.7, 1.0):
        yield quiet(d.Tape(drive_db=12, bias=bias))
        asked = -24 - db(bias)
        loud = d.Tape(drive_db=24, bias=bias, oversampling=1)
        yield ceiling(loud, asked, 0.5, f"drive_db 24: ceiling, bias {bias}")


@probe("exciter")
def exciter() -> Readings:
    """Measure the octave of a loud tone."""
    for asked in (-40, -20, -6):
        effect = d.Exciter(frequency_hz=3000, drive_db=60, amount_db=asked)
        for hz in (5000, 9000):
            had = db(partial(effect, hz, 2, 0.5))
            yield Reading(f"amount_db, octave of {hz} Hz", "dB", asked, had, 0.3)
        yield Reading("the tone itself", "dB", 0, db(partial(effect, 5000, 1, 0.5)), 1e-3)


@probe("amplifier")
def amplifier() -> Readings:
    """Measure the level of quiet pink noise, by a quiet click."""
    hz = np.geomspace(80, 8000, 500)
    for cabinet in ("none", "open_back", "closed_back"):
        for knob in (0.0, 0.5, 1.0):
            numbers = {"bass": knob, "middle": knob, "treble": knob}
            effect = d.Amplifier(drive_db=20, cabinet=cabinet, **numbers)
            answer = np.abs(np.fft.rfft(effect(click(1, level=1e-5, at=100), RATE)[0])) / 1e-5
            power = np.mean(np.interp(hz, np.fft.rfftfreq(RATE, 1 / RATE), answer) ** 2)
            name = f"pink noise, knobs {knob}, {cabinet}"
            yield Reading(name, "dB", 0, 10 * np.log10(power), 0.1)


@probe("bit_crush")
def bit_crush() -> Readings:
    """Measure steps and the power of the error."""
    dry = np.random.default_rng(0).uniform(-1, 1, (2, RATE)).astype(np.float32)
    for bits in (4, 8.5, 12):
        levels = np.unique(d.BitCrush(bits=bits)(dry, RATE).astype(np.float64))
        had = 1 - np.log2(np.diff(levels).min())
        yield Reading("bits, from the step", "bit", bits, had, 1e-3)
        for dither, power in ((False, 12), (True, 4)):
            error = d.BitCrush(bits=bits, dither=dither)(dry, RATE) - dry
            asked = db(2 ** (1 - bits) / np.sqrt(power))
            name = f"noise of {bits} bits" + " with dither" * dither
            yield Reading(name, "dBFS", asked, db(rms(error)), 0.09)


@probe("sample_rate_reduction")
def sample_rate_reduction() -> Readings:
    """Measure where the images stand, and how loud they are."""
    for hz, rate in ((1000, 8000), (3000, 11_025), (1000, 7321.7)):
        wet = d.SampleRateReduction(rate_hz=rate)(tone(hz, 1.0), RATE)[0]
        middle = wet[MIDDLE] * np.kaiser(RATE // 2, 10)
        lines = np.abs(np.fft.rfft(middle, 16 * middle.size))
        for image in (rate - hz, rate + hz, 2 * rate - hz):
            near = np.arange(int((image - 50) * 8), int((image + 50) * 8) + 1)
            top = near[lines[near].argmax()] * RATE / (16 * middle.size)
            yield Reading(f"rate_hz {rate}: image of {hz} Hz", "Hz", image, top, 0.2)
            asked = db(np.sinc(image / rate))
            yield Reading("its level", "dB", asked, db(line(wet, image)), 0.2)
