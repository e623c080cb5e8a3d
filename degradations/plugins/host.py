"""The process in which a plugin runs, and which dies in place of ours: started, never imported.

It answers one request after the other: a header in JSON, then the samples, both ways. It ends
when the other side does: with the pipe, or by the system's alarm where native code hangs.
Every sound gets an instance of the plugin of its own: what one sound leaves behind (envelopes,
smoothed parameters) cannot be heard in the next.
"""

import json
import math
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from multiprocessing.connection import Connection
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Hosted", "main"]

Sound = NDArray[np.float32]

SETTLE_S = 0.25
"""Silence before every sound: smoothed parameters have arrived where the sound begins."""

ORPHANED_S = 2
"""So much later than its caller would, the system ends a call: then there is no caller."""

STEPS = 128
"""A number with at most so many values is stepped: only they can be had."""


class Hosted(Protocol):
    """What the requests need of a plugin."""

    reported_samples: int

    @property
    def channels(self) -> tuple[int, ...]:
        """Return how many channels it takes."""

    def describe(self) -> dict[str, Any]:
        """Return name, version, maker and parameters."""

    def run(self, sound: Sound, sample_rate: int, parameters: Mapping[str, Any]) -> Sound:
        """Process with an untouched instance, less the latency that it reports."""


class Vst3:
    """A VST3 plugin through pedalboard.

    Parameters
    ----------
    path, plugin_name : str
        The bundle, and which of its plugins; empty if it holds one alone.
    """

    def __init__(self, path: str, plugin_name: str) -> None:
        self.path, self.plugin_name = path, plugin_name
        self.reported_samples = 0
        self._channels: tuple[int, ...] = ()

    def load(self) -> Any:
        """Return an untouched instance.

        pedalboard asks every new one for the texts of a thousand values of each parameter, which
        takes 100 ms where loading takes 0.2 ms; here that is asked once, by :attr:`parameters`.
        """
        from pedalboard import VST3Plugin, _pedalboard

        mixin: Any = _pedalboard._PythonExternalPluginMixin
        mixin.__set_initial_parameter_values__ = lambda plugin, values: None
        return VST3Plugin(self.path, plugin_name=self.plugin_name or None)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Return pedalboard's view of the parameters, by name."""
        self._shown = self.load()  # they belong to it
        return dict(self._shown.parameters)

    @property
    def channels(self) -> tuple[int, ...]:
        """Return how many channels it takes."""
        if not self._channels:
            self._channels = tuple(count for count in (1, 2) if self._takes(count))
        return self._channels

    def _takes(self, count: int) -> bool:
        """Tell whether it processes so many channels."""
        try:
            self.load().process(np.zeros((count, 512), np.float32), 44_100)
        except ValueError:
            return False
        return True

    def describe(self) -> dict[str, Any]:
        """Return name, version, maker and parameters."""
        plugin = self.load()
        if not plugin.is_effect:
            raise ValueError("it is an instrument, not an effect")
        return {
            "name": plugin.name,
            "version": plugin.version,
            "maker": plugin.manufacturer_name,
            "parameters": [_parameter(n, p) for n, p in self.parameters.items()],
        }

    def run(self, sound: Sound, sample_rate: int, parameters: Mapping[str, Any]) -> Sound:
        """Process with an untouched instance; pedalboard takes out the reported latency."""
        plugin = self.load()
        for name, value in parameters.items():
            if name not in self.parameters:
                raise ValueError(f"it has no parameter {name!r}")
            known = self.parameters[name]
            plugin._get_parameter(known.name).raw_value = _raw(known, value)
        out: Sound = plugin.process(sound, sample_rate)
        self.reported_samples = int(plugin.reported_latency_samples)
        return out


def _parameter(name: str, parameter: Any) -> dict[str, Any]:
    """Return name, kind, bounds or words, and default of a parameter."""
    values = list(dict.fromkeys(parameter.valid_values))
    default = parameter.string_value
    if parameter.type is bool:
        return {"name": name, "kind": "flag", "default": bool(parameter.raw_value >= 0.5)}
    if parameter.type is not float:
        return {"name": name, "kind": "word", "words": values, "default": default}
    finite = sorted(v for v in values if math.isfinite(v))
    facts = {"name": name, "default": default}
    if len(finite) > STEPS:
        return {**facts, "kind": "number", "low": finite[0], "high": finite[-1]}
    if finite == list(range(int(finite[0]), int(finite[0]) + len(finite))):
        return {**facts, "kind": "integer", "low": finite[0], "high": finite[-1]}
    return {**facts, "kind": "word", "words": finite}


