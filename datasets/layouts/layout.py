"""What a layout is: the marks of a tree, where its stems lie, and what it calls the classes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .tree import Found, shown

__all__ = ["Instruments", "Layout", "Source", "Verdict", "source", "spoken"]


@dataclass(frozen=True, slots=True)
class Source:
    """One file or folder that was found, and where it belongs.

    Parameters
    ----------
    song, stem_class : str
        The class is empty where ``fault`` tells why there is none.
    file : str
        Posix path below the folder of stems; with a fault, what cannot be printed is escaped.
    fault : str or None
        Why it is set aside: "reason; cure".
    split : str
        What the dataset itself calls the part that the song belongs to; else empty.
    licence : str
        Under which the dataset or the song stands; empty if nothing tells.
    """

    song: str
    stem_class: str
    file: str
    fault: str | None = None
    split: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file is said to be: a class, or the reason why it has none."""

    stem_class: str = ""
    fault: str | None = None


@dataclass(frozen=True)
class Layout:
    """One way in which folders of stems are laid out.

    Parameters
    ----------
    name : str
        As ``--layout`` takes it.
    shape : str
        As a message shows it.
    bears_marks : callable
        Tells whether a folder shows what only this layout has.
    find : callable
        Yields the sources below a folder.
    licence : str
        Of the dataset, if the layout belongs to one.
    """

    name: str
    shape: str
    bears_marks: Callable[[Path], bool]
    find: Callable[[Path], Iterator[Source]]
    licence: str = ""


@dataclass(frozen=True)
class Instruments:
    """A dataset's names for instruments, each in one class or set aside for one reason.

    Parameters
    ----------
    classes : dict of str to str
        Class to names, joined by " | ".
    aside : dict of str to str
        "reason; cure" to names, joined by " | ".
    """

    classes: Mapping[str, str]
    aside: Mapping[str, str]
    _verdicts: dict[str, Verdict] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Turn the tables round."""
        for known, names in self.classes.items():
            self._verdicts.update((plain(name), Verdict(known)) for name in names.split("|"))
        for reason, names in self.aside.items():
            self._verdicts.update(
                (plain(name), Verdict("", f"is {name.strip()}, {reason}"))
                for name in names.split("|")
            )

    def find(self, name: str) -> Verdict | None:
        """Return what a name stands for, or None if it is not known."""
        return self._verdicts.get(plain(name))

    def judge(self, name: str) -> Verdict:
        """Return what a name stands for; an unknown one is set aside."""
        unknown = f"is in no class that is known ({spoken(name)}); move it to a folder of its class"
        return self.find(name) or Verdict("", unknown)


def plain(name: str) -> str:
    """Return a name as tables hold it: small, with single blanks."""
    return " ".join(name.replace("_", " ").casefold().split())


def spoken(name: str) -> str:
    """Return a name out of somebody's metadata, as a message can bear it."""
    return shown(name[:60])


def source(found: Found, song: str, verdict: Verdict, split: str = "") -> Source:
    """Make a source of what was found; the fault of the file goes before that of its class."""
    fault = found.fault or verdict.fault
    file = "/".join(found.parts)
    if fault:
        return Source(shown(song), "", shown(file), fault, shown(split))
    return Source(song, verdict.stem_class, file, None, split)
