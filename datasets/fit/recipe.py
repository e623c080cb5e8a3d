"""Fitted recipes: priors as numbers that can be moved, and as YAML that people can read."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os.path import relpath
from pathlib import Path
from typing import Any

from ...degradations.language.yaml_tree import plain
from ...errors import UsageError
from ...mixing.includes import find_recipe, read_recipe

__all__ = ["BELL_Q", "Base", "Controls", "Prior"]

BELL_Q = 1.41
"""An octave wide between the points of half the dB."""

LEAST_DEVIATION = 0.05
"""Below this a prior is written as a constant."""


@dataclass(frozen=True)
class Prior:
    """A normal distribution within bounds.

    Parameters
    ----------
    mean, deviation : float
    low, high : float
        Bounds of the mean.
    widest, narrowest : float
        Bounds of the deviation.
    """

    mean: float
    deviation: float
    low: float
    high: float
    widest: float = 8.0
    narrowest: float = 0.0

    def moved(self, by: float, variance_by: float = 0.0) -> "Prior":
        """Return it with another mean and variance, within bounds."""
        variance = max(self.deviation**2 + variance_by, self.narrowest**2)
        mean = min(max(self.mean + by, self.low), self.high)
        return replace(self, mean=mean, deviation=min(variance**0.5, self.widest))

    def yaml(self) -> str:
        """Return it as a recipe writes it."""
        mean, deviation = round(self.mean, 2) + 0.0, round(self.deviation, 2)
        if deviation < LEAST_DEVIATION:
            return f"{mean:g}"
        return f"{{normal: [{mean:g}, {deviation:g}]}}"

    def does_nothing(self) -> bool:
        """Tell whether it is a gain of 0 dB."""
        return self.yaml() == "0"


@dataclass(frozen=True)
class Controls:
    """What a fit adjusts.

    Parameters
    ----------
    loudness_lufs : mapping of class to Prior
        Of the stems.
    mix_loudness_lufs : Prior or None
        How hard the recipe's own master chain is driven; None leaves it.
    tilt_db : Prior
        What the brightness of mixes differs by.
    bells_db : mapping of int to Prior
        The spectral balance, by octave centre in Hz.
    side_db : Prior
        The width.
    target_lufs, ceiling_dbtp : Prior
        Loudness and true peak, and between them the crest factor.
    """

    loudness_lufs: Mapping[str, Prior]
    mix_loudness_lufs: Prior | None
    tilt_db: Prior
    bells_db: Mapping[int, Prior]
    side_db: Prior
    target_lufs: Prior
    ceiling_dbtp: Prior


@dataclass(frozen=True)
class Base:
    """The recipe that a fit starts from, and what is written of it.

    Parameters
    ----------
    name : str
        As the fitted recipe includes it.
    steps : tuple of str
        Its master chain, each step as a line of YAML.
    settings : mapping of str to number
        ``seconds`` and ``sample_rate``, where they are not its own.
    """

    name: str
    steps: tuple[str, ...] = ()
    settings: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, recipe: str, out: Path, settings: Mapping[str, float]) -> "Base":
        """Read a recipe that a fitted one, to be written to ``out``, will include.

        Raises
        ------
        RecipeError
            If it is none.
        UsageError
            If ``out`` is the recipe itself.
        """
        source = find_recipe(recipe)
        name = recipe
        if Path(recipe).suffix in (".yaml", ".yml"):
            if Path(recipe).resolve() == out.resolve():
                raise UsageError(f"--out {out}: wanted another file than the recipe's own")
            name = Path(relpath(Path(recipe).resolve(), out.resolve().parent)).as_posix()
        root, _ = read_recipe(source)
        pairs = root.mapping("a recipe")
        steps = plain(pairs["master"]) if "master" in pairs else None
        listed = steps if isinstance(steps, list) else []
        return cls(name, tuple(map(_flow, listed)), dict(settings))

    def text(self, controls: Controls | None) -> str:
        """Return a recipe: the base under these controls, or as it is."""
        lines = [f"include: {_flow(self.name)}"]
        lines += [f"{name}: {_flow(value)}" for name, value in self.settings.items()]
        if controls:
            lines.append(f"about: {_flow(f'What {self.name} does, fitted to released mixes.')}")
            lines += _levels(controls) + self._master(controls)
        return "\n".join(lines) + "\n"

    def _master(self, controls: Controls) -> list[str]:
        """Return the lines of the master chain: the base's own steps, and then what was fitted."""
        lines = ["master:"]
        if self.steps:
            lines.append(f"  # as in {self.name}:")
            lines += [f"  - {step}" for step in self.steps]
        lines.append("  # fitted: spectral balance, width, then loudness and true peak")
        if not controls.tilt_db.does_nothing():
            lines.append(f"  - tilt: {{gain_db: {controls.tilt_db.yaml()}}}")
        for centre_hz, gain_db in controls.bells_db.items():
            if not gain_db.does_nothing():
                numbers = f"centre_hz: {centre_hz}, gain_db: {gain_db.yaml()}, q: {BELL_Q}"
                lines.append(f"  - bell: {{{numbers}}}")
        if not controls.side_db.does_nothing():
            lines.append(f"  - mid_side_gain: {{mid_db: 0, side_db: {controls.side_db.yaml()}}}")
        lufs, ceiling = controls.target_lufs.yaml(), controls.ceiling_dbtp.yaml()
        return [*lines, f"  - loudness_limiter: {{target_lufs: {lufs}, ceiling_dbtp: {ceiling}}}"]


def _levels(controls: Controls) -> list[str]:
    """Return the lines of the loudness of each class, and of the mix."""
    lines = ["levels:"] if controls.loudness_lufs else []
    for name, loudness in controls.loudness_lufs.items():
        lines.append(f"  {name}: {{loudness_lufs: {loudness.yaml()}}}")
    if controls.mix_loudness_lufs:
        lines.append(f"mix_loudness_lufs: {controls.mix_loudness_lufs.yaml()}")
    return lines


def _flow(value: Any) -> str:
    """Return a plain value as YAML of one line."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_flow(key)}: {_flow(below)}" for key, below in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and re.fullmatch(r"[a-zA-Z_][\w./-]*", value, re.ASCII):
        return value if value.casefold() not in ("true", "false", "null") else json.dumps(value)
    return json.dumps(value)
