"""YAML as a tree that knows where each value stands, so that errors can say file, line and path."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import RecipeError
from ..effect import did_you_mean

__all__ = ["Node", "read_yaml"]

LARGEST_BYTES = 1_000_000
DEEPEST = 40


@dataclass(frozen=True)
class Node:
    """One value of a YAML file.

    Parameters
    ----------
    value : dict of str to Node, list of Node, str, int, float, bool or None
    where : str
        ``file:line``.
    path : str
        The way to the value, such as ``stems.Vocals[2].compressor``.
    """

    value: Any
    where: str
    path: str = ""

    def error(self, wanted: str, found: str | None = None, cure: str = "") -> RecipeError:
        """Return the error that says where, what was wanted, what was found, and the cure."""
        place = f"{self.where}: {self.path}: " if self.path else f"{self.where}: "
        tail = f"; {cure}" if cure else ""
        return RecipeError(f"{place}wanted {wanted}, found {found or self.shown()}{tail}")

    def shown(self) -> str:
        """Return the value as a short text."""
        text = repr(plain(self))
        return text if len(text) <= 60 else text[:57] + "..."

    def mapping(self, wanted: str, known: list[str] | None = None) -> dict[str, "Node"]:
        """Return the value as a mapping whose keys are all ``known``."""
        if not isinstance(self.value, dict):
            raise self.error(wanted)
        for key, child in self.value.items():
            if known is not None and key not in known:
                raise child.error(
                    f"one of the keys of {wanted}", repr(key), did_you_mean(key, known)
                )
        return self.value

    def items(self, wanted: str) -> list["Node"]:
        """Return the value as a list."""
        if not isinstance(self.value, list):
            raise self.error(wanted)
        return self.value

    def number(self, wanted: str = "a number") -> float:
        """Return the value as a finite number."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(wanted)
        if not abs(value) < float("inf"):
            raise self.error(wanted, cure="NaN and infinity are not numbers to build on")
        return value


def plain(node: Node) -> Any:
    """Return the tree below ``node`` as plain dicts, lists and values."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def read_yaml(text: str, name: str) -> Node:
    """Read YAML 1.2.

    Parameters
    ----------
    text : str
    name : str
        The file's name, for messages.

    Raises
    ------
    RecipeError
        If it is not YAML, holds a key twice, an alias (a way to write bombs) or a tag, is
        empty, too large or too deep.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if len(text) > LARGEST_BYTES:
        raise RecipeError(f"{name}: wanted at most {LARGEST_BYTES} characters, found {len(text)}")
    try:
        root = YAML(typ="safe", pure=True).compose(text.removeprefix("\ufeff"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise RecipeError(
            f"{name}:{line}: not YAML: {error.problem or error.context}; mend it there"
        ) from None
    except (YAMLError, ValueError) as error:
        raise RecipeError(f"{name}: not YAML: {str(error).splitlines()[0]}; remove it") from None
    except RecursionError:
        raise RecipeError(f"{name}: wanted at most {DEEPEST} levels, found far more") from None
    if root is None:
        raise RecipeError(f"{name}: wanted a mapping, found an empty file")
    return _Reader(name).node(root, "", 0)


class _Reader:
    """Turns ruamel's graph of nodes into ours."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: set[int] = set()

    def node(self, raw: Any, path: str, depth: int) -> Node:
        """Convert one node and what is below it."""
        where = f"{self.name}:{raw.start_mark.line + 1}"
        if id(raw) in self.seen:
            raise RecipeError(f"{where}: {path}: aliases are not read; write the value out")
        if depth > DEEPEST:
            raise RecipeError(f"{where}: wanted at most {DEEPEST} levels, found more")
        self.seen.add(id(raw))
        if raw.id == "mapping":
            return Node(dict(self.pairs(raw, where, path, depth)), where, path)
        if raw.id == "sequence":
            below = (self.node(c, f"{path}[{i}]", depth + 1) for i, c in enumerate(raw.value))
            return Node(list(below), where, path)
        return Node(_scalar(raw, where), where, path)

    def pairs(self, raw: Any, where: str, path: str, depth: int) -> Iterator[tuple[str, Node]]:
        """Convert the pairs of a mapping; every key is a text that comes once."""
        keys: set[str] = set()
        for key, child in raw.value:
            line = f"{self.name}:{key.start_mark.line + 1}"
            if key.id != "scalar":
                raise RecipeError(f"{line}: {path}: wanted a name as key, found a {key.id}")
            if key.value in keys:
                raise RecipeError(f"{line}: {path}: the key {key.value!r} comes twice; keep one")
            keys.add(key.value)
            yield key.value, self.node(child, f"{path}.{key.value}".lstrip("."), depth + 1)


def _scalar(raw: Any, where: str) -> Any:
    """Return the Python value of a scalar (YAML 1.2 core schema)."""
    text: str = raw.value
    kind = str(raw.ctag if hasattr(raw, "ctag") else raw.tag).rpartition(":")[2]
    try:
        match kind:
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(
                    text.replace("_", ""), 0 if text.lstrip("+-")[:2] in ("0x", "0o") else 10
                )
            case "float":
                return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
            case "str":
                return text
    except ValueError:
        return text
    raise RecipeError(f"{where}: wanted a plain value, found the tag {kind!r}; remove it")


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises
    ------
    RecipeError
        If it cannot be read or is not UTF-8.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise RecipeError(f"{path.name}: wanted a recipe, found {path.stat().st_size} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path.name}: wanted UTF-8 text, found other bytes") from None
