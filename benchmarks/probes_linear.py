"""Probes of levels, equalizers and filters."""

import numpy as np
from probing import (
    RATE,
    Reading,
    Readings,
    crossings_hz,
    db,
    gain_db,
    noise,
    probe,
    rms,
    tone,
)

from wetdry import degradations as d
from wetdry.degradations.effects.filters import BANDS_HZ

RATES = (44_100, 48_000)
SMOOTH, RIPPLING = ("butterworth", "bessel"), ("chebyshev1", "elliptic")


@probe("parallel")
def parallel() -> Readings:
    """Add the dry sound to itself, 6 dB softer."""
    dry = noise(1)
    branches = (d.Chain(), d.Chain((d.Gain(gain_db=-6.0206),)))
    for mix in (0.5, 1.0):
        had = db(rms(d.Parallel(branches=branches, mix=mix)(dry, RATE)) / rms(dry))
        yield Reading("mix, of branches that add up to 1.5", "dB", db(1 + 0.5 * mix), had, 1e-3)


@probe("gain")
def gain() -> Readings:
    """Measure by a tone."""
    for asked in (-60, -6, 30):
        dry = tone(997, 0.01)
        had = db(rms(d.Gain(gain_db=asked)(dry, RATE)) / rms(dry))
        yield Reading("gain_db", "dB", asked, had, 1e-4)


@probe("bell")
def bell() -> Readings:
    """Measure gain and width."""
    for rate in RATES:
        for centre in (60, 1000, 15_000):
            for asked in (-24, 12):
                effect = d.Bell(centre_hz=centre, gain_db=asked, q=2)
                had = gain_db(effect, centre, rate)[0]
                yield Reading(f"gain_db at {centre} Hz, {rate} Hz", "dB", asked, had, 0.01)
    low, high = crossings_hz(d.Bell(centre_hz=500, gain_db=12, q=2), 6)
    yield Reading("q, of the edges at half of 12 dB", "", 2, 500 / (high - low), 0.02)
    yield Reading("centre_hz, geometric mean of those", "Hz", 500, np.sqrt(low * high), 0.5)


@probe("low_shelf", "high_shelf")
def shelf(kind: str) -> Readings:
    """Measure both ends and the cutoff."""
    ends = (5, 24_000 - 5)
    ends = ends if kind == "low_shelf" else ends[::-1]
    for cutoff in (100, 800, 6000):
        for asked in (-12, 6):
            effect = d.load_effect({"effect": kind, "cutoff_hz": cutoff, "gain_db": asked})
            far, half, other = gain_db(effect, [ends[0], cutoff, ends[1]])
            yield Reading(f"gain_db, far end of {cutoff} Hz", "dB", asked, far, 0.05)
            yield Reading(f"cutoff_hz {cutoff}: half of gain_db", "dB", asked / 2, half, 0.05)
            yield Reading(f"0 dB, other end of {cutoff} Hz", "dB", 0, other, 0.05)


@probe("graphic_equalizer")
def graphic_equalizer() -> Readings:
    """Move one slider at a time."""
    for band, hz in enumerate(BANDS_HZ):
        gains = tuple(-9.0 if n == band else 0.0 for n in range(16))
        asked = -4.5 if band in (0, 15) else -9.0  # the shelves have half at their corner
        had = gain_db(d.GraphicEqualizer(gains_db=gains), hz)[0]
        yield Reading(f"gains_db at {hz:g} Hz", "dB", asked, had, 0.01)


@probe("parametric_equalizer", "linear_phase_equalizer")
def console(kind: str) -> Readings:
    """Measure one band at a time."""
    for band, hz in (("low", 60), ("middle", 1500), ("high", 20_000)):
        numbers = {f"{band}_centre_hz": hz, f"{band}_gain_db": -18, f"{band}_q": 4}
        had = gain_db(d.load_effect({"effect": kind, **numbers}), hz, 44_100)[0]
        yield Reading(f"{band}_gain_db, {band}_centre_hz {hz}", "dB", -18, had, 0.01)
    for side, cutoff, end in (("low", 300, 5), ("high", 3000, 24_000)):
        numbers = {f"{side}_shelf_cutoff_hz": cutoff, f"{side}_shelf_gain_db": 12}
        far, half = gain_db(d.load_effect({"effect": kind, **numbers}), [end, cutoff])
        yield Reading(f"{side}_shelf_gain_db, far end", "dB", 12, far, 0.02)
        yield Reading(f"{side}_shelf_cutoff_hz, half gain", "dB", 6, half, 0.02)


