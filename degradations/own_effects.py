"""Effects of one's own: from a file that the user names, or from an installed package.

A file is code, and code is run only when its user asks for it: by :func:`use_effects`, by
``--effects``, or by installing a package with an entry point of the group ``wetdry.effects``
that names a module. Packages are looked for when an effect is not known otherwise.
"""

import re
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import import_module
from inspect import isabstract
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ..errors import RecipeError, UsageError
from .blame import blamed
from .effect import Effect, NameTaken, did_you_mean, is_house

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = [
    "Origin",
    "broken_packages",
    "find_installed",
    "origin_of",
    "unknown",
    "use_effects",
    "use_origin",
]

GROUP = "wetdry.effects"


@dataclass(frozen=True)
class Origin:
    """Where an effect comes from that is not the house's.

    Parameters
    ----------
    name, version : str
        Of a file its name and sha256, of a package its name and version.
    path : Path or None
        Where the file stands on this machine; None for a package.
    """

    name: str
    version: str
    path: Path | None = field(default=None, compare=False)

    def record(self) -> dict[str, str]:
        """Return what a dataset says of it."""
        if self.path is None:
            return {"package": self.name, "version": self.version}
        return {"file": self.name, "sha256": self.version}


@dataclass(frozen=True)
class _Used:
    """A file that was run, and the effects that it declares."""

    origin: Origin
    effects: tuple[type[Effect], ...]


USED: dict[Path, _Used] = {}
BROKEN: dict[str, str] = {}
"""Installed packages whose effects cannot be had, and why."""
CONTESTED: dict[str, str] = {}
"""Names that several packages give to an effect, and what was said when that was found."""


def use_effects(file: str | Path) -> tuple[type[Effect], ...]:
    """Run a Python file and make the effects that it declares known by their names.

    Once is enough; a file that was changed since is run again, and its effects replaced.

    Parameters
    ----------
    file : str or Path
        It may import what is installed. What it needs from other files of its own belongs
        into a package: a dataset notes the digest of this file alone.

    Returns
    -------
    tuple of effect classes
        In the order of the file.

    Raises
    ------
    UsageError
        If there is no such file, it fails, it declares no effect, or one whose name is taken.
    """
    path = Path(file).resolve()
    source = _source(path, file)
    digest = sha256(source).hexdigest()
    known = next((u.effects for u in USED.values() if u.origin.version == digest), None)
    if known is None:
        with _all_or_nothing():
            _forget(path)
            known = _run(path, source, file)
    USED.pop(path, None)  # the latest stands last
    USED[path] = _Used(Origin(path.name, digest, path), known)
    return known


def use_origin(origin: Origin) -> None:
    """Make an effect known that another process knows, from the same bytes.

    Raises
    ------
    UsageError
        If the file has changed meanwhile.
    """
    if origin.path is None or any(used.origin == origin for used in USED.values()):
        return
    found = sha256(_source(origin.path, origin.name)).hexdigest()
    if found != origin.version:
        raise UsageError(
            f"{origin.name}: wanted sha256 {origin.version}, found {found}: it was changed "
            "while it was in use; put it back"
        )
    use_effects(origin.path)


def _forget(path: Path) -> None:
    """Take the effects of a file out of the registry."""
    if path not in USED:
        return
    effects = USED[path].effects
    for other in [place for place, used in USED.items() if used.effects == effects]:
        del USED[other]
    for effect in effects:
        Effect.kinds.pop(effect.kind, None)


