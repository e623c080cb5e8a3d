"""Released mixes: which files of a folder are mixes, which are stems of songs; their excerpts.

A file is a stem if it lies as ``<song>/<Class>/<name>.wav``, or beside another as
``<song>/<Class>.wav``, at any depth; all other audio is a mix. Excerpts are read one at a time,
so that memory is constant.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ... import audio
from ...audio import STEM_CLASSES, SUFFIXES, Audio
from ...errors import AudioError, CatalogError
from ...mixing.mix_features import class_balances, mix_features
from ...seeds import stream
from ..layouts.class_names import class_of, unknown
from ..layouts.tree import UNREADABLE

__all__ = ["Found", "Passage", "fault", "find_released", "measure_passage", "once", "passages"]

MIX_NAMES = ("mix", "master")
"""How the name of a mix begins that lies beside stems which are files of its own folder."""

Files = tuple[tuple[str, str], ...]
"""Class and name of each file; the class is empty for a mix."""


@dataclass
class Found:
    """What a folder holds.

    Parameters
    ----------
    mixes : list of str
        Posix paths below the folder.
    songs : dict of str to dict of str to str
        Class of each stem, by its path, for each song.
    set_aside : list of dict
        ``what``, ``reason`` and ``cure`` of what is neither.
    """

    mixes: list[str] = field(default_factory=list)
    songs: dict[str, dict[str, str]] = field(default_factory=dict)
    set_aside: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Passage:
    """An excerpt to be measured.

    Parameters
    ----------
    half : {0, 1}
        0 is fitted to, 1 is held out.
    name : str
        Of the mix or the song.
    folder : Path
    files : tuple of (str, str)
        Class and path below the folder; a mix has one file, and no class.
    start_s, seconds : float
    sample_rate : int
        At which it is measured.
    """

    half: int
    name: str
    folder: Path
    files: Files
    start_s: float
    seconds: float
    sample_rate: int


def find_released(folder: Path) -> Found:
    """Find the mixes below a folder, and the songs whose stems lie there too.

    Raises
    ------
    CatalogError
        If the folder is not there.
    """
    if not folder.is_dir():
        raise CatalogError(
            f"{folder}: wanted a folder of released mixes, found none; look at the path"
        )
    found, rest = Found(), []
    for parts in _audio_files(folder):
        file = "/".join(parts)
        if Path(file).suffix.lower() in UNREADABLE:
            _put_aside(found, file, "is audio that is not read here", "convert it to .wav or .flac")
        elif place := _stem_place(parts):
            song, name = place
            found.songs.setdefault(song, {})[file] = name
        else:
            rest.append(parts)
    for song, files in list(found.songs.items()):
        if len(files) == 1 and _is_flat(song, only := next(iter(files))):
            del found.songs[song]  # a mix that is called Drums is no song of one stem
            rest.append(tuple(only.split("/")))
    flat = {song for song, files in found.songs.items() if any(_is_flat(song, f) for f in files)}
    for parts in sorted(rest):
        _sort_out(found, flat, parts)
    return found


def _audio_files(folder: Path) -> list[tuple[str, ...]]:
    """List audio files in the order of their names; what is hidden is passed over."""
    files = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        above = Path(place).relative_to(folder).parts
        wanted = (name for name in names if name.lower().endswith(SUFFIXES + UNREADABLE))
        files += [(*above, name) for name in wanted if not name.startswith(".")]
    return sorted(files)


def _stem_place(parts: tuple[str, ...]) -> tuple[str, str] | None:
    """Return song and class of a stem; None of what is no stem."""
    depths = ((-2, parts[-2:-1]), (-3, parts[-3:-1]), (-1, (Path(parts[-1]).stem,)))
    for depth, names in depths:
        name = class_of("_".join(names)) if len(parts) + depth > 0 and names else None
        if name:
            return "/".join(parts[:depth]), name
    return None


def _is_flat(song: str, file: str) -> bool:
    """Tell whether a stem is a file of its song's own folder."""
    return Path(file).parent.as_posix() == song


def _sort_out(found: Found, flat: set[str], parts: tuple[str, ...]) -> None:
    """Take what is no stem for a mix, unless it lies among the stems of a song."""
    file, own = "/".join(parts), "/".join(parts[:-1])
    if own in flat and not parts[-1].casefold().startswith(MIX_NAMES):
        reason = "lies beside stems and names no class"
        _put_aside(found, file, reason, "begin its name with mix or master if it is one")
        return
    above = ("/".join(parts[:depth]) for depth in range(1, len(parts) - 1))
    if song := next((place for place in above if place in found.songs), None):
        reason, _, cure = unknown(parts[song.count("/") + 1]).rpartition("; ")
        _put_aside(found, file, reason, cure)
        return
    if len(parts) == 2 and class_of(own):
        _put_aside(found, file, "lies in a class, but in no song", "name the folder above the song")
        return
    found.mixes.append(file)


