"""Folders of estimates, as systems, benchmarks and challenges lay them out.

::

    <Class>/<name>.flac, also in folders below      MSRBench, and what its kit's inference writes
    <class>/<name>.wav                              the challenge's submissions
    <name>/<class>.wav                              what 'wetdry restore' writes

An estimate bears the name of the mixture that it was made from. Classes go by the names of
docs/sources.md, in any case.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...audio import Audio, length, read
from ...datasets.layouts.class_names import class_of
from ...datasets.layouts.tree import root_of, walk
from ...errors import AudioError, UsageError
from .cases import Contestant, Sample

__all__ = ["Entries", "Name", "Shape", "audio_files", "entries_for", "shape_of", "skip"]

Name = tuple[str, str]
"""Class and name of a stem."""

Shape = tuple[int, int, int]
"""Samples, rate in Hz and channels of a file."""


@dataclass(frozen=True)
class Entries:
    """The estimates of several systems that can be judged.

    Parameters
    ----------
    files : mapping of str to mapping of (str, str) to Path
        By system, class and key.
    left_out : frozenset of (str, str)
        Stems that some system lacks.
    """

    files: Mapping[str, Mapping[Name, Path]]
    left_out: frozenset[Name]

    def contestant(self) -> Contestant:
        """Return all systems as one contestant."""

        def answer(sample: Sample) -> Mapping[str, Mapping[str, Audio]]:
            return {
                system: {
                    stem_class: read(own[stem_class, sample.key])[0]
                    for stem_class in sample.dry
                    if (stem_class, sample.key) in own
                }
                for system, own in self.files.items()
            }

        return answer


def skip(system: str, stem_class: str, key: str, reason: str) -> dict[str, str]:
    """Return a line of what is skipped."""
    return {"system": system, "stem_class": stem_class, "key": key, "reason": reason}


def audio_files(folder: Path, system: str, skipped: list[dict[str, str]]) -> dict[Name, Path]:
    """Return the audio files of a folder by class and name.

    Parameters
    ----------
    folder : Path
    system : str
        Whose it is, for ``skipped``.
    skipped : list of dict
        Receives what belongs to no class.

    Raises
    ------
    CatalogError
        If it is no folder.
    AudioError
        If two files stand for one stem.
    """
    root = root_of(folder)
    found: dict[Name, Path] = {}
    for entry in walk(root):
        path = root.joinpath(*entry.parts)
        by_folder, by_name = class_of(entry.parts[0]), class_of(path.stem)
        stem_class = (by_folder or by_name or "") if len(entry.parts) > 1 else ""
        name = (stem_class, path.stem if by_folder else path.parent.name)
        if reason := entry.fault or ("" if stem_class else "is in no folder of a class"):
            skipped.append(skip(system, "", "/".join(entry.parts), reason))
        elif name in found:
            raise AudioError(
                f"{path}: wanted one file for {stem_class} {name[1]}, found {found[name]} beside "
                "it; remove one of them"
            )
        else:
            found[name] = path
    return found


def shape_of(path: Path) -> Shape:
    """Return how many samples a file has, at which rate and in how many channels.

    Raises
    ------
    AudioError
        If it is no audio.
    """
    return (*length(path), len(read(path, 0, 1)[0]))


def entries_for(
    wanted: Mapping[Name, Shape],
    found: Mapping[str, Mapping[Name, Path]],
    skipped: list[dict[str, str]],
    passed_over: Collection[Name] = (),
) -> Entries:
    """Match estimates with the stems that are wanted, and look at every header at once.

    A class in which a system has no file at all is one that it does not restore. A stem that a
    system lacks in a class that it does restore is left out for all systems alike: a mean without
    it would flatter.

    Parameters
    ----------
    wanted : mapping of (str, str) to Shape
        By class and key.
    found : mapping of str to mapping of (str, str) to Path
        By system, class and key.
    skipped : list of dict
        Receives estimates of what is not wanted, and what is left out.
    passed_over : collection of (str, str)
        Stems that are silent: an estimate of them is neither wanted nor amiss.

    Raises
    ------
    AudioError
        If the shape of an estimate is not the one that is wanted.
    UsageError
        If a system has nothing that is wanted.
    """
    files: dict[str, dict[Name, Path]] = {}
    left_out: set[Name] = set()
    for system, own in found.items():
        files[system] = {name: path for name, path in own.items() if name in wanted}
        if not files[system]:
            example = "/".join(next(iter(wanted)))
            raise UsageError(f"{system}: wanted estimates such as {example}, found none")
        strange = [name for name in own if name not in wanted and name not in passed_over]
        skipped += [skip(system, *name, "has no target of that name") for name in strange]
        classes = {stem_class for stem_class, _ in files[system]}
        lacking = [name for name in wanted if name[0] in classes and name not in own]
        skipped += [skip(system, *name, "no estimate; out for all systems") for name in lacking]
        left_out.update(lacking)
    for own in files.values():
        for name, path in own.items():
            _check(path, wanted[name])
    return Entries(files, frozenset(left_out))


def _check(path: Path, wanted: Shape) -> None:
    """Refuse a file that cannot be compared."""
    found = shape_of(path)
    if found != wanted:
        told = ["{} samples at {} Hz in {} channels".format(*shape) for shape in (wanted, found)]
        raise AudioError(
            f"{path}: wanted the target's {told[0]}, found {told[1]}; resample, trim or pad it"
        )
