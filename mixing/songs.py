"""Songs: stems that were recorded together and lie on one time axis."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..audio import STEM_CLASSES
from ..errors import CatalogError

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["KEYS", "Music", "Song", "Stem", "songs_of"]

KEYS = ("C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")


@dataclass(frozen=True, slots=True)
class Music:
    """Beats and key of a song, as a scan found them in all its stems together.

    Parameters
    ----------
    tempo_bpm : float
        NaN where nothing repeats.
    tempo_confidence : float
        From 0 to 1.
    beats_s : tuple of float
        Where the beats lie, from the beginning of the files.
    tonic : int
        Pitch class, 0 (C) to 11; -1 where no pitch is heard.
    mode : {"major", "minor", ""}
    key_confidence : float
        From 0 to 1.
    tuning_cents : float
        Above A = 440 Hz.
    """

    tempo_bpm: float
    tempo_confidence: float
    beats_s: tuple[float, ...]
    tonic: int
    mode: str
    key_confidence: float
    tuning_cents: float

    @property
    def key(self) -> str:
        """Its name, such as ``"E flat minor"``; empty where no pitch is heard."""
        return f"{KEYS[self.tonic]} {self.mode}" if self.tonic >= 0 else ""


@dataclass(frozen=True)
class Stem:
    """One recorded track of a song, as the catalog knows it.

    Parameters
    ----------
    song : str
    stem_class : str
        One of `STEM_CLASSES`.
    file : str
        Posix path below the folder of stems.
    sample_rate : int
        In Hz.
    channels : int
        1 or 2.
    frames : int
        Length in samples per channel.
    loudness_lufs, peak_dbfs : float
        Of the whole file.
    activity_dbfs : tuple of float
        RMS of every whole second, over the channels.
    pitch_strength : float
        From 0 (noise, drums, speech) to 1 (every pitch on a semitone of one tuning).

    Raises
    ------
    CatalogError
        If the class is none of the eight or the length is none.
    """

    song: str
    stem_class: str
    file: str
    sample_rate: int
    channels: int
    frames: int
    loudness_lufs: float
    peak_dbfs: float
    activity_dbfs: tuple[float, ...]
    pitch_strength: float = field(default=1.0, repr=False)  # draws are addressed by the rest

    def __post_init__(self) -> None:
        """Refuse what is no stem of ours."""
        if self.stem_class not in STEM_CLASSES:
            raise CatalogError(
                f"{self.file}: wanted one of {', '.join(STEM_CLASSES)}, found {self.stem_class!r}"
            )
        if self.sample_rate <= 0 or self.frames <= 0 or self.channels not in (1, 2):
            raise CatalogError(
                f"{self.file}: wanted audio of one or two channels, found {self.channels} channels "
                f"of {self.frames} frames at {self.sample_rate} Hz; scan the folder again"
            )

    @cached_property
    def text(self) -> str:
        """All that is known of it, as :func:`repr` says it, made once."""
        return repr(self)


@dataclass(frozen=True, slots=True)
class Song:
    """Stems of one song: equally long, of one sample rate, each there once.

    Parameters
    ----------
    name : str
    stems : tuple of Stem
        At least one.
    music : Music or None
        None where the catalog is of a version that did not listen for it.

    Raises
    ------
    CatalogError
        If the stems cannot be mixed sample by sample.
    """

    name: str
    stems: tuple[Stem, ...]
    music: Music | None = None

    def __post_init__(self) -> None:
        """Refuse stems that do not fit together."""
        if not self.stems:
            raise CatalogError(
                f"{self.name}: wanted at least one stem, found none; remove the song"
            )
        for stem in self.stems:
            if (stem.sample_rate, stem.frames) != (self.sample_rate, self.frames):
                raise CatalogError(
                    f"{stem.file}: wanted {self.frames} frames at {self.sample_rate} Hz like "
                    f"{self.stems[0].file}, found {stem.frames} at {stem.sample_rate} Hz; "
                    "trim, pad or resample it"
                )
            if stem.song != self.name:
                raise CatalogError(
                    f"{stem.file}: wanted a stem of {self.name}, found one of {stem.song}; "
                    "look at the catalog"
                )
        files = [stem.file for stem in self.stems]
        if twice := {file for file in files if files.count(file) > 1}:
            raise CatalogError(
                f"{min(twice)}: wanted every stem of {self.name} once, found it "
                f"{files.count(min(twice))} times; scan the folder again"
            )

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return self.stems[0].sample_rate

    @property
    def frames(self) -> int:
        """Length of every stem, in samples per channel."""
        return self.stems[0].frames

    @property
    def seconds(self) -> float:
        """Length of the song."""
        return self.frames / self.sample_rate

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that the song has stems of, in the order of `STEM_CLASSES`."""
        there = {stem.stem_class for stem in self.stems}
        return tuple(name for name in STEM_CLASSES if name in there)


def songs_of(catalog: "DataFrame") -> dict[str, Song]:
    """Gather the good stems of a catalog into songs.

    Parameters
    ----------
    catalog : pandas.DataFrame
        From `wetdry.datasets.scan`; rows with a fault are left out.

    Returns
    -------
    dict of str to Song
        In the order of their names; within a song by class and file.

    Raises
    ------
    CatalogError
        If the stems of a song do not fit together.
    """
    stems: dict[str, list[Stem]] = {}
    music: dict[str, Music | None] = {}
    for row in catalog[catalog["fault"].isna()].to_dict("records"):
        stem = _stem(row)
        stems.setdefault(stem.song, []).append(stem)
        if stem.song not in music:  # the same in every row of a song
            music[stem.song] = _music(row) if "beats_s" in row else None
    return {
        name: Song(name, tuple(sorted(stems[name], key=_place_in_song)), music[name])
        for name in sorted(stems)
    }


def _place_in_song(stem: Stem) -> tuple[int, str]:
    return STEM_CLASSES.index(stem.stem_class), stem.file


def _stem(row: Mapping[Hashable, Any]) -> Stem:
    """Make a stem of a row; pandas and Parquet hand out numpy numbers and arrays."""
    return Stem(
        song=str(row["song"]),
        stem_class=str(row["stem_class"]),
        file=str(row["file"]),
        sample_rate=int(row["sample_rate"]),
        channels=int(row["channels"]),
        frames=int(row["frames"]),
        loudness_lufs=float(row["loudness_lufs"]),
        peak_dbfs=float(row["peak_dbfs"]),
        activity_dbfs=tuple(float(level) for level in row["activity_dbfs"]),
        pitch_strength=float(row.get("pitch_strength", 1.0)),
    )


def _music(row: Mapping[Hashable, Any]) -> Music:
    return Music(
        tempo_bpm=float(row["tempo_bpm"]),
        tempo_confidence=float(row["tempo_confidence"]),
        beats_s=tuple(float(beat) for beat in row["beats_s"]),
        tonic=int(row["tonic"]),
        mode=str(row["mode"]),
        key_confidence=float(row["key_confidence"]),
        tuning_cents=float(row["tuning_cents"]),
    )