def _source(path: Path, file: str | Path) -> bytes:
    """Read a file of Python."""
    if path.suffix != ".py" or not path.is_file():
        found = "something else" if path.exists() else "nothing there"
        raise UsageError(f"{file}: wanted a Python file (.py), found {found}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None


def _run(path: Path, source: bytes, file: str | Path) -> tuple[type[Effect], ...]:
    """Run a file as a module of its own, and return the effects that it declares."""
    name = f"{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # annotations are resolved through it
    try:
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
        effects = tuple(e for e in Effect.kinds.values() if e.__module__ == name)
        _check_declared(effects, file)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        if isinstance(error, UsageError):
            raise
        told = blamed(error, str(path))
        there = told.startswith(f"{path.name}:")
        raise UsageError(f"{file}{told[len(path.name) :] if there else f': {told}'}") from None
    return effects


def _check_declared(effects: tuple[type[Effect], ...], file: str | Path) -> None:
    """Refuse effects that could not be used from YAML, and a file that has none."""
    from .language.parsing import RESERVED  # it stands upon this module

    if not effects:
        raise UsageError(
            f"{file}: wanted effects that are declared there, such as "
            "'class Wobble(Effect, kind=\"wobble\")', found none"
        )
    for effect in effects:
        effect.model_rebuild()  # fails where an annotation names nothing
        if isabstract(effect):
            missing = ", ".join(sorted(effect.__abstractmethods__))
            raise UsageError(f"{file}: {effect.__name__}: wanted a method {missing}(), found none")
        if not re.fullmatch("[a-z][a-z0-9_]*", effect.kind) or effect.kind in RESERVED:
            raise UsageError(
                f"{file}: {effect.__name__}: wanted a kind of small letters, digits and _ that is "
                f"no word of recipes ({', '.join(RESERVED)}), found {effect.kind!r}"
            )


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """Leave the registry as it was if code that should add to it fails."""
    kinds, used = dict(Effect.kinds), dict(USED)
    try:
        yield
    except BaseException:
        for registry, before in ((Effect.kinds, kinds), (USED, used)):
            registry.clear()
            registry.update(before)  # type: ignore[arg-type]
        raise


def find_installed(kind: str | None = None) -> None:
    """Make the effects of installed packages known; the first call imports them.

    Raises
    ------
    RecipeError
        If several packages have an effect named ``kind``.
    """
    _import_packages()
    if kind in CONTESTED:
        raise RecipeError(f"{CONTESTED[kind]}; uninstall one of them")


@cache
def _import_packages() -> None:
    """Import the modules that installed packages name; note those that fail."""
    for entry in _entries():
        label = " ".join(_package(entry))
        try:
            with _all_or_nothing():
                import_module(entry.module)
        except (Exception, SystemExit) as error:
            BROKEN[label] = blamed(error, getattr(sys.modules.get(entry.module), "__file__", None))
            if isinstance(error, NameTaken) and not is_house(Effect.kinds[error.kind]):
                CONTESTED[error.kind] = f"{label}: {error}"


def _entries() -> list["EntryPoint"]:
    """Return the entry points of the group, in an order that does not depend on the machine."""
    from importlib.metadata import entry_points

    return sorted(entry_points(group=GROUP), key=lambda entry: (*_package(entry), entry.name))


def _package(entry: "EntryPoint") -> tuple[str, str]:
    """Return name and version of the package that an entry point belongs to."""
    return (entry.dist.name, entry.dist.version) if entry.dist else (entry.module, "")


def broken_packages() -> dict[str, str]:
    """Return the installed packages whose effects cannot be had, and why."""
    find_installed()
    return dict(BROKEN)


def origin_of(effect: type[Effect]) -> Origin | None:
    """Return where an effect comes from; None if it is the house's own.

    Raises
    ------
    UsageError
        If it is neither of a file that was named nor of an installed package: nobody could
        find it again.
    """
    if is_house(effect):
        return None
    for used in reversed(USED.values()):
        if effect in used.effects:
            return used.origin
    package = effect.__module__.partition(".")[0]
    for entry in _entries():
        if entry.module.partition(".")[0] == package:
            return Origin(*_package(entry))
    raise UsageError(
        f"effect {effect.kind!r}: wanted a file named by use_effects or --effects, or an "
        f"installed package with an entry point of {GROUP}, found a class of "
        f"{effect.__module__}; move it to a file of its own"
    )


def unknown(kind: str, others: Collection[str] = ()) -> str:
    """Return what to do about a name that is no effect's.

    Parameters
    ----------
    kind : str
        The name that was found.
    others : collection of str
        What could have been meant beside effects.
    """
    hint = did_you_mean(kind, [*Effect.kinds, *others])
    said = [f"{hint} (one of your own needs --effects FILE.py)"]
    said += [f"effects of {package} are broken: {why}" for package, why in BROKEN.items()]
    return "; ".join(said)