def _put_aside(found: Found, what: str, reason: str, cure: str) -> None:
    found.set_aside.append({"what": what, "reason": reason, "cure": cure})


def passages(
    folder: Path,
    items: Mapping[str, Files],
    *,
    count: int,
    seconds: float,
    sample_rate: int,
    seed: int,
) -> tuple[list[Passage], list[dict[str, str]]]:
    """Choose excerpts of mixes or songs, in two halves that share no mix and no song.

    At most ``count`` in each half, from as many of them as there are; those of one lie in
    equal parts of it, at random places.

    Parameters
    ----------
    folder : Path
    items : mapping of str to Files
        The files of each mix or song, by its name.
    count : int
    seconds : float
    sample_rate, seed : int

    Returns
    -------
    passages : list of Passage
    set_aside : list of dict
        ``what``, ``reason``, ``cure`` of what is too short, of too low a rate or unreadable.
    """
    order = sorted(items, key=lambda name: stream(seed, "fit", "order", name).random())
    lasting: dict[str, float] = {}
    set_aside = []
    for name in order:
        try:
            lasting[name] = _seconds(folder, items[name], seconds, sample_rate)
        except AudioError as error:
            set_aside.append(fault(name, str(error), folder))
    halves = [list(lasting)[i::2] for i in (0, 1)] if len(lasting) > 1 else [list(lasting)]
    chosen = [
        Passage(half, name, folder, items[name], start_s, seconds, sample_rate)
        for half, names in enumerate(halves)
        for name in names[:count]
        for start_s in _starts(name, lasting[name], seconds, -(-count // len(names)), seed)
    ]
    if len(halves) == 1:  # a lone mix is halved in time
        first = len(chosen) // 2
        chosen = chosen[:first] + [replace(late, half=1) for late in chosen[first:]]
    return chosen, set_aside


def _seconds(folder: Path, files: Files, seconds: float, sample_rate: int) -> float:
    """Return how long a mix or song lasts, or refuse it."""
    longest = 0.0
    for name, file in files:
        frames, rate = audio.length(folder / file)
        if rate < sample_rate and not name:  # a mix has its highest octaves measured
            raise AudioError(
                f"{folder / file}: has {rate} Hz where {sample_rate} are measured; "
                f"give --sample-rate {rate}"
            )
        longest = max(longest, frames / rate)
    if longest < seconds:
        raise AudioError(
            f"{folder / files[0][1]}: lasts {longest:.4g} s where {seconds:g} are measured; "
            "give fewer --seconds"
        )
    return longest


def _starts(name: str, lasts_s: float, seconds: float, wanted: int, seed: int) -> list[float]:
    """Return where excerpts begin that do not overlap."""
    count = max(1, min(wanted, int(lasts_s // seconds)))
    room = lasts_s / count - seconds
    places = stream(seed, "fit", "places", name).random(count)
    return [i * lasts_s / count + room * float(place) for i, place in enumerate(places)]


def measure_passage(passage: Passage) -> dict[str, float]:
    """Measure an excerpt: the features of a mix, or the balance of a song's classes.

    Raises
    ------
    AudioError
        If it cannot be read, is mono or silent.
    """
    if passage.files[0][0] == "":
        return mix_features(_read(passage, passage.files[0][1]), passage.sample_rate)
    stems: dict[str, Audio] = {}
    for name in STEM_CLASSES:
        own = [_read(passage, file) for of, file in passage.files if of == name]
        if own:
            stems[name] = np.sum([np.broadcast_to(a, (2, a.shape[1])) for a in own], axis=0)
    balances = class_balances(stems, passage.sample_rate)
    return {f"{name}_over_mix_db": db for name, db in balances.items()}


def _read(passage: Passage, file: str) -> Audio:
    """Read an excerpt of one file; silence past its end."""
    path, wanted = passage.folder / file, round(passage.seconds * passage.sample_rate)
    length, rate = audio.length(path)
    start, frames = round(passage.start_s * rate), round(passage.seconds * rate)
    if start >= length:
        return np.zeros((1, wanted), np.float32)
    excerpt, _ = audio.read_padded(path, start, frames)
    resampled = audio.resample(excerpt, rate, passage.sample_rate)[:, :wanted]
    return np.pad(resampled, ((0, 0), (0, wanted - resampled.shape[1])))


def fault(what: str, message: str, folder: Path) -> dict[str, str]:
    """Return an error about a file as what is set aside, without the path of a machine."""
    plain = message.replace(f"{folder}/", "").removeprefix(f"{what}: ")
    reason, _, cure = plain.rpartition("; ")
    return {"what": what, "reason": reason or cure, "cure": cure if reason else "export it again"}


def once(set_aside: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return what was set aside, each reason of each file once."""
    return list({(entry["what"], entry["reason"]): entry for entry in set_aside}.values())
