"""Probes of dynamics: constants whose level is known go in, gains are read off what comes out."""

from typing import Any

import numpy as np
from probing import (
    RATE,
    Reading,
    Readings,
    Signal,
    db,
    gain_db,
    line,
    noise,
    probe,
    probe_on_music,
    rms,
    steps,
    time_to_63_ms,
    tone,
)

from wetdry import degradations as d
from wetdry.audio import Audio
from wetdry.mixing import integrated_lufs, true_peak_dbtp

BELOW = {"attack_ms": 20, "release_ms": 200, "average_ms": 0.5, "knee_db": 0}


def gain_over_time(effect: Any, dry: Audio) -> Signal:
    """Return the gain in dB at each sample of the first channel."""
    return np.asarray(db(effect(dry, RATE)[0].astype(np.float64) / dry[0]))


def settled_db(effect: Any, level_db: float) -> float:
    """Return the gain of a constant after a second."""
    return float(gain_over_time(effect, steps(level_db))[-1])


def ramp(first_db: float, last_db: float, seconds: float = 4) -> tuple[Audio, Signal]:
    """Return a value that moves evenly in dB, and its level."""
    level_db = np.linspace(first_db, last_db, int(seconds * RATE))
    return np.tile(10 ** (level_db / 20), (2, 1)).astype(np.float32), level_db


def times(number: str, effect: Any, asked: tuple[float, float], allowed: Any) -> Readings:
    """Read attack and release off a level that goes from -60 to 0 dB and back."""
    gain = gain_over_time(effect, steps(-60, 0, -60, seconds=2))
    for name, ms, start in (("attack_ms", asked[0], 2), ("release_ms", asked[1], 4)):
        had = time_to_63_ms(gain, start * RATE, (start + 2) * RATE)
        yield Reading(f"{name}{number}", "ms", ms, had, allowed[name] * ms + 0.02)


@probe("compressor")
def compressor() -> Readings:
    """Measure the static curve, then the ballistics."""
    for ratio in (2, 4, 30):
        effect = d.Compressor(threshold_db=-20, ratio=ratio, attack_ms=5, knee_db=0)
        low, high = (settled_db(effect, level) for level in (-10, 0))
        slope = 1 + (high - low) / 10
        yield Reading(f"1 / ratio {ratio}", "dB/dB", 1 / ratio, slope, 0.001)
        yield Reading("threshold_db", "dBFS", -20, high / (1 - slope), 0.01)
        yield Reading("0 dB below the threshold", "dB", 0, settled_db(effect, -21), 0.01)
    soft = d.Compressor(threshold_db=-20, ratio=4, attack_ms=5, knee_db=12)
    for level, asked in ((-27, 0), (-20, -0.75 * 36 / 24), (-14, -0.75 * 6)):
        yield Reading(f"knee_db 12 at {level} dBFS", "dB", asked, settled_db(soft, level), 0.01)
    lifted = d.Compressor(threshold_db=0, ratio=4, knee_db=0, makeup_db=6)
    yield Reading("makeup_db", "dB", 6, settled_db(lifted, -40), 1e-3)
    for attack, release in ((0.5, 20), (30, 300)):
        effect = d.Compressor(
            threshold_db=-20, ratio=2, attack_ms=attack, release_ms=release, knee_db=0
        )
        within = {"attack_ms": 0.006, "release_ms": 0.006}  # 0.02 dB of the test's 10 dB
        yield from times("", effect, (attack, release), within)