def _raw(parameter: Any, value: float | bool | str) -> float:
    """Return the raw value, from 0 to 1, which reads back nearest to ``value``.

    The plugin's own reading of a text may be a step off; so may a straight line between the
    values that it shows. The better of the two is taken.
    """
    own = float(parameter.get_raw_value_for(value))
    if parameter.type is not float:
        return own
    shown = sorted((had, low) for (low, _), had in parameter.ranges.items() if math.isfinite(had))
    between = float(np.interp(float(value), [had for had, _ in shown], [low for _, low in shown]))
    return min((own, between), key=lambda raw: _miss(parameter, raw, float(value)))


def _miss(parameter: Any, raw: float, value: float) -> float:
    """Return by how much a raw value reads back wrong."""
    from pedalboard._pedalboard import strip_common_float_suffixes

    try:
        return abs(
            float(strip_common_float_suffixes(parameter.get_text_for_raw_value(raw))) - value
        )
    except ValueError:
        return math.inf


def process(
    plugin: Hosted, sound: Sound, sample_rate: int, parameters: Mapping[str, Any], late: int
) -> Sound:
    """Return what the plugin makes of a sound, in time with it.

    Parameters
    ----------
    plugin : Hosted
    sound : float32 array, shape (channels, samples)
        One or two channels; a plugin for one gets them one by one, a plugin for two alone
        gets a single channel twice and gives back the mean.
    sample_rate : int
    parameters : mapping of str to value
        All others stay at their defaults.
    late : int
        By how many samples the plugin is later than it reports; negative where it is earlier.
    """
    if sound.shape[0] not in plugin.channels:
        if sound.shape[0] == 2 and 1 in plugin.channels:
            ears = (
                process(plugin, ear, sample_rate, parameters, late) for ear in np.split(sound, 2)
            )
            return np.concatenate(list(ears))
        if sound.shape[0] == 1 and 2 in plugin.channels:
            both = process(plugin, np.repeat(sound, 2, 0), sample_rate, parameters, late)
            mean: Sound = both.mean(axis=0, keepdims=True, dtype=np.float32)
            return mean
        raise ValueError(f"it takes neither mono nor stereo, but {plugin.channels or 'nothing'}")
    settle = round(SETTLE_S * sample_rate)
    padded = np.pad(sound, ((0, 0), (settle + max(-late, 0), max(late, 0))))
    start = settle + max(late, 0)
    return plugin.run(padded, sample_rate, parameters)[:, start : start + sound.shape[1]]


def arrival(plugin: Hosted, sample_rate: int) -> dict[str, Any]:
    """Return when a click arrives, at the plugin's defaults, after what it reports is taken out.

    Returns
    -------
    dict
        ``first``: samples from the click to the first difference that it makes, against the
        same silence without it; ``peak``: to the largest; both None if it makes none.
        ``reported``: the latency that the plugin reports.
    """
    silence = np.zeros((max(plugin.channels), sample_rate), np.float32)
    click, place = silence.copy(), sample_rate // 4
    click[:, place] = 0.5
    change = np.abs(
        process(plugin, click, sample_rate, {}, 0) - process(plugin, silence, sample_rate, {}, 0)
    ).max(axis=0)
    facts: dict[str, Any] = {"reported": plugin.reported_samples, "first": None, "peak": None}
    if change.any():
        facts["first"] = int(np.flatnonzero(change)[0]) - place
        facts["peak"] = int(change.argmax()) - place
    return facts


def answer(plugin: Hosted, head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], Sound]:
    """Do what one request asks for."""
    nothing = np.zeros((1, 0), np.float32)
    match head["task"]:
        case "describe":
            return {**plugin.describe(), "channels": plugin.channels}, nothing
        case "arrival":
            return arrival(plugin, head["sample_rate"]), nothing
    sound = np.frombuffer(data, np.float32).reshape(head["shape"])
    made = process(plugin, sound, head["sample_rate"], head["parameters"], head["late"])
    return {}, np.ascontiguousarray(made, np.float32)


def serve(connection: Connection, plugin: Hosted) -> None:
    """Answer requests until the other side is gone."""
    while True:
        try:
            head, data = json.loads(connection.recv_bytes()), connection.recv_bytes()
            signal.alarm(math.ceil(head["timeout_s"]) + ORPHANED_S)
            try:
                said, sound = answer(plugin, head, data)
            except Exception as error:  # whatever a plugin throws is news for the other side
                said = {"error": " ".join(str(error).split()) or type(error).__name__}
                sound = np.zeros((1, 0), np.float32)
            signal.alarm(0)
            connection.send_bytes(json.dumps({**said, "shape": sound.shape}).encode())
            connection.send_bytes(sound.tobytes())
        except (EOFError, OSError):
            return


def main(host: Callable[[str, str], Hosted] = Vst3) -> None:
    """Serve the plugin that the command line names on the connection that it names."""
    descriptor, path, plugin_name = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent, who ends us
    serve(Connection(int(descriptor)), host(path, plugin_name))
    os._exit(0)  # a plugin's own way of leaving may hang


if __name__ == "__main__":
    main()
