"""The console: tracks are summed, through buses, beside sends, into the mix before master."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..audio import Audio, amplitude
from .handing import handed_down
from .observing import UNSEEN, Observer
from .panning import place
from .sessions import Bus, Send, Session
from .tracks import Rendered

__all__ = ["Sums", "by_class", "summed"]


@dataclass(frozen=True)
class Sums:
    """What a session's tracks sum to, with lead-in; all arrays of shape (2, samples).

    Parameters
    ----------
    premaster : float32 array
    buses, returns : dict of str to float32 array
        By name: what comes out of each bus, and what each send gives back.
    wet, bussed : dict of str to float32 array
        By class: the tracks before the buses, and as the buses left them, both with their
        share of the returns. The latter is empty unless the session taps ``wet_master``.
    """

    premaster: Audio
    buses: dict[str, Audio]
    returns: dict[str, Audio]
    wet: dict[str, Audio]
    bussed: dict[str, Audio]


def summed(
    session: Session,
    tracks: Sequence[Rendered],
    keys: Mapping[str, Audio],
    observer: Observer = UNSEEN,
) -> Sums:
    """Sum the tracks of a session; a class belongs to one bus at most.

    Parameters
    ----------
    session : Session
    tracks : sequence of Rendered
    keys : mapping of str to float32 array, shape (1, samples)
        What side-chains hear.
    observer : Observer
        Watches ``bus.NAME`` and ``send.NAME``.
    """
    wet = by_class(session, [track.wet for track in tracks])
    bussed = dict(wet) if "wet_master" in session.taps else {}
    buses: dict[str, Audio] = {}
    for bus in session.buses:
        parts = {name: bussed[name] for name in bus.of if name in bussed}
        buses[bus.name], parts = _bus(session, bus, tracks, parts, keys, observer)
        bussed |= parts
    premaster = _premaster(session, tracks, buses)
    returns: dict[str, Audio] = {}
    for send in session.sends:
        returns[send.name], shares = _send(session, send, tracks, keys, observer)
        premaster = premaster + returns[send.name]
        for stems in (wet, bussed):
            stems |= {n: stems[n] + share for n, share in shares.items() if n in stems}
    return Sums(premaster, buses, returns, wet, bussed)


def _premaster(session: Session, tracks: Sequence[Rendered], buses: Mapping[str, Audio]) -> Audio:
    """Sum the tracks that go straight to the mix, and the buses."""
    total = np.zeros_like(tracks[0].wet)
    grouped = {name for bus in session.buses for name in bus.of}
    for track, rendered in zip(session.tracks, tracks, strict=True):
        if track.stem_class not in grouped:
            total = total + rendered.wet
    for audio in buses.values():
        total = total + audio
    return total


def _bus(
    session: Session,
    bus: Bus,
    tracks: Sequence[Rendered],
    parts: dict[str, Audio],
    keys: Mapping[str, Audio],
    observer: Observer,
) -> tuple[Audio, dict[str, Audio]]:
    """Sum the tracks of one bus and process the sum, and its parts if there are any."""
    total = np.zeros_like(tracks[0].wet)
    for track, rendered in zip(session.tracks, tracks, strict=True):
        if track.stem_class in bus.of:
            total = total + rendered.wet
    watch = observer.at(f"bus.{bus.name}")
    if parts:
        return handed_down(bus.chain, total, parts, session.sample_rate, keys, watch)
    return bus.chain(total, session.sample_rate, keys, watch), {}


def _send(
    session: Session,
    send: Send,
    tracks: Sequence[Rendered],
    keys: Mapping[str, Audio],
    observer: Observer,
) -> tuple[Audio, dict[str, Audio]]:
    """Return what a send gives back, and each class's share of it.

    A filter, reverb or delay runs once for the sum and once for each class: that is what it
    costs to know whose reverberation is whose.
    """
    going: dict[str, Audio] = {}
    for track, rendered in zip(session.tracks, tracks, strict=True):
        source = place(rendered.unfaded, 0.0) if send.pre_fader else rendered.wet
        for level in track.sends:
            if level.send == send.name:
                part = source * np.float32(amplitude(level.level_db))
                name = track.stem_class
                going[name] = going[name] + part if name in going else part
    total = np.zeros_like(tracks[0].wet)
    for part in going.values():
        total = total + part
    watch = observer.at(f"send.{send.name}")
    return handed_down(send.chain, total, going, session.sample_rate, keys, watch)


def by_class(session: Session, audios: Sequence[Audio]) -> dict[str, Audio]:
    """Sum the tracks of each class."""
    sums: dict[str, Audio] = {}
    for track, audio in zip(session.tracks, audios, strict=True):
        name = track.stem_class
        sums[name] = sums[name] + audio if name in sums else audio
    return sums