@probe("compressor")
def compressor_detector() -> Readings:
    """Measure what it hears."""
    hard = {"threshold_db": -60, "ratio": 30, "knee_db": 0, "attack_ms": 0.1}
    for asked in (10, 100):
        heard = d.Compressor(**hard, detector="rms", average_ms=asked, release_ms=5)
        gain = gain_over_time(heard, steps(-60, 0, seconds=1))
        power = 10 ** ((-60 - gain * 30 / 29) / 10)
        had = np.argmax(power[RATE:] >= 1 - np.exp(-1)) / RATE * 1000
        yield Reading("average_ms", "ms", asked, had, 0.15)  # the attack's 0.1 ms come on top
    early = d.Compressor(**hard, lookahead_ms=5)
    first = np.argmax(gain_over_time(early, steps(-70, 0)) < -0.1)
    yield Reading("lookahead_ms", "ms", 5, (RATE - first) / RATE * 1000, 1 / RATE * 1000)
    apart = np.stack([steps(0)[0], steps(-60)[0]])
    for link in (0.0, 0.5, 1.0):
        wet = d.Compressor(threshold_db=-20, ratio=2, knee_db=0, link=link)(apart, RATE)
        had = db(wet[1, -1] / apart[1, -1]) / -10
        yield Reading("link, of 10 dB", "", link, had, 1e-3)
    sine, deaf = tone(200, 0.5, 4), {"detector": "rms", "average_ms": 300, "release_ms": 2000}
    gains = [
        db(rms(d.Compressor(**hard | deaf, sidechain_high_pass_hz=hz)(sine, RATE)[0, -RATE:]))
        for hz in (0, 200)
    ]
    had = (gains[0] - gains[1]) * 30 / 29
    yield Reading("sidechain_high_pass_hz, at 200 Hz", "dB", -3.01, had, 0.15)


@probe("expander", "upward_compressor")
def below(kind: str) -> Readings:
    """Measure the static curve, then the ballistics."""
    sign = -1 if kind == "expander" else 1
    for ratio in (1.5, 3):
        effect = d.load_effect(
            {"effect": kind, "threshold_db": -20, "ratio": ratio, "range_db": 60} | BELOW
        )
        low, high = (settled_db(effect, level) for level in (-40, -30))
        slope = abs(high - low) / 10
        asked = ratio - 1 if kind == "expander" else 1 - 1 / ratio
        yield Reading(f"slope of ratio {ratio}", "dB/dB", asked, slope, 0.001)
        threshold = -30 + sign * high / slope
        yield Reading("threshold_db", "dBFS", -20, threshold, 0.02)
        yield Reading("0 dB above the threshold", "dB", 0, settled_db(effect, -19), 0.01)
    numbers = {"threshold_db": -20, "ratio": 10, "range_db": 10}
    effect = d.load_effect({"effect": kind} | numbers | BELOW)
    yield Reading("range_db", "dB", 10, sign * settled_db(effect, -70), 0.01)
    within = {"attack_ms": 0.014, "release_ms": 0.054}  # 0.05 and 0.2 dB of the tests' 10 dB
    yield from times("", effect, (20, 200), within)
    knee = d.load_effect({"effect": kind} | numbers | BELOW | {"knee_db": 12, "range_db": 60})
    asked = sign * (9 if kind == "expander" else 0.9) * 36 / 24
    yield Reading("knee_db 12 at the threshold", "dB", asked, settled_db(knee, -20), 0.02)
    slow = d.load_effect(
        {"effect": kind} | numbers | BELOW | {"average_ms": 100, "attack_ms": 0.1, "range_db": 60}
        | {"threshold_db": 0, "ratio": 2}
    )  # fmt: skip
    gain = gain_over_time(slow, steps(-20, 0))[RATE:] * sign
    level_db = -gain / (1 if kind == "expander" else 0.5)
    had = np.argmax(10 ** (level_db / 10) >= 1 - 0.99 * np.exp(-1)) / RATE * 1000
    yield Reading("average_ms", "ms", 100, had, 0.3)


