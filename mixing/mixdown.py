"""Mixdown: from a session and its recordings to mixture, wet stems and dry targets.

Linear throughout but for the chains: whatever gain the mix receives on its way out, wet stems
and dry targets receive it too, so that they still stand in the mixture at their level.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..audio import Audio, amplitude, decibels
from ..degradations import Chain
from ..errors import AudioError
from .alignment import lag_samples
from .loudness import integrated_lufs
from .panning import place
from .sessions import Bus, Session, Track

__all__ = ["LEAD_OUT_S", "Mix", "TrackMeasures", "mix"]

LEAD_OUT_S = 0.1
"""Read past the excerpt's end, so that effects which look ahead do not look into nothing."""

LARGEST_STATIC_GAIN_DB = 40.0
LARGEST_RESTORED_DB = 24.0
"""A chain that removes nearly everything must not have its remains blown up."""

ALL_OF_IT_DB = -120.0

HEADROOM_DB = -0.1


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
class Mix:
    """What a session sounds like.

    Parameters
    ----------
    mixture, premaster : float32 array, shape (2, samples)
    dry, wet : dict of str to float32 array, shape (2, samples)
        By class; only classes that have tracks.
    measures : tuple of TrackMeasures
        One for each track.
    output_gain_db : float
        What mixture, targets and taps were turned down by, to fit below full scale.
    """

    mixture: Audio
    premaster: Audio
    dry: dict[str, Audio]
    wet: dict[str, Audio]
    measures: tuple[TrackMeasures, ...]
    output_gain_db: float


@dataclass(frozen=True)
class _Rendered:
    """One track: placed wet and dry, with lead-in, and what was measured."""

    wet: Audio
    dry: Audio
    measures: TrackMeasures


def mix(session: Session, recordings: Sequence[Audio]) -> Mix:
    """Render a session.

    Parameters
    ----------
    session : Session
        Its chains' files located (see :meth:`Chain.located`).
    recordings : sequence of float32 arrays, shape (channels, samples)
        One for each track, at the session's rate: lead-in, excerpt, lead-out.

    Raises
    ------
    AudioError
        If the recordings do not fit the session, or a chain makes nonsense of one.
    """
    _check(session, recordings)
    window = slice(session.lead_in_samples, session.lead_in_samples + session.samples)
    pairs = zip(session.tracks, recordings, strict=True)
    tracks = [_track(session, track, audio, window) for track, audio in pairs]
    premaster = _buses(session, tracks)
    loud = integrated_lufs(premaster[:, window], session.sample_rate)
    released = _release(session, premaster, loud)
    change_db = _change_db(loud, integrated_lufs(released[:, window], session.sample_rate))
    change = amplitude(change_db)
    return _collect(session, tracks, released[:, window], premaster[:, window], change)


def _check(session: Session, recordings: Sequence[Audio]) -> None:
    """Refuse recordings that do not fit."""
    lead_out = round(LEAD_OUT_S * session.sample_rate)
    wanted = session.lead_in_samples + session.samples + lead_out
    lengths = [audio.shape[1] for audio in recordings]
    if len(recordings) != len(session.tracks) or any(n != wanted for n in lengths):
        raise AudioError(
            f"mix: wanted {len(session.tracks)} recordings of {wanted} samples, found {lengths}"
        )


def _track(session: Session, track: Track, audio: Audio, window: slice) -> _Rendered:
    """Render one track."""
    rate = session.sample_rate
    recorded_lufs = integrated_lufs(audio[:, window], rate)
    static_db = _static_gain_db(track, recorded_lufs)
    dry = audio * np.float32(amplitude(static_db))
    peak = _peak(audio[:, window])
    input_db = static_db
    if track.input_peak_dbfs is not None and peak > 0:
        input_db = min(track.input_peak_dbfs - decibels(peak), LARGEST_STATIC_GAIN_DB)
    entering = audio * np.float32(amplitude(input_db))
    processed, chain_gain_db, redraws = _processed(session, track, entering, window)
    restored_db = min(-chain_gain_db, LARGEST_RESTORED_DB) + static_db - input_db
    reference, dry_lufs = audio, recorded_lufs + static_db
    kept = track.chains[redraws].of_target()
    if kept:
        reference, kept_gain_db = _kept(kept, entering, window, rate)
        kept_db = min(-kept_gain_db, LARGEST_RESTORED_DB) + static_db - input_db
        dry = reference * np.float32(amplitude(kept_db))
        dry_lufs = recorded_lufs + input_db + kept_gain_db + kept_db
    wet = processed * np.float32(amplitude(restored_db))
    measures = TrackMeasures(
        gain_db=static_db,
        chain_gain_db=chain_gain_db,
        dry_lufs=dry_lufs,
        wet_lufs=recorded_lufs + input_db + chain_gain_db + restored_db,
        peak_dbfs=decibels(peak),
        active_share=_active_share(audio[:, window], rate, session.active_above_dbfs),
        lag_samples=lag_samples(reference[:, window], processed[:, window], rate)
        if len(track.chains[redraws]) > len(kept)
        else 0.0,
        redraws=redraws,
    )
    untouched = session.target == "recorded"
    target = np.broadcast_to(audio, (2, audio.shape[1])) if untouched else place(dry, track.pan)
    return _Rendered(place(wet, track.pan), target, measures)


