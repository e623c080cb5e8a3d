"""The allow-list: which plugins a user lets wetdry run, in his own configuration and nowhere else.

``plugins.yaml`` in ``$WETDRY_CONFIG``, else in ``$XDG_CONFIG_HOME/wetdry``, else in
``~/.config/wetdry``::

    tape: {path: /usr/lib/vst3/Tape.vst3}
    channel_strip:
      path: ~/.vst3/Bundle.vst3
      plugin_name: Channel Strip      # where a bundle holds several
      sha256: 5f3c...                 # refuse any other build
      timeout_s: 20                   # for one call; default 60
"""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from ...errors import AssetError, UsageError
from ..effect import did_you_mean
from ..language.yaml_tree import Node, read_text, read_yaml

__all__ = ["NAME", "AllowedPlugin", "allow_list", "allow_list_file", "allowed_plugin"]

NAME = "^[a-z][a-z0-9_]*$"
KEYS = ("path", "plugin_name", "sha256", "timeout_s")
TIMEOUT_S = 60.0
LONGEST_TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class AllowedPlugin:
    """One entry of the allow-list.

    Parameters
    ----------
    name : str
        By which recipes call it.
    path : Path
        The bundle: a folder or a file.
    plugin_name : str
        Which plugin of the bundle; empty where it holds one alone.
    sha256 : str
        The only digest that the bundle may have; empty allows any.
    timeout_s : float
        Longest time for one call.
    """

    name: str
    path: Path
    plugin_name: str = ""
    sha256: str = ""
    timeout_s: float = TIMEOUT_S

    def digest(self) -> str:
        """Return the SHA-256 of the bundle as it is now.

        Raises
        ------
        AssetError
            If it is not there, or not the one that the allow-list wants.
        """
        found = bundle_digest(self.path)
        if found is None:
            raise AssetError(
                f"plugin {self.name!r}: wanted a VST3 bundle, found none at the path in "
                "plugins.yaml; install it, or correct the path"
            )
        if self.sha256 and found != self.sha256:
            raise AssetError(
                f"plugin {self.name!r}: plugins.yaml wants SHA-256 {self.sha256[:12]}..., found "
                f"{found[:12]}...: another build; if you trust it, change the digest there"
            )
        return found


def allow_list_file() -> Path:
    """Return where the allow-list stands, whether it is there or not."""
    if folder := os.environ.get("WETDRY_CONFIG"):
        return Path(folder) / "plugins.yaml"
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "wetdry" / "plugins.yaml"


def allow_list() -> dict[str, AllowedPlugin]:
    """Read the allow-list; empty where there is none.

    Raises
    ------
    RecipeError
        With file, line, what was wanted and what was found, if it cannot be read.
    """
    path = allow_list_file()
    if not path.exists():
        return {}
    about = path.stat()
    return _read(path, about.st_mtime_ns, about.st_size)


def allowed_plugin(name: str) -> AllowedPlugin:
    """Return the entry of a name.

    Raises
    ------
    UsageError
        If the user has not allowed it.
    """
    known = allow_list()
    if name in known:
        return known[name]
    hint = did_you_mean(name, list(known)) if known else "the list is empty"
    raise UsageError(
        f"plugin {name!r}: wanted a name that {allow_list_file()} allows, found none ({hint}); "
        "only you can allow it: add a line 'name: {path: /absolute/path.vst3}' there"
    )


@lru_cache(maxsize=4)
def _read(path: Path, mtime_ns: int, size: int) -> dict[str, AllowedPlugin]:
    """Read the file as it was at that time and size."""
    pairs = read_yaml(read_text(path), path.name).mapping("an allow-list, name: {path: ...}")
    return {name: _entry(name, node) for name, node in pairs.items()}


def _entry(name: str, node: Node) -> AllowedPlugin:
    """Read one entry."""
    if not re.match(NAME, name):
        raise node.error("a name of small letters, digits and _", repr(name))
    pairs = node.mapping("a plugin such as {path: /usr/lib/vst3/Tape.vst3}", list(KEYS))
    texts = {key: _text(pairs[key]) for key in KEYS[:3] if key in pairs}
    path = Path(texts.pop("path", "")).expanduser()
    if not path.is_absolute():
        raise node.error("'path', absolute or from ~ on")
    if not re.fullmatch("([0-9a-f]{64})?", texts.get("sha256", "")):
        raise pairs["sha256"].error("64 hexadecimal digits")
    timeout_s = pairs["timeout_s"].number() if "timeout_s" in pairs else TIMEOUT_S
    if not 0 < timeout_s <= LONGEST_TIMEOUT_S:
        raise pairs["timeout_s"].error(f"seconds, up to {LONGEST_TIMEOUT_S:g}")
    return AllowedPlugin(name, path, **texts, timeout_s=timeout_s)


def _text(node: Node) -> str:
    """Return a text."""
    if not isinstance(node.value, str):
        raise node.error("a text")
    return node.value


def bundle_digest(path: Path) -> str | None:
    """Return the SHA-256 over a bundle's files and their names; None if there is nothing."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    try:
        stats = [(p, p.stat()) for p in files]
    except OSError:
        return None
    return _digest(path, tuple((p, s.st_mtime_ns, s.st_size) for p, s in stats)) if stats else None


@lru_cache(maxsize=32)
def _digest(path: Path, files: tuple[tuple[Path, int, int], ...]) -> str:
    """Return the digest of files as they were at these times and sizes."""
    if not path.is_dir():
        return sha256(path.read_bytes()).hexdigest()
    total = sha256()
    for file, _, _ in files:
        digest = sha256(file.read_bytes()).hexdigest()
        total.update(f"{file.relative_to(path).as_posix()}\0{digest}\n".encode())
    return total.hexdigest()
