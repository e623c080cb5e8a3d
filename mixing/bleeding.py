"""Bleed: what a microphone catches of the other instruments in the room."""

from collections.abc import Sequence

import numpy as np

from ..audio import Audio, amplitude
from ..degradations import LowPass
from .loudness import integrated_lufs
from .sessions import Bleed, Session, Track

__all__ = ["with_bleed"]

LARGEST_GAIN_DB = 20.0
"""A track that hardly sounds is not blown up to be heard through a louder one's microphone."""


def with_bleed(
    session: Session, track: Track, audio: Audio, recordings: Sequence[Audio], window: slice
) -> Audio:
    """Return a recording with what it catches of others.

    Parameters
    ----------
    session : Session
    track : Track
    audio : float32 array, shape (channels, samples)
        Its recording.
    recordings : sequence of float32 arrays
        Of all tracks of the session.
    window : slice
        The excerpt, in which loudness is measured.

    Returns
    -------
    float32 array, shape (channels, samples)
        ``audio`` itself if nothing bleeds into it.
    """
    own_lufs = integrated_lufs(audio[:, window], session.sample_rate)
    sources = {t.file: r for t, r in zip(session.tracks, recordings, strict=True) if not _double(t)}
    for bleed in track.bleeds:
        heard = _heard(bleed, sources[bleed.file], audio.shape[0], session.sample_rate)
        heard_lufs = integrated_lufs(heard[:, window], session.sample_rate)
        if np.isfinite(own_lufs) and np.isfinite(heard_lufs):
            gain_db = min(own_lufs + bleed.level_db - heard_lufs, LARGEST_GAIN_DB)
            audio = audio + heard * np.float32(amplitude(gain_db))
    return audio


def _double(track: Track) -> bool:
    """Return whether a track is a second take of another."""
    return bool(track.delay_samples or track.detune_cents)


def _heard(bleed: Bleed, source: Audio, channels: int, sample_rate: int) -> Audio:
    """Return another instrument as it arrives: late, dull, in as many channels as wanted."""
    if source.shape[0] > channels:
        source = source.mean(axis=0, keepdims=True)
    late = np.zeros((channels, source.shape[1]), np.float32)
    late[:, bleed.delay_samples :] = source[:, : source.shape[1] - bleed.delay_samples]
    return LowPass(cutoff_hz=bleed.cutoff_hz, order=2)(late, sample_rate)
