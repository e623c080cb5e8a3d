"""Tracks: each stem on its own, from its recording to what enters the mix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..audio import Audio, amplitude, decibels
from ..degradations import Chain
from .alignment import lag_samples
from .audibility import Spectra, distance
from .bleeding import with_bleed
from .keys import parted
from .meter import Meter
from .observing import UNSEEN, Observer
from .panning import place
from .rejection import Refusal
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
        By how much the wet track is late against the dry one; NaN if either is silent, or
        nobody asked for it.
    redraws : int
        How many chains were refused.
    refusals : tuple of Refusal
        Why, one for each; one more if the chain that stayed deserved it, too, but was the last.
    """

    gain_db: float
    chain_gain_db: float
    dry_lufs: float
    wet_lufs: float
    peak_dbfs: float
    active_share: float
    lag_samples: float
    redraws: int
    refusals: tuple[Refusal, ...] = ()


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


def entering(session: Session, recordings: Sequence[Audio], meter: Meter) -> list[Entering]:
    """Return every track of a session at the door of its chain."""
    return [
        _entering(session, track, audio, recordings, meter)
        for track, audio in zip(session.tracks, recordings, strict=True)
    ]


def _entering(
    session: Session, track: Track, audio: Audio, recordings: Sequence[Audio], meter: Meter
) -> Entering:
    """Bring one track to the level at which it enters."""
    lufs = meter.lufs(audio)
    static_db = _static_gain_db(track, lufs)
    peak = _peak(meter.excerpt(audio))
    input_db = static_db
    if track.input_peak_dbfs is not None and peak > 0:
        input_db = min(track.input_peak_dbfs - decibels(peak), LARGEST_STATIC_GAIN_DB)
    caught = with_bleed(session, track, audio, recordings, meter.window) if track.bleeds else audio
    return Entering(audio, caught * np.float32(amplitude(input_db)), lufs, static_db, input_db)


def rendered(
    session: Session,
    number: int,
    start: Entering,
    meter: Meter,
    keys: Mapping[str, Audio],
    observer: Observer = UNSEEN,
    *,
    lags: bool = True,
) -> Rendered:
    """Send one track through its chain and give it its place.

    Parameters
    ----------
    session : Session
    number : int
        Of the track, counted from 0.
    start : Entering
    meter : Meter
    keys : mapping of str to float32 array, shape (1, samples)
        What side-chains hear.
    observer : Observer
        Watches ``track.N``.
    lags : bool
        Whether to measure how late the wet track is.
    """
    track, rate, audio = session.tracks[number], session.sample_rate, start.recording
    excerpt = meter.excerpt(audio)
    processed, chain_gain_db, redraws, refusals = _processed(
        session, number, start.audio, meter, keys, observer
    )
    restored_db = min(-chain_gain_db, LARGEST_RESTORED_DB) + start.static_db - start.input_db
    wet = processed * np.float32(amplitude(restored_db))
    kept = track.chains[redraws].of_target()
    reference, dry, dry_lufs = _target(start, kept, meter, keys)
    lag = 0.0 if lags else float("nan")
    if lags and len(track.chains[redraws]) > len(kept):
        lag = lag_samples(meter.excerpt(reference), meter.excerpt(processed), rate)
    measures = TrackMeasures(
        gain_db=start.static_db,
        chain_gain_db=chain_gain_db,
        dry_lufs=dry_lufs,
        wet_lufs=start.lufs + start.input_db + chain_gain_db + restored_db,
        peak_dbfs=decibels(_peak(excerpt)),
        active_share=_active_share(excerpt, rate, session.active_above_dbfs),
        lag_samples=lag,
        redraws=redraws,
        refusals=refusals,
    )
    if session.target == "recorded":
        target: Audio = np.broadcast_to(audio, (2, audio.shape[1]))
    else:
        target = place(dry, track.pan)
    return Rendered(place(wet, track.pan), target, processed, measures)


def _target(
    start: Entering, kept: Chain, meter: Meter, keys: Mapping[str, Audio]
) -> tuple[Audio, Audio, float]:
    """Return a stem after what belongs to its target: as it came out, at its level, and its LUFS.

    The recording, without bleed, enters at the level of the wet stem, so that an effect is the
    same on both.
    """
    if not kept:
        dry = start.recording * np.float32(amplitude(start.static_db))
        return start.recording, dry, start.lufs + start.static_db
    entering = start.recording * np.float32(amplitude(start.input_db))
    made = kept(entering, meter.sample_rate, keys)
    made_db = change_db(meter.lufs(entering), meter.lufs(made))
    restored_db = min(-made_db, LARGEST_RESTORED_DB) + start.static_db - start.input_db
    lufs = start.lufs + start.input_db + made_db + restored_db
    return made, made * np.float32(amplitude(restored_db)), lufs


def _processed(
    session: Session,
    number: int,
    entering: Audio,
    meter: Meter,
    keys: Mapping[str, Audio],
    observer: Observer,
) -> tuple[Audio, float, int, tuple[Refusal, ...]]:
    """Send a stem through its chain, or the first spare one that no rule refuses."""
    chains = session.tracks[number].chains
    entered_lufs = meter.lufs(entering)
    refusals: list[Refusal] = []
    while True:
        redraws = len(refusals)
        processed = chains[redraws](
            entering, session.sample_rate, keys, observer.at(f"track.{number}")
        )
        made_db = change_db(entered_lufs, meter.lufs(processed))
        refusal = _destroyed(session.tracks[number], made_db) or _inaudible(
            session, number, chains[redraws], (entering, processed), meter, keys
        )
        if refusal is not None:
            refusals.append(refusal)
        if refusal is None or redraws == len(chains) - 1:
            return processed, made_db, redraws, tuple(refusals)


def _destroyed(track: Track, made_db: float) -> Refusal | None:
    """Refuse a chain that takes too much loudness."""
    limit_db = track.destroyed_above_db
    return (
        None
        if limit_db is None or made_db >= -limit_db
        else Refusal("destroyed", round(-made_db, 4))
    )


def _inaudible(
    session: Session,
    number: int,
    chain: Chain,
    way: tuple[Audio, Audio],
    meter: Meter,
    keys: Mapping[str, Audio],
) -> Refusal | None:
    """Refuse a chain of which, what belongs to the target aside, nothing is heard.

    A chain with nothing to undo in it was drawn so, and stays.
    """
    limit, rate = session.tracks[number].inaudible_below, meter.sample_rate
    heard = parted(session, chain)[0]
    if limit is None or len(heard.kept) == len(heard):
        return None
    reference = chain.of_target()(way[0], rate, keys)
    before, after = (
        Spectra(meter.excerpt(audio), rate, meter.lufs(audio)) for audio in (reference, way[1])
    )
    found = round(distance(before, after).stft_distance, 4)
    return Refusal("inaudible", found) if found < limit else None


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
