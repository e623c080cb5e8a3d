"""Training configurations as they are written: presets and YAML files."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import RecipeError
from .configuration import TrainConfiguration

__all__ = ["load_configuration"]

PRESETS = ("demo", "tiny", "small", "paper", "unet")


def load_configuration(name_or_path: str | Path) -> TrainConfiguration:
    """Read a training configuration from a preset's name or a YAML file.

    Parameters
    ----------
    name_or_path : str or Path
        ``demo``, ``tiny``, ``small``, ``paper``, ``unet``, or the path of a YAML 1.2 file.

    Raises
    ------
    RecipeError
        If there is no such preset or file, or it says something unknown or impossible;
        with the file, the place in it, what was wanted and what was found.

    Examples
    --------
    >>> load_configuration("paper").stage_one.weights.log_mel
    45.0
    """
    text, where = _text(name_or_path)
    try:
        return TrainConfiguration.model_validate(_parse(text, where))
    except ValidationError as error:
        first = min(error.errors(), key=lambda e: e["type"] == "missing")  # a typo explains a gap
        raise RecipeError(f"{where}: {_place(first['loc'])}: {_reason(first)}") from None


def _text(name_or_path: str | Path) -> tuple[str, str]:
    """Return a configuration's text and the name that errors give it."""
    if str(name_or_path) in PRESETS:
        file = resources.files(__package__) / "presets" / f"{name_or_path}.yaml"
        return file.read_text("utf-8"), f"{name_or_path}.yaml"
    path = Path(name_or_path)
    try:
        return path.read_text("utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(
            f"{path}: wanted a YAML file or one of the presets {', '.join(PRESETS)}, "
            f"found neither ({error}); check the name"
        ) from None


def _parse(text: str, where: str) -> Any:
    """Parse YAML 1.2 without aliases, which a small file can blow up with."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.tokens import AliasToken

    try:
        yaml = YAML(typ="safe", pure=True)
        if any(isinstance(token, AliasToken) for token in yaml.scan(text)):
            raise RecipeError(f"{where}: wanted plain YAML, found an alias (*); write it out")
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise RecipeError(f"{where}: wanted YAML, found: {' '.join(str(error).split())}") from None


def _place(location: Sequence[int | str]) -> str:
    """Write a pydantic location the way a reader of YAML looks for it."""
    return ".".join(str(part) for part in location) or "the file"


def _reason(error: Any) -> str:
    """Say what was wanted and what was found."""
    if error["type"] == "extra_forbidden":
        return "wanted a known name, found this one; check its spelling or remove it"
    if error["type"] == "missing":
        return "wanted a value, found none; add it"
    return f"{error['msg'][0].lower()}{error['msg'][1:]}, found {str(error['input'])[:80]!r}"
