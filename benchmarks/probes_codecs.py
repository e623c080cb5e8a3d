"""Probes of codecs: kbps that are written, and how late the sound comes back."""

from typing import Any

import numpy as np
from probes_noise import SILENCE
from probing import RATE, Reading, Readings, db, noise, probe_on_music, rms
from scipy.signal import welch

from wetdry import degradations as d
from wetdry.audio import Audio


def lag(effect: Any, music: Audio, allowed: float = 0.5) -> Reading:
    """Return by how many samples a codec is late, from the top of the correlation."""
    dry = np.ascontiguousarray(music[:1, : 4 * RATE])
    wet, size = effect(dry, RATE), 8 * RATE
    cross = np.fft.irfft(np.fft.rfft(wet[0], size) * np.conj(np.fft.rfft(dry[0], size)))
    k = int(cross.argmax())
    left, top, right = cross[[k - 1, k, (k + 1) % size]]
    had = (k + size // 2) % size - size // 2 + 0.5 * (left - right) / (left - 2 * top + right)
    return Reading("lag", "samples", 0, had, allowed)


@probe_on_music("mp3")
def mp3(music: Audio) -> Readings:
    """Measure what is written."""
    for asked in (32, 64, 128, 320):
        effect = d.Mp3(bitrate_kbps=asked)
        had = len(effect.encoded(peaked(music), RATE)) * 8 / 1000 / (music.shape[1] / RATE)
        yield Reading("bitrate_kbps", "kbps", asked, had, 0.03 * asked)
        yield lag(effect, music)


@probe_on_music("opus")
def opus(music: Audio) -> Readings:
    """Measure what is written."""
    for asked in (32, 64, 96, 192):
        effect = d.Opus(bitrate_kbps=asked)
        had = len(effect.encoded(peaked(music), RATE)) * 8 / 1000 / (music.shape[1] / RATE)
        yield Reading("bitrate_kbps", "kbps", asked, had, 0.1 * asked)
        yield lag(effect, music)


@probe_on_music("aac")
def aac(music: Audio) -> Readings:
    """Measure what is written."""
    for asked in (32, 64, 128, 256):
        effect = d.Aac(bitrate_kbps=asked)
        written = sum(map(len, effect.packets(peaked(music), RATE)[1]))
        had = written * 8 / 1000 / (music.shape[1] / RATE)
        yield Reading("bitrate_kbps", "kbps", asked, had, 0.13 * asked)
        yield lag(effect, music)


@probe_on_music("mp3_vbr")
def mp3_vbr(music: Audio) -> Readings:
    """Measure the lag alone."""
    for quality in (0, 9):
        yield lag(d.Mp3Vbr(quality=quality), music)


@probe_on_music("vorbis")
def vorbis(music: Audio) -> Readings:
    """Measure the lag alone."""
    for quality in (0, 10):
        yield lag(d.Vorbis(quality=quality), music)


def peaked(music: Audio) -> Audio:
    """Return music within full scale, as encoders get it."""
    return np.ascontiguousarray(music / max(1.0, float(np.abs(music).max())))


@probe_on_music("gsm")
def gsm(music: Audio) -> Readings:
    """Measure the whisper in silence, the end of the band, and the lag."""
    effect = d.Gsm()
    yield Reading("whisper in silence", "dBFS", -66, db(rms(effect(SILENCE, RATE))), 1)
    wet = effect(noise(4, channels=1), RATE)[0]
    hz, power = welch(wet, RATE, nperseg=4096)
    above = 10 * np.log10(power[hz > 4200].sum() / power.sum())
    yield Reading("power above 4.2 kHz", "dB", -40, above, 0.1, at_most=True)
    yield lag(effect, music, 0.6)
