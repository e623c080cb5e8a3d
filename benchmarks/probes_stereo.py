"""Probes of the stereo image."""

import numpy as np
from probing import (
    RATE,
    Reading,
    Readings,
    db,
    line,
    noise,
    probe,
    rms,
    tone,
)

from wetdry import degradations as d


@probe("mid_side")
def mid_side() -> Readings:
    """Boost the side by a bell, and measure middle and width by tones."""
    bell = d.Chain((d.Bell(centre_hz=1000, gain_db=9),))
    wet = d.MidSide(side=bell)(tone(1000, 0.1, channels=2) * np.array([[1], [0]], np.float32), RATE)
    middle, width = wet.sum(axis=0) / 2, (wet[0] - wet[1]) / 2
    yield Reading("side, gain of a bell there", "dB", 9, db(line(width, 1000) / 0.05), 0.01)
    yield Reading("mid, left alone", "dB", 0, db(line(middle, 1000) / 0.05), 0.0001)


@probe("width")
def width() -> Readings:
    """Measure the side against the mid."""
    dry = noise(1)
    for asked in (0.3, 1.0, 2.0):
        left, right = d.Width(width=asked)(dry, RATE)
        had = rms(left - right) / rms(dry[0] - dry[1])
        yield Reading("width, of the side", "", asked, had, 1e-5)
        yield Reading("mid", "dB", 0, db(rms(left + right) / rms(dry[0] + dry[1])), 1e-4)


@probe("mid_side_gain")
def mid_side_gain() -> Readings:
    """Measure both."""
    dry = noise(1)
    left, right = d.MidSideGain(mid_db=-7, side_db=11)(dry, RATE)
    yield Reading("mid_db", "dB", -7, db(rms(left + right) / rms(dry[0] + dry[1])), 1e-3)
    yield Reading("side_db", "dB", 11, db(rms(left - right) / rms(dry[0] - dry[1])), 1e-3)


@probe("channel_imbalance")
def channel_imbalance() -> Readings:
    """Measure right over left."""
    dry = noise(1)
    for asked in (-24, 5):
        had = db(d.ChannelImbalance(imbalance_db=asked)(dry, RATE).std(axis=1) / dry.std(axis=1))
        yield Reading("imbalance_db", "dB", asked, had[1] - had[0], 1e-3)


@probe("pan")
def pan() -> Readings:
    """Measure the rise at the side, and the angle in between."""
    dry = np.repeat(noise(1, channels=1), 2, axis=0)
    for law, rise in (("constant_power", 3.0103), ("compromise", 4.5154), ("linear", 6.0206)):
        wet = d.Pan(position=1, law=law)(dry, RATE)
        yield Reading(f"rise at the side, {law}", "dB", rise, db(rms(wet[1]) / rms(dry[1])), 0.01)
    left, right = d.Pan(position=0.4)(dry, RATE)
    had = 4 / np.pi * np.arctan2(rms(right), rms(left)) - 1
    yield Reading("position, by constant power", "", 0.4, had, 1e-4)


@probe("mono_maker")
def mono_maker() -> Readings:
    """Measure the side at the cutoff and an octave below."""
    for hz, asked in ((60, -24.6), (120, -6.02), (2000, 0)):
        side = tone(hz, 0.3)[0]
        left, right = d.MonoMaker(cutoff_hz=120)(np.stack([side, -side]), RATE)
        inner = slice(RATE // 4, -RATE // 4)
        had = db(rms((left - right)[inner]) / rms(2 * side[inner]))
        yield Reading(f"cutoff_hz 120: side at {hz} Hz", "dB", asked, had, 0.1)


@probe("haas")
def haas() -> Readings:
    """Measure how late the side is."""
    same = np.repeat(noise(1, channels=1), 2, axis=0)
    for asked in (0.1, 12.34, 50):
        left, right = d.Haas(delay_ms=asked)(same, RATE)
        size = 2 * left.size
        cross = np.fft.irfft(np.fft.rfft(right, size) * np.conj(np.fft.rfft(left, size)))
        yield Reading("delay_ms", "ms", asked, cross.argmax() / RATE * 1000, 0.5 / RATE * 1000)


@probe("channel_swap")
def channel_swap() -> Readings:
    """Compare samples."""
    dry = noise(1)
    off = np.abs(d.ChannelSwap()(dry, RATE) - dry[::-1]).max()
    yield Reading("exchanged samples, largest error", "", 0, off, 0)


@probe("polarity")
def polarity() -> Readings:
    """Compare samples."""
    dry = noise(1)
    for word, signs in (("left", (-1, 1)), ("right", (1, -1)), ("both", (-1, -1))):
        off = d.Polarity(channels=word)(dry, RATE) - dry * np.array(signs)[:, np.newaxis]
        yield Reading(f"channels {word}, largest error", "", 0, np.abs(off).max(), 0)