def _processed(
    session: Session, track: Track, entering: Audio, window: slice
) -> tuple[Audio, float, int]:
    """Send a stem through its chain, or the first spare one that leaves something of it."""
    rate, limit_db = session.sample_rate, track.destroyed_above_db
    entered_lufs = integrated_lufs(entering[:, window], rate)
    redraws = 0
    while True:
        processed = track.chains[redraws](entering, rate)
        change_db = _change_db(entered_lufs, integrated_lufs(processed[:, window], rate))
        destroyed = limit_db is not None and change_db < -limit_db
        if not destroyed or redraws == len(track.chains) - 1:
            return processed, change_db, redraws
        redraws += 1


def _kept(kept: Chain, entering: Audio, window: slice, sample_rate: int) -> tuple[Audio, float]:
    """Return a stem after what belongs to its target, and by how much louder that made it.

    It enters at the level of the wet stem, so that an effect is the same on both.
    """
    target = kept(entering, sample_rate)
    entered_lufs = integrated_lufs(entering[:, window], sample_rate)
    return target, _change_db(entered_lufs, integrated_lufs(target[:, window], sample_rate))


def _static_gain_db(track: Track, recorded_lufs: float) -> float:
    """Return the gain that brings the recording to its loudness in the mix."""
    if track.loudness_lufs is None or not np.isfinite(recorded_lufs):
        return track.gain_db
    wanted = track.loudness_lufs + track.gain_db - recorded_lufs
    return float(np.clip(wanted, -LARGEST_STATIC_GAIN_DB, LARGEST_STATIC_GAIN_DB))


def _change_db(before_lufs: float, after_lufs: float) -> float:
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


def _buses(session: Session, tracks: list[_Rendered]) -> Audio:
    """Sum the tracks, through their buses; a class belongs to one bus at most."""
    total = np.zeros_like(tracks[0].wet)
    grouped = {name: bus for bus in session.buses for name in bus.of}
    for track, rendered in zip(session.tracks, tracks, strict=True):
        if track.stem_class not in grouped:
            total = total + rendered.wet
    for bus in session.buses:
        total = total + _bus(session, bus, tracks)
    return total


def _bus(session: Session, bus: Bus, tracks: list[_Rendered]) -> Audio:
    """Sum the tracks of one bus and process the sum."""
    total = np.zeros_like(tracks[0].wet)
    for track, rendered in zip(session.tracks, tracks, strict=True):
        if track.stem_class in bus.of:
            total = total + rendered.wet
    return bus.chain(total, session.sample_rate)


def _release(session: Session, premaster: Audio, loudness_lufs: float) -> Audio:
    """Master the mix and send it through its medium."""
    gain_db = 0.0
    if session.mix_loudness_lufs is not None and np.isfinite(loudness_lufs):
        gain_db = session.mix_loudness_lufs - loudness_lufs
    raised = premaster * np.float32(amplitude(gain_db))
    mastered = session.master(raised, session.sample_rate)
    return session.medium(mastered, session.sample_rate)


def _collect(
    session: Session, tracks: list[_Rendered], mixture: Audio, premaster: Audio, change: float
) -> Mix:
    """Put everything under one gain, below full scale."""
    wet = _by_class(session, [track.wet for track in tracks])
    dry = _by_class(session, [track.dry for track in tracks])
    recorded = session.target == "recorded"
    follows = [] if recorded else [*dry.values()]
    follows += [*wet.values()] if "wet" in session.taps else []
    follows += [premaster] if "premaster" in session.taps else []
    loudest = max([_peak(mixture), *(_peak(audio) * change for audio in follows)])
    gain_db = min(0.0, HEADROOM_DB - decibels(loudest))
    output = np.float32(amplitude(gain_db))
    scale = np.float32(change) * output
    return Mix(
        mixture=mixture * output,
        premaster=premaster * scale,
        dry=dry if recorded else {name: audio * scale for name, audio in dry.items()},
        wet={name: audio * scale for name, audio in wet.items()},
        measures=tuple(track.measures for track in tracks),
        output_gain_db=gain_db,
    )


def _by_class(session: Session, audios: list[Audio]) -> dict[str, Audio]:
    """Sum the tracks of each class over the excerpt."""
    window = slice(session.lead_in_samples, session.lead_in_samples + session.samples)
    sums: dict[str, Audio] = {}
    for track, audio in zip(session.tracks, audios, strict=True):
        name, part = track.stem_class, audio[:, window]
        sums[name] = sums[name] + part if name in sums else part
    return sums


def _peak(audio: Audio) -> float:
    """Return the largest magnitude."""
    return float(np.abs(audio).max(initial=0.0))
