"""Render: from a session and a folder of stems to audio; a pure function of both."""

import math
from pathlib import Path

from .. import audio
from ..audio import Audio
from ..mixing.mixdown import LEAD_OUT_S, Mix, mix
from ..mixing.observing import UNSEEN, Observer
from ..mixing.sessions import Session, Track

__all__ = ["render"]


def render(session: Session, stems: Path, assets: Path, observer: Observer = UNSEEN) -> Mix:
    """Render a session.

    Parameters
    ----------
    session : Session
    stems : Path
        The folder that its tracks' files are relative to.
    assets : Path
        The folder that its effects' files (impulse responses) are relative to.
    observer : Observer, optional
        Who watches the chains.

    Returns
    -------
    Mix

    Raises
    ------
    AudioError, AssetError
        If a file is gone or no longer what it was, or a chain makes nonsense of it.
    """
    recordings = [_recording(session, track, stems) for track in session.tracks]
    return mix(_located(session, assets), recordings, observer)


def _recording(session: Session, track: Track, stems: Path) -> Audio:
    """Read one track's excerpt with its lead-in and lead-out, at the session's rate."""
    path, rate = stems / track.file, session.sample_rate
    file_rate = audio.length(path)[1]
    lead_out = round(LEAD_OUT_S * rate)
    wanted = session.lead_in_samples + session.samples + lead_out
    if track.detune_cents:
        return _detuned(track, path, file_rate, session, wanted)
    early = session.lead_in_samples + track.delay_samples
    start = track.offset_samples - round(early * file_rate / rate)
    frames = -(-wanted * file_rate // rate)  # rounded up: the resampler needs all of them
    recording, _ = audio.read_padded(path, start, frames)
    return audio.resample(recording, file_rate, rate)[:, :wanted]


def _detuned(track: Track, path: Path, file_rate: int, session: Session, wanted: int) -> Audio:
    """Read an excerpt as a tape would play it at another speed, in time in its middle."""
    speed = 2 ** (track.detune_cents / 1200)
    middle = session.samples / 2
    first = middle - (session.lead_in_samples + middle + track.delay_samples) * speed
    start = track.offset_samples + round(first * file_rate / session.sample_rate)
    frames = math.ceil(wanted * speed * file_rate / session.sample_rate)
    recording, _ = audio.read_padded(path, start, frames)
    return audio.resample(recording, file_rate * speed, session.sample_rate)[:, :wanted]


def _located(session: Session, assets: Path) -> Session:
    """Return the session with all its chains' files looked for in ``assets``."""
    tracks = tuple(
        t.model_copy(update={"chains": tuple(c.located(assets) for c in t.chains)})
        for t in session.tracks
    )
    buses = tuple(b.model_copy(update={"chain": b.chain.located(assets)}) for b in session.buses)
    sends = tuple(s.model_copy(update={"chain": s.chain.located(assets)}) for s in session.sends)
    return session.model_copy(
        update={
            "tracks": tracks,
            "buses": buses,
            "sends": sends,
            "master": session.master.located(assets),
            "medium": session.medium.located(assets),
        }
    )
