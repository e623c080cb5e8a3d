"""A plugin as an effect: native code of somebody else, run with the user's permission alone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, PlainSerializer, StrictBool

from ...audio import Audio
from ...errors import AssetError, UsageError
from ..effect import Effect, Label, shown
from ..language.slots import Slot
from .allowed import NAME, allowed_plugin
from .process import PluginProcess, running

__all__ = ["Plugin", "offered", "parameter_slots", "plugins_allowed"]

_allowed: ContextVar[bool] = ContextVar("plugins_allowed", default=False)


@contextmanager
def plugins_allowed(allowed: bool = True) -> Iterator[None]:
    """Let plugins of the user's allow-list run inside the ``with`` block.

    Recipes are read and samples rendered inside of it. The command line's ``--allow-plugins``
    does the same; datasets are built with it by workers as well.

    Examples
    --------
    >>> with plugins_allowed():
    ...     pass  # load_recipe(...), generate(...), verify(...)
    """
    before = _allowed.set(allowed)
    try:
        yield
    finally:
        _allowed.reset(before)


def are_allowed() -> bool:
    """Return whether plugins may run here."""
    return _allowed.get()


def _pairs(value: Any) -> Any:
    """Accept a mapping from names to values; keep it sorted."""
    return tuple(sorted(dict(value).items()))


Parameters = Annotated[
    tuple[tuple[str, StrictBool | float | str], ...],
    BeforeValidator(_pairs),
    PlainSerializer(dict, return_type=dict),
]
"""Values by name, as a frozen value."""


class Plugin(Effect, kind="plugin"):
    """Whatever a VST3 plugin of yours does to the sound.

    It runs in a process of its own, with your permission (`--allow-plugins`, or
    :func:`plugins_allowed`) and from your allow-list only. Its latency is taken out. How to
    allow one, and what is guaranteed: [plugins](plugins.md).

    Parameters
    ----------
    name : str
        Of the plugin, in your allow-list.
    parameters : mapping of str to number, true or false, or text
        By the plugin's own names; all others stay at its defaults.
    version : str
        Of the plugin, for the reader of a manifest.
    bundle_sha256 : str
        The digest that its bundle must have; empty takes any.

    Notes
    -----
    Nothing is promised of other people's code but what `wetdry plugins check` finds.
    """

    label: ClassVar[Label] = "plugin"
    foreign: ClassVar[bool] = True
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    moves_image: ClassVar[bool] = True
    adds_noise: ClassVar[bool] = True

    name: Annotated[str, Field(pattern=NAME)]
    parameters: Parameters = ()
    version: str = ""
    bundle_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Send the sound through the plugin's process.

        Raises
        ------
        UsageError
            If plugins are not allowed, or this one is not.
        AssetError
            If the bundle is not there, or not the one that was drawn.
        AudioError
            If it refuses, crashes or takes too long; the next sound starts it again.
        """
        return self._running().process(audio, sample_rate, dict(self.parameters))

    def makes_stereo(self) -> bool:
        """Return whether the plugin takes two channels, as it would on a mono track of a desk."""
        return 2 in self._running().facts()["channels"]

    def _running(self) -> PluginProcess:
        """Return the process of the plugin that this names, if it may run and is the one."""
        return _permitted(self.name, self.bundle_sha256, self.version)[0]

    def __str__(self) -> str:
        """Show it as it is written in YAML."""
        numbers = ", ".join(f"{name}: {shown(value)}" for name, value in self.parameters)
        return f"plugin: {{name: {self.name}, parameters: {{{numbers}}}}}"


def _permitted(name: str, digest: str = "", version: str = "") -> tuple[PluginProcess, str]:
    """Return the process of a plugin that may run, and the digest of its bundle."""
    if not are_allowed():
        raise UsageError(
            f"plugin {name!r}: wanted your permission to run native code, found none; "
            "say --allow-plugins (in Python: with plugins_allowed():)"
        )
    allowed = allowed_plugin(name)
    found = allowed.digest()
    if digest and found != digest:
        raise AssetError(
            f"plugin {name!r}: wanted version {version or '?'} with SHA-256 {digest[:12]}..., "
            f"found {found[:12]}...: another build than when the session was drawn; install "
            "that one, or plan again"
        )
    return running(allowed, found), found


def offered(name: str) -> tuple[Plugin, dict[str, Any]]:
    """Return a plugin of the allow-list at its defaults, and what it says of itself.

    Raises
    ------
    UsageError, AssetError, AudioError
        If it may not run, is not there, or cannot be loaded.
    """
    process, digest = _permitted(name)
    facts = process.facts()
    return Plugin(name=name, version=facts["version"], bundle_sha256=digest), facts


def parameter_slots(facts: Mapping[str, Any]) -> dict[str, Slot]:
    """Return the slots of a plugin's parameters, by name."""
    slots = {}
    for about in facts["parameters"]:
        bounds = {key: about[key] for key in ("low", "high") if key in about}
        words = tuple(about.get("words", ()))
        slots[about["name"]] = Slot(
            about["name"], about["kind"], **bounds, words=words, required=False
        )
    return slots
