"""What an effect's docstring says: what is heard, what each number means, and where it is from."""

import inspect
import re

from .effect import Effect

__all__ = ["described", "heard"]


def described(effect: type[Effect]) -> tuple[str, dict[str, str], str]:
    """Return the description, the meaning of each number by name, and the notes.

    A number that a base class declares may be explained there.
    """
    sections = _sections(effect)
    parameters: dict[str, str] = {}
    for base in reversed(effect.__mro__[: effect.__mro__.index(Effect)]):
        parameters |= _meanings(_sections(base).get("Parameters", ""))
    return sections[""], parameters, sections.get("Notes", "")


def heard(effect: type[Effect]) -> str:
    """Return the first line of an effect's docstring: what is heard."""
    return _sections(effect)[""].partition("\n")[0]


def _sections(effect: type) -> dict[str, str]:
    """Return the sections of a class's own docstring by title; the first has none."""
    text = inspect.cleandoc(vars(effect).get("__doc__") or "")
    pieces = re.split(r"^(\w+)\n-+\n", text, flags=re.MULTILINE)
    titled = zip(pieces[1::2], pieces[2::2], strict=True)
    return {"": pieces[0].strip(), **{title: body.strip() for title, body in titled}}


def _meanings(section: str) -> dict[str, str]:
    """Return what a section of parameters says of each."""
    found = {}
    for entry in re.split(r"\n(?=\S)", section):
        names, _, meaning = entry.partition("\n")
        for name in names.partition(" : ")[0].split(", "):
            found[name] = " ".join(meaning.split())
    found.pop("", None)
    return found
