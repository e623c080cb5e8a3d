"""Render: from a session and a folder of stems to audio; a pure function of both."""

import math
from pathlib import Path

from .. import audio
from ..audio import Audio
from ..degradations.dsp.phase_vocoder import stretched
from ..mixing.mixdown import LEAD_OUT_S, Mix, mix
from ..mixing.observing import UNSEEN, Observer
from ..mixing.sessions import Session, Track

__all__ = ["render"]

MARGIN_S = 0.1
"""Stretched beside what is kept: a phase vocoder's first frames know nothing of before."""


def render(
    session: Session,
    stems: Path,
    assets: Path,
    observer: Observer = UNSEEN,
    *,
    lags: bool = True,
) -> Mix:
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
    lags : bool
        As :func:`wetdry.mixing.mix` takes it.

    Returns
    -------
    Mix

    Raises
    ------
    AudioError, AssetError
        If a file is gone or no longer what it was, or a chain makes nonsense of it.
    """
    recordings = [_recording(session, track, stems) for track in session.tracks]
    return mix(_located(session, assets), recordings, observer, lags=lags)


def _recording(session: Session, track: Track, stems: Path) -> Audio:
    """Read one track's excerpt with its lead-in and lead-out, at the session's rate."""
    path, rate = stems / track.file, session.sample_rate
    file_rate = audio.length(path)[1]
    lead_out = round(LEAD_OUT_S * rate)
    wanted = session.lead_in_samples + session.samples + lead_out
    if track.detune_cents or track.tempo_ratio != 1 or track.transpose_semitones:
        return _moved(track, path, file_rate, session, wanted)
    early = session.lead_in_samples + track.delay_samples
    start = track.offset_samples - round(early * file_rate / rate)
    frames = -(-wanted * file_rate // rate)  # rounded up: the resampler needs all of them
    recording, _ = audio.read_padded(path, start, frames)
    return audio.resample(recording, file_rate, rate)[:, :wanted]


def _moved(track: Track, path: Path, file_rate: int, session: Session, wanted: int) -> Audio:
    """Read an excerpt as it is played at another tempo, in another key, or out of tune.

    A double's tape runs at a speed of its own, in time in the middle of the excerpt; a
    matched track is resampled to its pitch and stretched from there to its tempo.
    """
    rate = session.sample_rate
    tape = 2 ** (track.detune_cents / 1200)
    speed, pitch = tape * track.tempo_ratio, tape * 2 ** (track.transpose_semitones / 12)
    factor = pitch / speed
    margin = round(MARGIN_S * rate) if factor != 1 else 0
    middle = session.samples / 2
    first = middle - (session.lead_in_samples + margin + middle + track.delay_samples) * tape
    start = track.offset_samples + round(first * track.tempo_ratio * file_rate / rate)
    frames = math.ceil((wanted + 2 * margin) * speed * file_rate / rate)
    recording, _ = audio.read_padded(path, start, frames)
    played = audio.resample(recording, file_rate * pitch, rate)
    if factor != 1:
        played = stretched(played, factor, margin + wanted, rate)
    return played[:, margin : margin + wanted]


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