@probe("tilt")
def tilt() -> Readings:
    """Measure both ends and the pivot."""
    for asked in (-18, 6, 24):
        for rate in RATES:
            had = gain_db(d.Tilt(gain_db=asked, pivot_hz=900), [0, 900, rate / 2], rate)
            names = ("low end", "pivot", "high end")
            for name, want, got in zip(names, (-asked, 0, asked), had, strict=True):
                yield Reading(
                    f"gain_db {asked}, pivot_hz 900, {name}, {rate} Hz", "dB", want, got, 0.01
                )


@probe("notch")
def notch() -> Readings:
    """Measure depth and width."""
    for hz in (240, 7200, 20_000):
        for depth in (6, 40):
            had = gain_db(d.Notch(centre_hz=hz, depth_db=depth, q=8), hz)[0]
            yield Reading(f"depth_db at {hz} Hz", "dB", depth, -had, 0.05)
    for hz in (1000, 18_000):
        low, high = crossings_hz(d.Notch(centre_hz=hz, depth_db=120, q=6), db(np.sqrt(0.5)))
        yield Reading(f"centre_hz / q at {hz} Hz, width", "Hz", hz / 6, high - low, 0.1)
    had = gain_db(d.Notch(centre_hz=60, depth_db=50, q=30, harmonics=5), [300, 360], seconds=8)
    yield Reading("harmonics, depth of the 5th", "dB", -50, had[0], 0.1)
    yield Reading("harmonics, the 6th is left", "dB", 0, had[1], 0.1)


@probe("low_pass", "high_pass")
def one_edge(kind: str) -> Readings:
    """Measure the gain at the edge and where the edge is."""

    def made(**numbers: object) -> object:
        return d.load_effect({"effect": kind, **numbers})

    for cutoff in (100, 500, 8000):
        for family in SMOOTH:
            for order in (2, 8):
                effect = made(cutoff_hz=cutoff, family=family, order=order)
                had = gain_db(effect, cutoff)[0]
                where = crossings_hz(effect, db(np.sqrt(0.5)))[0]
                name = f"{family} {order}"
                yield Reading(f"-3 dB at {cutoff} Hz, {name}", "dB", -3.01, had, 0.05)
                yield Reading(f"cutoff_hz, {name}", "Hz", cutoff, where, 0.01 * cutoff)
    for family in RIPPLING:
        had = gain_db(made(cutoff_hz=1000, family=family, ripple_db=2), 1000)[0]
        yield Reading(f"ripple_db at the edge, {family}", "dB", 2, -had, 0.05)
    for family in ("chebyshev2", "elliptic"):
        effect = made(cutoff_hz=1000, family=family, order=6, attenuation_db=60)
        stop = np.geomspace(2000, 20_000, 50) if kind == "low_pass" else np.geomspace(20, 500, 50)
        loudest = gain_db(effect, stop).max()
        yield Reading(f"attenuation_db, {family}", "dB", -60, loudest, 0.1, at_most=True)


@probe("band_pass", "band_stop")
def two_edges(kind: str) -> Readings:
    """Measure the edges and the centre."""
    for centre, q in ((200, 0.5), (1000, 1), (8000, 4)):
        effect = d.load_effect({"effect": kind, "centre_hz": centre, "q": q})
        low, high = crossings_hz(effect, db(np.sqrt(0.5)))
        yield Reading(f"q at {centre} Hz", "", q, centre / (high - low), 0.005 * q)
        mean = np.sqrt(low * high)
        yield Reading("centre_hz, mean of the edges", "Hz", centre, mean, 0.005 * centre)
        middle = gain_db(effect, centre)[0]
        if kind == "band_pass":
            yield Reading(f"0 dB at {centre} Hz", "dB", 0, middle, 0.05)
        else:
            yield Reading(f"-60 dB at {centre} Hz", "dB", -60, middle, 0.1, at_most=True)


@probe("band_limit")
def band_limit() -> Readings:
    """Measure both sides of the end."""
    for width in (4000, 8000, 16_000):
        kept, gone = gain_db(d.BandLimit(bandwidth_hz=width), [0.9 * width, 1.0125 * width])
        yield Reading(f"bandwidth_hz {width}: at 0.9 of it", "dB", 0, kept, 0.1)
        yield Reading(f"bandwidth_hz {width}: just above it", "dB", -80, gone, 0.1, at_most=True)


