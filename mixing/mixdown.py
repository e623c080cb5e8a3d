"""Mixdown: from a session and its recordings to mixture, wet stems and dry targets.

Linear throughout but for the chains: whatever gain the mix receives on its way out, wet stems
and dry targets receive it too, so that they still stand in the mixture at their level.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..audio import Audio, amplitude, decibels
from ..errors import AudioError, RecipeError
from .console import Sums, by_class, summed
from .handing import handed_down
from .keys import key_sounds
from .meter import Meter
from .observing import UNSEEN, Observer
from .sessions import Session
from .tracks import Rendered, TrackMeasures, change_db, entering, rendered

__all__ = ["LEAD_OUT_S", "Mix", "TrackMeasures", "mix"]

LEAD_OUT_S = 0.1
"""Read past the excerpt's end, so that effects which look ahead do not look into nothing."""

HEADROOM_DB = -0.1


@dataclass(frozen=True)
class Mix:
    """What a session sounds like, all of it under one gain.

    Parameters
    ----------
    mixture, premaster, master : float32 array, shape (2, samples)
        The end of the way, and the mix before and after its master chain.
    dry, wet : dict of str to float32 array, shape (2, samples)
        By class; only classes that have tracks. The wet stems hold their share of what the
        sends give back, and sum to the premaster but for what buses do.
    wet_master : dict of str to float32 array, shape (2, samples)
        By class, after the gain curves and filters of buses and master, which they sum to;
        empty unless tapped.
    buses, sends : dict of str to float32 array, shape (2, samples)
        By name; what comes out of a bus, and what a send gives back.
    measures : tuple of TrackMeasures
        One for each track.
    output_gain_db : float
        What mixture, targets and taps were turned down by, to fit below full scale.
    """

    mixture: Audio
    premaster: Audio
    master: Audio
    dry: dict[str, Audio]
    wet: dict[str, Audio]
    wet_master: dict[str, Audio]
    buses: dict[str, Audio]
    sends: dict[str, Audio]
    measures: tuple[TrackMeasures, ...]
    output_gain_db: float


@dataclass(frozen=True)
class _Released:
    """The mix on its way out, with lead-in, at the level of its master."""

    mixture: Audio
    master: Audio
    stems: dict[str, Audio]


def mix(
    session: Session,
    recordings: Sequence[Audio],
    observer: Observer = UNSEEN,
    *,
    lags: bool = True,
) -> Mix:
    """Render a session.

    Parameters
    ----------
    session : Session
        Its chains' files located (see :meth:`Chain.located`).
    recordings : sequence of float32 arrays, shape (channels, samples)
        One for each track, at the session's rate: lead-in, excerpt, lead-out.
    observer : Observer, optional
        Who watches the chains, such as :class:`wetdry.mixing.facts.Facts`.
    lags : bool
        Whether to measure by how much each wet track is late, which may take a seventh of the time
        and changes no audio; else NaN stands there.

    Raises
    ------
    AudioError
        If the recordings do not fit the session, or a chain makes nonsense of one.
    RecipeError
        If the session leaves chains to its recipe.
    """
    _check(session, recordings)
    window = slice(session.lead_in_samples, session.lead_in_samples + session.samples)
    meter = Meter(session.sample_rate, window)
    observer.start(meter)
    starts = entering(session, recordings, meter)
    keys = key_sounds(session, [start.audio for start in starts])
    tracks = [
        rendered(session, number, start, meter, keys, observer, lags=lags)
        for number, start in enumerate(starts)
    ]
    sums = summed(session, tracks, keys, observer)
    loud = meter.lufs(sums.premaster)
    released = _release(session, sums, loud, keys, observer)
    after = meter.lufs(released.mixture)
    return _collect(session, tracks, sums, released, amplitude(change_db(loud, after)))