def switch(effect: Any, keyed: Any, sign: int) -> Readings:
    """Measure where a gate or a duck turns on and off, and how long it waits."""
    up, up_db = ramp(-60, 0)
    down, down_db = ramp(0, -60)
    opened = np.argmax(sign * np.diff(keyed(effect, up)) > 1e-3)
    yield Reading("threshold_db", "dBFS", effect.threshold_db, up_db[opened + 1], 0.01)
    held = effect.model_copy(update={"hold_ms": 0.0})
    closed = np.argmax(-sign * np.diff(keyed(held, down)[RATE // 100 :]) > 1e-3) + RATE // 100
    had = effect.threshold_db - down_db[closed + 1]
    yield Reading("hysteresis_db", "dB", effect.hysteresis_db, had, 0.01)
    gain = keyed(effect, steps(0, -60))
    waits = np.argmax(-sign * np.diff(gain[RATE - 1 :]) > 1e-3) / RATE * 1000
    yield Reading("hold_ms", "ms", effect.hold_ms, waits, 1 / RATE * 1000)
    early = effect.model_copy(update={"lookahead_ms": 8.0})
    first = np.argmax(sign * np.diff(keyed(early, steps(-60, 0))[RATE // 2 :]) > 1e-3) + RATE // 2
    yield Reading("lookahead_ms", "ms", 8, (RATE - first) / RATE * 1000, 2 / RATE * 1000)


@probe("gate")
def gate() -> Readings:
    """Measure switch, range and ballistics."""
    effect = d.Gate(threshold_db=-30, hysteresis_db=8, hold_ms=50, range_db=40, attack_ms=2)
    yield from switch(effect, gain_over_time, 1)
    gain = gain_over_time(effect, steps(-60, 0, -60, seconds=2))
    yield Reading("range_db", "dB", 40, -gain[2 * RATE - 1], 0.01)
    had = time_to_63_ms(gain, 2 * RATE, 4 * RATE)
    yield Reading("attack_ms", "ms", 2, had, 0.03)
    closing = 4 * RATE + int(0.05 * RATE)
    had = time_to_63_ms(gain, closing, 6 * RATE)
    yield Reading("release_ms", "ms", 100, had, 0.6)


@probe("ducking")
def ducking() -> Readings:
    """Measure with another sound as the key."""

    def keyed(effect: Any, key: Audio) -> Signal:
        dry = np.full((2, key.shape[1]), 0.5, np.float32)
        return np.asarray(db(effect.keyed(dry, key, RATE)[0] / dry[0]))

    effect = d.Ducking(threshold_db=-30, depth_db=12, hysteresis_db=8, hold_ms=50)
    yield from switch(effect, keyed, -1)
    gain = keyed(effect, steps(-60, 0, -60, seconds=3))
    yield Reading("depth_db", "dB", 12, -gain[6 * RATE - 1], 0.01)
    had = time_to_63_ms(gain, 3 * RATE, 6 * RATE)
    yield Reading("attack_ms", "ms", 10, had, 0.06)
    had = time_to_63_ms(gain, 6 * RATE + int(0.05 * RATE), 9 * RATE)
    yield Reading("release_ms", "ms", 250, had, 1.4)


@probe("deesser")
def deesser() -> Readings:
    """Measure a steady hiss of a tone, and one below it."""
    both = tone(7000, 10 ** (-10 / 20), 2) + tone(300, 0.05, 2)
    numbers = {"threshold_db": -30, "release_ms": 500}
    for mode in ("split", "wide"):
        for ratio, range_db, asked in ((4, 24, 15), (2, 24, 10), (30, 6, 6)):
            effect = d.Deesser(mode=mode, ratio=ratio, range_db=range_db, **numbers)
            wet = effect(both, RATE)[0]
            had = -db(line(wet, 7000) / line(both[0], 7000))
            name = "range_db" if range_db == 6 else "threshold_db, ratio"
            yield Reading(f"{name}, {mode}", "dB", asked, had, 0.15)
        low = db(line(wet, 300) / line(both[0], 300))
        yield Reading(f"lows, {mode}", "dB", -6 if mode == "wide" else 0, low, 0.1)


@probe("transient_shaper")
def transient_shaper() -> Readings:
    """Measure an onset and a decay."""
    for asked in (-12, 10):
        gain = gain_over_time(d.TransientShaper(attack_db=asked, sustain_db=0), steps(-200, -20))
        yield Reading("attack_db, 10 ms on", "dB", asked, gain[RATE + RATE // 100], 0.01)
        yield Reading("0 dB, 300 ms on", "dB", 0, gain[RATE + 3 * RATE // 10], 0.05)
        falls = ramp(0, -180, 3)[0]
        gain = gain_over_time(d.TransientShaper(attack_db=0, sustain_db=asked), falls)
        yield Reading("sustain_db, in a decay", "dB", asked, gain[RATE], 0.05)


@probe("multiband_compressor")
def multiband_compressor() -> Readings:
    """Measure the sum of the bands, the crossovers, and each band's curve."""
    still = {"ratios": (1, 1, 1)}
    for low, high in ((80, 1500), (200, 3000), (800, 12_000)):
        crossovers = {"low_crossover_hz": low, "high_crossover_hz": high}
        effect = d.MultibandCompressor(**still, **crossovers)
        had = gain_db(effect, np.geomspace(20, 22_000, 200))
        name = f"flat, crossovers {low} and {high} Hz"
        yield Reading(name, "dB", 0, had[np.abs(had).argmax()], 0.001)
        lifted = d.MultibandCompressor(**still, **crossovers, makeups_db=(24, 0, 24))
        asked = db((10 ** (24 / 20) + 1) / 2)  # both neighbours at -6 dB and in phase
        for name, hz in (("low", low), ("high", high)):
            had = gain_db(lifted, hz)[0]
            yield Reading(f"{name}_crossover_hz {hz}, one side 24 dB up", "dB", asked, had, 0.1)
    yield from each_band()


def each_band() -> Readings:
    """Measure each band's curve by a tone so far from the crossovers that no other hears it."""
    for n, (hz, low, high) in enumerate(((50, 800, 12_000), (700, 40, 12_000), (10_000, 40, 1000))):
        effect = d.MultibandCompressor(
            thresholds_db=(-24, -30, -36),
            ratios=(2, 4, 8),
            makeups_db=(1, 2, 3),
            low_crossover_hz=low,
            high_crossover_hz=high,
            attack_ms=0.1,
            release_ms=2000,
        )
        dry = tone(hz, 10 ** (-6 / 20), 2)
        over = -6 - effect.thresholds_db[n]
        asked = -over * (1 - 1 / effect.ratios[n]) + effect.makeups_db[n]
        had = db(line(effect(dry, RATE)[0], hz) / line(dry[0], hz))
        yield Reading(f"thresholds_db, ratios, makeups_db at {hz} Hz", "dB", asked, had, 0.25)


def nasty(music: Audio) -> dict[str, Audio]:
    """Return sounds below 20 kHz whose peaks lie between samples or come without warning."""
    limited = d.BandLimit(bandwidth_hz=20_000)
    square = np.sign(tone(997, channels=2))
    return {
        "noise": limited(noise(2, 1.0), RATE),
        "a quarter of the rate": 3 * np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4)[None, :],
        "a square wave": limited(4 * square, RATE),
        "music 18 dB up": limited(music * 8, RATE),
    }


@probe_on_music("limiter")
def limiter(music: Audio) -> Readings:
    """Measure true peaks, and the recovery."""
    for name, sound in nasty(music).items():
        for ceiling in (-1, -12):
            wet = d.Limiter(ceiling_dbtp=ceiling)(np.asarray(sound, np.float32), RATE)
            had = true_peak_dbtp(wet, RATE)
            yield Reading(f"ceiling_dbtp, {name}", "dBTP", ceiling, had, 0.06, at_most=True)
    steady = d.Limiter(ceiling_dbtp=-6)(tone(440, 1.0, 2), RATE)[:, RATE:]
    yield Reading("ceiling_dbtp, held", "dBTP", -6, true_peak_dbtp(steady, RATE), 0.1)
    for asked in (20, 100):
        effect = d.Limiter(ceiling_dbtp=-12, release_ms=asked, lookahead_ms=0.5)
        gain = gain_over_time(effect, steps(0, -40))
        start = RATE + RATE // 500
        had = time_to_63_ms(gain, start, 2 * RATE)
        yield Reading("release_ms", "ms", asked, had, 0.01 * asked)
    for asked in (0.5, 2, 10):
        dry = steps(-40)
        dry[:, RATE // 2] = 1
        gain = gain_over_time(d.Limiter(ceiling_dbtp=-6, lookahead_ms=asked), dry)
        had = (RATE // 2 - np.argmax(gain < -1e-4)) / RATE * 1000
        yield Reading("lookahead_ms", "ms", asked, had, 0.1)


@probe_on_music("loudness_limiter")
def loudness_limiter(music: Audio) -> Readings:
    """Measure loudness and true peak."""
    sound = d.BandLimit(bandwidth_hz=20_000)(music, RATE)
    plain = integrated_lufs(sound, RATE)
    for target in (-23, -18, -14, -9):
        wet = d.LoudnessLimiter(target_lufs=target)(sound, RATE)
        driven = d.Gain(gain_db=target - plain + 24)(sound, RATE)  # where it gives up, as stated
        most = integrated_lufs(d.Limiter()(driven, RATE), RATE)
        name = "target_lufs" if most > target else f"target_lufs {target}, all that 24 dB bring"
        had = integrated_lufs(wet, RATE)
        yield Reading(f"{name}, music", "LUFS", min(target, most), had, 0.05)
        peak = true_peak_dbtp(wet, RATE)
        yield Reading("ceiling_dbtp, music", "dBTP", -1, peak, 0.06, at_most=True)