@probe("ladder")
def ladder() -> Readings:
    """Measure at the cutoff and far below, quietly; let it whistle."""
    for cutoff in (150, 1000, 9000):
        had = gain_db(d.Ladder(cutoff_hz=cutoff, resonance=0), cutoff, level=1e-3)[0]
        yield Reading(f"cutoff_hz {cutoff}, resonance 0", "dB", -12.04, had, 0.05)
        for resonance in (0.3, 0.9):
            effect = d.Ladder(cutoff_hz=cutoff, resonance=resonance)
            low, top = gain_db(effect, [0, cutoff], level=1e-3)
            at, k = f"resonance {resonance}, {cutoff} Hz", 4 * resonance
            yield Reading(f"{at}: lows", "dB", -db(1 + k), low, 0.05)
            yield Reading(f"{at}: cutoff", "dB", -db(4 - k), top, 0.05)
        whistle = d.Ladder(cutoff_hz=cutoff, resonance=1.1, drive_db=12)
        sung = whistle(tone(300, 0.5, 4) * (np.arange(4 * RATE) < 9600), RATE)[0, 3 * RATE :]
        lines = np.abs(np.fft.rfft(sung * np.hanning(sung.size)))
        yield Reading("cutoff_hz, whistle", "Hz", cutoff, float(lines.argmax()), 1)
        yield Reading("drive_db, whistle", "dBFS", -12, db(np.abs(sung).max()), 0.1, at_most=True)


@probe("comb")
def comb() -> Readings:
    """Measure teeth and notches."""
    f, b = 0.8, 0.9
    for delay in (0.5, 4.0, 20.0):
        effect = d.Comb(delay_ms=delay, feedforward=f, feedback=b)
        teeth, notches = (gain_db(effect, (n + np.arange(4)) * 1000 / delay, seconds=4).mean()
                          for n in (0, 0.5))  # fmt: skip
        yield Reading(
            f"feedforward, feedback: teeth, delay_ms {delay}",
            "dB",
            db((1 + f) / (1 - b)),
            teeth,
            0.2,
        )
        yield Reading(
            f"notches midway, delay_ms {delay}", "dB", db((1 - f) / (1 + b)), notches, 0.1
        )


@probe("telephone")
def telephone() -> Readings:
    """Hold it against the mask of G.712, and its law against the noise that it promises."""
    narrow = d.Telephone(band="narrow")
    flat, top = gain_db(narrow, range(300, 3001, 50)), gain_db(narrow, range(3000, 3401, 25))
    yield Reading("narrow: 300 to 3000 Hz", "dB", 0, flat[np.abs(flat).argmax()], 0.25)
    yield Reading("narrow: up to 3400 Hz", "dB", 0, top[np.abs(top).argmax()], 0.9)
    for hz, most in ((60, -30), (200, 0), (4000, -12.5), (4600, -35)):
        had = gain_db(narrow, hz)[0]
        yield Reading(f"narrow: at {hz} Hz", "dB", most, had, 0.01, at_most=True)
    for hz in (50, 7000):
        yield Reading(f"wide: at {hz} Hz", "dB", -3, gain_db(d.Telephone(band="wide"), hz)[0], 0.3)
    for law in ("a_law", "mu_law"):
        wet = d.Telephone(band="wide", companding=law)(tone(1017, 0.1, 4), RATE)[0]
        middle = wet[RATE : 3 * RATE].astype(np.float64)
        n = np.arange(middle.size)
        basis = np.stack([np.cos(2 * np.pi * 1017 / RATE * n), np.sin(2 * np.pi * 1017 / RATE * n)])
        rest = middle - np.linalg.lstsq(basis.T, middle, rcond=None)[0] @ basis
        yield Reading(f"{law}: tone over noise", "dB", 36.5, db(rms(middle) / rms(rest)), 3.5)


@probe("phone_microphone")
def phone_microphone() -> Readings:
    """Measure low cut and resonance."""
    for hz, top in ((4000, 3), (7500, 8), (12_000, 20)):
        effect = d.PhoneMicrophone(low_cut_hz=100, resonance_hz=hz, resonance_db=top)
        cut, had = gain_db(effect, [100, hz])
        yield Reading("low_cut_hz 100: gain", "dB", -3.01, cut, 0.05)
        yield Reading(f"resonance_db, resonance_hz {hz}", "dB", top, had, 0.05)
