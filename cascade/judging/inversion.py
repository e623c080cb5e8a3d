"""The oracle inversion: what is reached by who knows every effect, and is given the wet stem.

A sample is played again from its manifest row, each track as it left its chain, and the chain is
undone step by step: by the effect's inverse, or by dividing by its gain curve. What no oracle
undoes stays in. So it bounds what knowing the effects is worth, and shows what no inverse, but
only a model of music, can bring back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...audio import Audio, amplitude
from ...datasets.folder import locate
from ...datasets.render import render
from ...degradations import Chain, Gain, Keyed
from ...degradations.stages import Stage
from ...degradations.undoing import oracle_of, undone
from ...errors import WetdryError
from ...manifests.schema import manifest_schema
from ...manifests.tables import read_table, records
from ...mixing.loudness import integrated_lufs
from ...mixing.observing import Recorder
from ...mixing.panning import place
from ...mixing.sessions import Session, Track
from .cases import Sample

__all__ = ["Inversion", "undone_where_nearer"]

UNCHANGED = Gain(gain_db=0.0)
"""Ends every chain, so that the sound of one with no steps can be watched, too."""


@dataclass(frozen=True)
class Inversion:
    """The contestant ``oracle_inversion`` of a dataset.

    Parameters
    ----------
    rows : mapping of str to dict
        Of the manifest, by key.
    stems, assets : Path
        Where the inputs stand.
    refused : list of (str, str)
        Receives keys that could not be played again, and why.
    """

    rows: Mapping[str, dict[str, Any]]
    stems: Path
    assets: Path
    refused: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, data: Path, split: str) -> "Inversion":
        """Prepare to play a dataset's samples again.

        Raises
        ------
        ShardError
            If the stems are not where they were when the dataset was made.
        """
        table = read_table(data / "manifest.parquet", manifest_schema())
        rows = records(table[table["split"] == split])
        return cls({row["key"]: row for row in rows}, *locate(data, None, None))

    def __call__(self, sample: Sample) -> Mapping[str, Mapping[str, Audio]]:
        """Return the inverted stem of every class; no answer where the inputs are gone."""
        row = self.rows[sample.key]
        session = Session.from_row(row["session"])
        tracks = [
            _alone(track, made) for track, made in zip(session.tracks, row["tracks"], strict=True)
        ]
        recorder = Recorder()
        try:
            render(_without_mix(session, tracks), self.stems, self.assets, recorder)
        except WetdryError as error:
            self.refused.append((sample.key, str(error)))
            return {}
        stems: dict[str, Audio] = {}
        for number, (track, made) in enumerate(zip(session.tracks, row["tracks"], strict=True)):
            own = _placed(session, track, made, recorder.stages[f"track.{number}"])
            name = track.stem_class
            stems[name] = stems[name] + own if name in stems else own
        return {"oracle_inversion": {n: _levelled(stems.get(n), t) for n, t in sample.dry.items()}}


def _alone(track: Track, made: dict[str, Any]) -> Track:
    """Return a track with only the chain that was used, and nothing that refuses it."""
    chain = Chain((*track.chains[made["redraws"]].effects, UNCHANGED))
    return track.model_copy(
        update={"chains": (chain,), "destroyed_above_db": None, "inaudible_below": None}
    )


def _without_mix(session: Session, tracks: Sequence[Track]) -> Session:
    """Return a session whose tracks play, and in which nothing happens after them."""
    buses = tuple(bus.model_copy(update={"chain": Chain()}) for bus in session.buses)
    nothing = {"buses": buses, "sends": (), "taps": (), "master": Chain(), "medium": Chain()}
    return session.model_copy(update={"tracks": tuple(tracks), **nothing})


def _placed(session: Session, track: Track, made: dict[str, Any], stages: Sequence[Stage]) -> Audio:
    """Undo one track, and give it the level and the place of its dry target."""
    window = slice(session.lead_in_samples, session.lead_in_samples + session.samples)
    rate = session.sample_rate
    audio, opened = undone_where_nearer(stages, window, rate)
    kept = [place for place, effect in enumerate(made["effects"]) if effect["keep"]]
    for number in kept:
        if number in opened:  # it was undone to come to what lies before it, and belongs there
            audio = _again(stages[number], audio, rate)
    audio = audio[:, window]
    lufs, wanted = integrated_lufs(audio, rate), made["dry_lufs"]
    if np.isfinite(lufs) and wanted is not None and np.isfinite(wanted):
        audio = audio * np.float32(amplitude(wanted - lufs))
    return place(audio, track.pan if session.target == "placed" else 0.0)


def _again(stage: Stage, audio: Audio, sample_rate: int) -> Audio:
    """Do a step once more."""
    if isinstance(stage.effect, Keyed):
        return stage.effect.effect.keyed(audio, stage.heard, sample_rate)
    return stage.effect(audio, sample_rate)


def undone_where_nearer(
    stages: Sequence[Stage], window: slice, sample_rate: int
) -> tuple[Audio, set[int]]:
    """Undo the steps of a chain, last to first, each if that comes nearer to what it was given.

    An inverse raises what other steps have added, and may do more harm than good.

    Parameters
    ----------
    stages : sequence of Stage
    window : slice
        Where nearness is measured: the excerpt.
    sample_rate : int
        In Hz.

    Returns
    -------
    audio : float32 array, shape (channels, samples)
    opened : set of int
        Which steps were undone.
    """
    audio, opened = stages[-1].after, set[int]()
    for number in reversed(range(len(stages))):
        stage = stages[number]
        if oracle_of(stage.effect) == "none":
            continue
        try:
            back = undone([stage], audio, sample_rate)
        except WetdryError:  # numbers that only mathematics can undo
            continue
        wanted = stage.before[:, window]
        if np.isfinite(back).all() and _miss(back[:, window], wanted) <= _miss(
            audio[:, window], wanted
        ):
            audio, opened = back.astype(np.float32, copy=False), opened | {number}
    return audio, opened


def _miss(audio: Audio, wanted: Audio) -> float:
    """Return the share of some audio's energy that is not what is wanted, at its best level."""
    pair = np.broadcast_arrays(audio.astype(np.float64), wanted.astype(np.float64))
    own, other = (array.ravel() for array in pair)
    energy, shared = float(own @ own) * float(other @ other), float(own @ other)
    return 1.0 - shared**2 / energy if energy > 0 else 1.0


def _levelled(stem: Audio | None, target: Audio) -> Audio:
    """Bring a stem to the level at which it is nearest to the target: an oracle, too."""
    if stem is None:
        return np.zeros_like(target)
    energy = float(np.square(stem, dtype=np.float64).sum())
    shared = float(np.multiply(stem, target, dtype=np.float64).sum())
    return stem * np.float32(shared / energy if energy > 0 else 0.0)