def _check(session: Session, recordings: Sequence[Audio]) -> None:
    """Refuse recordings that do not fit, and a session of which chains are missing."""
    if session.spares:
        raise RecipeError(
            "mix: wanted a session with all its chains, found one that leaves the spare ones to "
            "its recipe; complete it with SpareChains(recipe).completed(session, seed, split, i)"
        )
    lead_out = round(LEAD_OUT_S * session.sample_rate)
    wanted = session.lead_in_samples + session.samples + lead_out
    lengths = [audio.shape[1] for audio in recordings]
    if len(recordings) != len(session.tracks) or any(n != wanted for n in lengths):
        raise AudioError(
            f"mix: wanted {len(session.tracks)} recordings of {wanted} samples, found {lengths}"
        )


def _release(
    session: Session,
    sums: Sums,
    loudness_lufs: float,
    keys: Mapping[str, Audio],
    observer: Observer,
) -> _Released:
    """Master the mix and send it through its medium."""
    gain_db, rate = 0.0, session.sample_rate
    if session.mix_loudness_lufs is not None and np.isfinite(loudness_lufs):
        gain_db = session.mix_loudness_lufs - loudness_lufs
    gain = np.float32(amplitude(gain_db))
    raised = sums.premaster * gain
    watch = observer.at("master")
    if "wet_master" in session.taps:
        parts = {name: part * gain for name, part in sums.bussed.items()}
        mastered, stems = handed_down(session.master, raised, parts, rate, keys, watch)
    else:
        mastered, stems = session.master(raised, rate, keys, watch), {}
    released = session.medium(mastered, rate, keys, observer.at("medium"))
    return _Released(released, mastered, stems)


def _collect(
    session: Session, tracks: list[Rendered], sums: Sums, released: _Released, change: float
) -> Mix:
    """Put everything under one gain, below full scale."""
    window = slice(session.lead_in_samples, session.lead_in_samples + session.samples)
    recorded = session.target == "recorded"
    dry = _cut(by_class(session, [track.dry for track in tracks]), window)
    wet, buses, sends = (_cut(part, window) for part in (sums.wet, sums.buses, sums.returns))
    mixture, premaster = released.mixture[:, window], sums.premaster[:, window]
    master, stems = released.master[:, window], _cut(released.stems, window)
    before = {"wet": [*wet.values()], "premaster": [premaster]}
    before |= {f"bus.{name}": [audio] for name, audio in buses.items()}
    before |= {f"send.{name}": [audio] for name, audio in sends.items()}
    after = {"master": [master], "wet_master": [*stems.values()]}
    follows = [] if recorded else [*dry.values()]
    follows += [audio for tap in session.taps for audio in before.get(tap, [])]
    beside = [audio for tap in session.taps for audio in after.get(tap, [])]
    loudest = max([*map(_peak, [mixture, *beside]), *(_peak(audio) * change for audio in follows)])
    gain_db = min(0.0, HEADROOM_DB - decibels(loudest))
    output = np.float32(amplitude(gain_db))
    scale = np.float32(change) * output
    return Mix(
        mixture=mixture * output,
        premaster=premaster * scale,
        master=master * output,
        dry=dry if recorded else _scaled(dry, scale),
        wet=_scaled(wet, scale),
        wet_master=_scaled(stems, output),
        buses=_scaled(buses, scale),
        sends=_scaled(sends, scale),
        measures=tuple(track.measures for track in tracks),
        output_gain_db=gain_db,
    )


def _cut(audios: Mapping[str, Audio], window: slice) -> dict[str, Audio]:
    """Cut the excerpt out of each."""
    return {name: audio[:, window] for name, audio in audios.items()}


def _scaled(audios: Mapping[str, Audio], gain: np.float32) -> dict[str, Audio]:
    """Multiply each by a gain."""
    return {name: audio * gain for name, audio in audios.items()}


def _peak(audio: Audio) -> float:
    """Return the largest magnitude."""
    return float(max(audio.max(initial=0.0), -audio.min(initial=0.0)))  # abs would copy it
