"""Probes of modulation and pitch: rates, depths, cents."""

from typing import Any

import numpy as np
from probing import (
    RATE,
    Reading,
    Readings,
    Signal,
    cents_over_time,
    click,
    db,
    gain_db,
    line,
    noise,
    peak_hz,
    probe,
    rate_of,
    spectrum_db,
    tone,
)
from scipy.signal import butter, hilbert, sosfiltfilt

from wetdry import degradations as d

WAVEFORMS = ("sine", "triangle", "square")


def flat(seconds: float) -> Any:
    """Return a constant."""
    return np.full((2, int(seconds * RATE)), 0.5, np.float32)


@probe("tremolo")
def tremolo() -> Readings:
    """Measure on a constant."""
    for waveform in WAVEFORMS:
        for depth, rate in ((3, 0.5), (12, 5), (40, 20)):
            effect = d.Tremolo(rate_hz=rate, depth_db=depth, waveform=waveform)
            gain = effect(flat(8), RATE)[0] / 0.5
            had = db(gain.max() / gain.min())
            yield Reading(f"depth_db, {waveform}", "dB", depth, had, 0.02)
            yield Reading("rate_hz", "Hz", rate, rate_of(gain), 1e-3 * rate)


@probe("auto_pan")
def auto_pan() -> Readings:
    """Measure the angle between the channels of a constant."""
    for waveform in WAVEFORMS:
        for depth, rate in ((0.3, 0.5), (0.99, 5)):
            effect = d.AutoPan(rate_hz=rate, depth=depth, waveform=waveform)
            left, right = effect(flat(8), RATE) / 0.5
            place = 4 / np.pi * np.arctan2(right, left) - 1
            yield Reading(f"depth, {waveform}", "", depth, np.ptp(place) / 2, 1e-3)
            yield Reading("rate_hz", "Hz", rate, rate_of(place), 1e-3 * rate)
            power = 10 * np.log10((left**2 + right**2) / 2)
            yield Reading("power", "dB", 0, power[np.abs(power).argmax()], 1e-3)


@probe("ring_modulation")
def ring_modulation() -> Readings:
    """Measure where the sidebands stand and how loud they are."""
    for carrier in (30.5, 300, 5000):
        wet = d.RingModulation(carrier_hz=carrier, mix=1)(tone(7000), RATE)[0]
        for side in (7000 - carrier, 7000 + carrier):
            had = abs(peak_hz(wet.astype(np.float64), side - 15, side + 15) - 7000)
            yield Reading("carrier_hz", "Hz", carrier, had, 0.1)
            yield Reading("level of a sideband", "dB", -3.01, db(line(wet, side) / 0.5), 0.01)
    wet = d.RingModulation(carrier_hz=300, mix=0.25)(tone(7000), RATE)[0]
    yield Reading("mix 0.25, of the tone", "dB", db(0.75), db(line(wet, 7000) / 0.5), 0.01)


def delay_ms(wet: Signal, dry: Signal) -> float:
    """Return how late a copy is, from the top of the correlation."""
    size = 2 * wet.size
    cross = np.fft.irfft(np.fft.rfft(wet, size) * np.conj(np.fft.rfft(dry, size)))
    k = int(cross.argmax())
    left, top, right = cross[[k - 1, k, k + 1]]
    return float((k + 0.5 * (left - right) / (left - 2 * top + right)) / RATE * 1000)


@probe("chorus")
def chorus() -> Readings:
    """Measure the delay of a still copy and the pitch of a moving one."""
    dry = noise(1, channels=1)
    for asked in (5, 15.3, 50):
        still = d.Chorus(rate_hz=1, depth_ms=0, delay_ms=asked, voices=1, mix=1)
        had = delay_ms(still(dry, RATE)[0], dry[0])
        yield Reading("delay_ms", "ms", asked, had, 0.02)
    for rate, depth in ((1, 2), (3, 1)):
        effect = d.Chorus(rate_hz=rate, depth_ms=depth, voices=1, mix=1)
        cents = cents_over_time(effect(tone(1000, seconds=4), RATE)[0], 1000)
        asked = np.ptp(1200 * np.log2(1 + np.array([-1, 1]) * 2e-3 * np.pi * rate * depth)) / 2
        name = f"depth_ms {depth} at {rate} Hz: cents"
        yield Reading(name, "cents", asked, np.ptp(cents) / 2, 0.2)
        yield Reading("rate_hz", "Hz", rate, rate_of(cents), 0.01 * rate)
    for mix in (0.0, 0.5):
        wet = d.Chorus(rate_hz=1, depth_ms=0, voices=1, mix=mix)(click(), RATE)[0]
        yield Reading("mix, of the dry sound", "", 1 - mix, wet[0], 1e-5)


