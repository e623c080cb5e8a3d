"""Tracks: each stem on its own, from its recording to what enters the mix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..audio import Audio, amplitude, decibels
from ..degradations import Chain
from .alignment import lag_samples
from .bleeding import with_bleed
from .loudness import integrated_lufs
from .panning import place
from .sessions import Session, Track

__all__ = ["Entering", "Rendered", "TrackMeasures", "change_db", "entering", "rendered"]

LARGEST_STATIC_GAIN_DB = 40.0
LARGEST_RESTORED_DB = 24.0
"""A chain that removes nearly everything must not have its remains blown up."""

ALL_OF_IT_DB = -120.0


@dataclass(frozen=True)
class TrackMeasures:
    """What came of one track.

    Parameters
    ----------
    gain_db : float
        Static gain from recording to dry target, before the output gain; what a recipe keeps
        in the target is processed beside it, at equal loudness.
    chain_gain_db : float
        Loudness change that the chain made, before it was undone.
    dry_lufs, wet_lufs : float
        Loudness in the mix before master; equal unless the chain removed nearly everything.
    peak_dbfs : float
        Of the dry recording's excerpt.
    active_share : float
        Share of the excerpt's seconds above the session's ``active_above_dbfs``.
    lag_samples : float
        By how much the wet track is late against the dry one; NaN if either is silent.
    redraws : int
        How many chains were refused because they destroyed the stem.
    """

    gain_db: float
    chain_gain_db: float
    dry_lufs: float
    wet_lufs: float
    peak_dbfs: float
    active_share: float
    lag_samples: float
    redraws: int


@dataclass(frozen=True)
class Entering:
    """One track at the door of its chain.

    Parameters
    ----------
    recording : float32 array, shape (channels, samples)
        With lead-in and lead-out.
    audio : float32 array, shape (channels, samples)
        What enters: the recording, and what bleeds into it, at the chain's level.
    lufs : float
        Of the recording, in the excerpt.
    static_db, input_db : float
        Gain from the recording to the dry target, and to the chain.
    """

    recording: Audio
    audio: Audio
    lufs: float
    static_db: float
    input_db: float


@dataclass(frozen=True)
class Rendered:
    """One track, with lead-in.

    Parameters
    ----------
    wet, dry : float32 array, shape (2, samples)
        In their place in the mix.
    unfaded : float32 array, shape (channels, samples)
        As it left its chain, before the gain and the place that it has in the mix.
    measures : TrackMeasures
    """

    wet: Audio
    dry: Audio
    unfaded: Audio
    measures: TrackMeasures


def entering(session: Session, recordings: Sequence[Audio], window: slice) -> list[Entering]:
    """Return every track of a session at the door of its chain."""
    return [
        _entering(session, track, audio, recordings, window)
        for track, audio in zip(session.tracks, recordings, strict=True)
    ]


def _entering(
    session: Session, track: Track, audio: Audio, recordings: Sequence[Audio], window: slice
) -> Entering:
    """Bring one track to the level at which it enters."""
    lufs = integrated_lufs(audio[:, window], session.sample_rate)
    static_db = _static_gain_db(track, lufs)
    peak = _peak(audio[:, window])
    input_db = static_db
    if track.input_peak_dbfs is not None and peak > 0:
        input_db = min(track.input_peak_dbfs - decibels(peak), LARGEST_STATIC_GAIN_DB)
    caught = with_bleed(session, track, audio, recordings, window) if track.bleeds else audio
    return Entering(audio, caught * np.float32(amplitude(input_db)), lufs, static_db, input_db)


def rendered(
    session: Session, track: Track, start: Entering, window: slice, keys: Mapping[str, Audio]
) -> Rendered:
    """Send one track through its chain and give it its place.

    Parameters
    ----------
    session : Session
    track : Track
    start : Entering
    window : slice
        The excerpt, in which everything is measured.
    keys : mapping of str to float32 array, shape (1, samples)
        What side-chains hear.
    """
    rate, audio = session.sample_rate, start.recording
    processed, chain_gain_db, redraws = _processed(session, track, start.audio, window, keys)
    restored_db = min(-chain_gain_db, LARGEST_RESTORED_DB) + start.static_db - start.input_db
    wet = processed * np.float32(amplitude(restored_db))
    kept = track.chains[redraws].of_target()
    reference, dry, dry_lufs = _target(start, kept, window, rate, keys)
    measures = TrackMeasures(
        gain_db=start.static_db,
        chain_gain_db=chain_gain_db,
        dry_lufs=dry_lufs,
        wet_lufs=start.lufs + start.input_db + chain_gain_db + restored_db,
        peak_dbfs=decibels(_peak(audio[:, window])),
        active_share=_active_share(audio[:, window], rate, session.active_above_dbfs),
        lag_samples=lag_samples(reference[:, window], processed[:, window], rate)
        if len(track.chains[redraws]) > len(kept)
        else 0.0,
        redraws=redraws,
    )
    if session.target == "recorded":
        target: Audio = np.broadcast_to(audio, (2, audio.shape[1]))
    else:
        target = place(dry, track.pan)
    return Rendered(place(wet, track.pan), target, processed, measures)


def _target(
    start: Entering, kept: Chain, window: slice, sample_rate: int, keys: Mapping[str, Audio]
) -> tuple[Audio, Audio, float]:
    """Return a stem after what belongs to its target: as it came out, at its level, and its LUFS.

    The recording, without bleed, enters at the level of the wet stem, so that an effect is the
    same on both.
    """
    if not kept:
        dry = start.recording * np.float32(amplitude(start.static_db))
        return start.recording, dry, start.lufs + start.static_db
    entering = start.recording * np.float32(amplitude(start.input_db))
    made = kept(entering, sample_rate, keys)
    entered_lufs = integrated_lufs(entering[:, window], sample_rate)
    made_db = change_db(entered_lufs, integrated_lufs(made[:, window], sample_rate))
    restored_db = min(-made_db, LARGEST_RESTORED_DB) + start.static_db - start.input_db
    lufs = start.lufs + start.input_db + made_db + restored_db
    return made, made * np.float32(amplitude(restored_db)), lufs


def _processed(
    session: Session, track: Track, entering: Audio, window: slice, keys: Mapping[str, Audio]
) -> tuple[Audio, float, int]:
    """Send a stem through its chain, or the first spare one that leaves something of it."""
    rate, limit_db = session.sample_rate, track.destroyed_above_db
    entered_lufs = integrated_lufs(entering[:, window], rate)
    redraws = 0
    while True:
        processed = track.chains[redraws](entering, rate, keys)
        made_db = change_db(entered_lufs, integrated_lufs(processed[:, window], rate))
        destroyed = limit_db is not None and made_db < -limit_db
        if not destroyed or redraws == len(track.chains) - 1:
            return processed, made_db, redraws
        redraws += 1


def _static_gain_db(track: Track, recorded_lufs: float) -> float:
    """Return the gain that brings the recording to its loudness in the mix."""
    if track.loudness_lufs is None or not np.isfinite(recorded_lufs):
        return track.gain_db
    wanted = track.loudness_lufs + track.gain_db - recorded_lufs
    return float(np.clip(wanted, -LARGEST_STATIC_GAIN_DB, LARGEST_STATIC_GAIN_DB))


def change_db(before_lufs: float, after_lufs: float) -> float:
    """Return a change of loudness; none where there was nothing, all of it where nothing is left.

    Loudness is -inf below the gate at -70 LUFS.
    """
    if not np.isfinite(before_lufs):
        return 0.0
    return after_lufs - before_lufs if np.isfinite(after_lufs) else ALL_OF_IT_DB


def _active_share(audio: Audio, sample_rate: int, above_dbfs: float) -> float:
    """Return the share of seconds whose RMS lies above a level."""
    seconds = max(audio.shape[1] // sample_rate, 1)
    whole = audio[:, : seconds * sample_rate].astype(np.float64)
    power = np.square(whole).mean(axis=0)
    blocks = np.array_split(power, seconds)
    return float(np.mean([block.mean() > 10 ** (above_dbfs / 10) for block in blocks]))


def _peak(audio: Audio) -> float:
    """Return the largest magnitude."""
    return float(np.abs(audio).max(initial=0.0))
