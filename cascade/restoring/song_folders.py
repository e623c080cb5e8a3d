"""Restoration of many songs: files and folders of them, each song by itself."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ...audio import SUFFIXES
from ...errors import AudioError, UsageError
from ...manifests.files import write_atomically
from ..effect_labels import Effects
from .dial import FAITHFUL, checked_dial
from .files import restore_file
from .heard_labels import HeardLabels, song_table
from .restoration import Restorer

__all__ = ["restore_songs"]


def restore_songs(
    run: Path,
    songs: Sequence[Path],
    out: Path,
    *,
    residual: bool = False,
    dial: float = FAITHFUL,
    student: bool = False,
    effects: Effects | None = None,
    labels: Path | None = None,
    device: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, str]]:
    """Restore songs one after the other; one that cannot be read does not stop the others.

    Parameters
    ----------
    run : Path
        A complete run of `train`.
    songs : sequence of Path
        Audio files, and folders in which every audio file is a song.
    out : Path
        Receives a folder for each song, as `restore_file` writes it; songs of a folder keep
        their place below it. What lies in it is no song of a folder above it.
    residual : bool
        Also write what is in no stem.
    dial : float
        From faithful (1) to plausible (0), as of `restore_file`.
    student : bool
        Whether the run's student restores, in place of both stages.
    effects : mapping of str to collection of str, optional
        What was done to all of the songs, for a run that is told effects (`Restorer.restore`).
    labels : Path, optional
        Receives as CSV what a run that predicts effects says: ``song, stem_class, label,
        probability``; songs as their folders below ``out``.
    device : str, optional
        "cpu", "cuda", ...; a GPU if there is one.
    progress : callable, optional
        Told frames done and all frames, of all songs.

    Returns
    -------
    list of dict
        Songs that were set aside: ``what``, ``reason``, ``cure``.

    Raises
    ------
    CheckpointError
        If the run cannot be loaded, or has no student where that is asked for.
    UsageError
        If there is no song, two would share a folder, a folder of songs is where stems go, a
        student should be dialled, or the run knows no such effects.
    """
    checked_dial(dial)
    places = _places(songs, out)
    restorer = Restorer.load(run, device, student=student)
    restorer.checked_dial(dial)
    restorer.check(effects, labels is not None)
    found: dict[str, HeardLabels] = {}
    lengths = {song: _frames(song) for song in places}
    total, done, set_aside = sum(lengths.values()), 0, []
    tell = progress or (lambda done, total: None)
    for song, place in places.items():

        def heard(frames: int, of: int, before: int = done) -> None:
            tell(before + frames, total)

        said = None if labels is None else HeardLabels()
        try:
            restore_file(
                restorer, song, out / place.parent, residual=residual, dial=dial,
                effects=effects, heard=said, progress=heard,
            )  # fmt: skip
            if said is not None:
                found[place.as_posix()] = said
        except AudioError as error:
            reason, _, cure = str(error).rpartition("; ")
            set_aside.append({"what": str(song), "reason": reason, "cure": cure})
        done += lengths[song]
    if labels is not None and restorer.labels is not None:
        table = song_table(found, restorer.labels)
        write_atomically(labels, table.to_csv(index=False, float_format="%.4f").encode())
    return set_aside


def _places(songs: Sequence[Path], out: Path) -> dict[Path, Path]:
    """Return where each song's folder goes below ``out``."""
    places = dict(_found(songs, out))
    taken: dict[Path, Path] = {}
    for song, place in places.items():
        if place in taken:
            raise UsageError(
                f"restore: {song} and {taken[place]} would both be written to {place}; "
                "rename one, or restore them into two folders"
            )
        taken[place] = song
    return places


def _found(songs: Sequence[Path], out: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each song and its place; folders are searched to their ends, but not what is made."""
    made = out.resolve()
    for song in songs:
        if not song.is_dir():
            yield song, Path(song.stem)
            continue
        if song.resolve() == made:
            raise UsageError(
                f"{out}: wanted a folder for stems, found songs in it, and the next run would take "
                "stems for songs; choose another --out"
            )
        files = [p for p in sorted(song.rglob("*")) if p.suffix.lower() in SUFFIXES and p.is_file()]
        files = [p for p in files if not p.name.startswith(".")]
        if made.is_relative_to(song.resolve()):
            files = [p for p in files if not p.resolve().is_relative_to(made)]
        if not files:
            raise UsageError(
                f"{song}: wanted songs ({', '.join(sorted(SUFFIXES))}), found none; "
                "name a file or another folder"
            )
        for path in files:
            yield path, path.relative_to(song).with_suffix("")


def _frames(song: Path) -> int:
    """Return a song's length for the progress bar; reading it tells what is wrong with it."""
    import soundfile

    with suppress(soundfile.LibsndfileError):
        return max(int(soundfile.info(song).frames), 0)
    return 0