@probe("flanger")
def flanger() -> Readings:
    """Measure notches of a still comb, and delays where a sweep turns."""
    for asked in (0.5, 1.0, 3.37):
        hz, had = spectrum_db(d.Flanger(rate_hz=1, depth_ms=0, delay_ms=asked))
        near = hz < 750 / asked
        notch = hz[near][had[near].argmin()]
        yield Reading(f"first notch of delay_ms {asked}", "Hz", 500 / asked, notch, 0.5)
    for feedback in (-0.9, 0.5, 0.95):
        effect = d.Flanger(rate_hz=1, depth_ms=0, delay_ms=2, feedback=feedback, mix=0.4)
        hz = 1000 if feedback > 0 else 1250
        turn = np.exp(-2j * np.pi * hz * 0.002)
        asked = db(0.6 + 0.4 * turn / (1 - feedback * turn))
        yield Reading(f"feedback {feedback} at {hz} Hz", "dB", asked, gain_db(effect, hz)[0], 0.09)
    effect = d.Flanger(rate_hz=0.5, depth_ms=4, delay_ms=1.5, mix=1)
    dry = noise(2, channels=1)
    wet = effect(dry, RATE)[0]
    for second, asked in ((0.0, 1.5), (1.0, 5.5)):
        start = int(second * RATE)
        part = dry[0, start : start + 1200]
        late = np.correlate(wet[start : start + 2400], part, "valid").argmax()
        yield Reading("delay_ms, depth_ms: where it turns", "ms", asked, late / 48, 3 / 48)
    moving = d.Flanger(rate_hz=2, depth_ms=2, mix=1)
    cents = cents_over_time(moving(tone(1000, seconds=4), RATE)[0], 1000)
    yield Reading("rate_hz", "Hz", 2, rate_of(cents), 0.02)
    slope = 2e-3 * np.pi * 2 * 2 / 2  # of a raised cosine of 2 ms at 2 Hz
    asked = np.ptp(1200 * np.log2(1 + np.array([-1, 1]) * slope)) / 2
    yield Reading("depth_ms 2 at 2 Hz: cents", "cents", asked, np.ptp(cents) / 2, 0.2)


@probe("phaser")
def phaser() -> Readings:
    """Measure notches at rest, and rate and reach of a sweep."""
    for stages in (2, 4, 8):
        effect = d.Phaser(rate_hz=1, centre_hz=1000, sweep_octaves=0, stages=stages)
        hz, had = spectrum_db(effect)
        dips = (had[1:-1] < had[:-2]) & (had[1:-1] < had[2:]) & (had[1:-1] < -26)
        for k, found in enumerate(hz[1:-1][dips], 1):
            warped = np.tan(np.pi * 1000 / RATE) * np.tan(np.pi * (2 * k - 1) / (2 * stages))
            asked = RATE / np.pi * np.arctan(warped)
            yield Reading(f"notch {k} of stages {stages}", "Hz", asked, found, 0.5)
        yield Reading(f"notches of stages {stages}", "", stages // 2, dips.sum(), 0)
    effect = d.Phaser(rate_hz=0.5, centre_hz=1000, sweep_octaves=2, stages=2)
    dry = noise(2, channels=1)
    wet = effect(dry, RATE)[0]
    for second, asked in ((0.5, 2000), (1.5, 500)):
        here = slice(int((second - 0.05) * RATE), int((second + 0.05) * RATE))
        window = np.hanning(here.stop - here.start)
        ratio = np.abs(np.fft.rfft(wet[here] * window) / np.fft.rfft(dry[0, here] * window))
        smooth = np.convolve(ratio, np.ones(3) / 3, "same")[20:400]
        had = (smooth.argmin() + 20) * 10
        yield Reading("centre_hz, sweep_octaves: where it turns", "Hz", asked, had, 0.08 * asked)
    fast = d.Phaser(rate_hz=3, centre_hz=1000, sweep_octaves=2, stages=2)
    envelope = np.abs(hilbert(fast(tone(2000, seconds=8), RATE)[0]))[RATE:-RATE]
    had = peak_hz(envelope - envelope.mean(), 1.5, 4.5)
    yield Reading("rate_hz", "Hz", 3, had, 0.03)


def swing(effect: Any, rate: float, depth: float, seconds: float) -> Readings:
    """Measure the extremes of the pitch, and how often it comes by."""
    cents = cents_over_time(effect(tone(1000, seconds=seconds), RATE)[0], 1000)
    yield Reading("depth_cents, up", "cents", depth, cents.max(), 0.15)
    yield Reading("depth_cents, down", "cents", -depth, cents.min(), 0.15)
    if rate:
        yield Reading("rate_hz", "Hz", rate, rate_of(cents), 0.01 * rate)


@probe("vibrato")
def vibrato() -> Readings:
    """Measure the pitch over time."""
    for rate, depth in ((0.5, 200), (5.5, 50), (14, 100)):
        yield from swing(d.Vibrato(rate_hz=rate, depth_cents=depth), rate, depth, 7)


@probe("tape_speed")
def tape_speed() -> Readings:
    """Measure the pitch over time."""
    for depth, cycles in ((20, 1), (100, 3)):
        yield from swing(d.TapeSpeed(depth_cents=depth, cycles=cycles), 0, depth, 10)


@probe("wow_and_flutter")
def wow_and_flutter() -> Readings:
    """Measure each of the three deviations alone."""
    none = {"wow_depth_cents": 0, "flutter_depth_cents": 0, "random_depth_cents": 0}
    for name, rate, depth in (("wow", 0.8, 30), ("flutter", 12, 20)):
        numbers = none | {f"{name}_depth_cents": depth, f"{name}_rate_hz": rate}
        for reading in swing(d.WowAndFlutter(**numbers), rate, depth, 7):
            number = f"{name}_{reading.number}"
            yield Reading(number, reading.unit, reading.asked, reading.had, reading.allowed)
    lone = d.WowAndFlutter(**none | {"random_depth_cents": 5}, seed=1)
    cents = cents_over_time(lone(tone(1000, seconds=60), RATE)[0], 1000)
    yield Reading("random_depth_cents, RMS", "cents", 5, cents.std(), 0.25)


@probe("pitch_shift")
def pitch_shift() -> Readings:
    """Measure pitch and level of a partial."""
    for asked in (-1200, -700, -50, 100, 400, 1200):
        wet = d.PitchShift(shift_cents=asked)(tone(440, seconds=3), RATE)[0, RATE:-RATE]
        aim = 440 * 2 ** (asked / 1200)
        had = peak_hz(wet.astype(np.float64), aim / 1.1, aim * 1.1)
        yield Reading("shift_cents", "cents", asked, 1200 * np.log2(had / 440), 0.01)
        yield Reading("level of the partial", "dB", 0, db(line(wet, had) / 0.5), 0.01)


def sung(cents: float, seconds: float = 3) -> Any:
    """Return fourteen harmonics, so many cents above 220 Hz."""
    turn = 2 * np.pi * 220 * 2 ** (cents / 1200) * np.arange(int(seconds * RATE)) / RATE
    voice = sum(np.sin(k * turn) / k**1.2 for k in range(1, 15))
    return np.tile(0.1 * voice, (2, 1)).astype(np.float32)


@probe("pitch_correction")
def pitch_correction() -> Readings:
    """Measure what is left of a detuned voice, and how long it takes."""
    for off in (-43, 37, 1149):
        missing = (off + 50) % 100 - 50
        for strength in (1.0, 0.5):
            effect = d.PitchCorrection(strength=strength, speed_ms=0)
            wet = effect(sung(off), RATE)[0, RATE // 2 : -RATE // 2].astype(np.float64)
            near = 220 * 2 ** (off / 1200)
            had = 1200 * np.log2(peak_hz(wet, near / 1.06, near * 1.06) / near) + missing
            asked = missing * (1 - strength)
            name = f"cents left of {missing}, strength {strength}"
            yield Reading(name, "cents", asked, had, 1)
    slow = d.PitchCorrection(strength=1, speed_ms=200)(sung(40), RATE)[0]
    lowest = sosfiltfilt(butter(4, [150, 300], "bandpass", fs=RATE, output="sos"), slow)
    cents = cents_over_time(lowest, 220, width_s=0.02)
    moments = np.arange(cents.size) / RATE + 0.25 + 0.01
    use = (cents > 4) & (cents < 36) & (moments < 1)
    had = -1000 / np.polyfit(moments[use], np.log(cents[use]), 1)[0]
    yield Reading("speed_ms, of a line through log cents", "ms", 200, had, 10)
