"""A plugin of our own making, in a real process: late, deaf, moody, or deadly when asked to be.

Its bundle is a file of JSON: ``late`` and ``reported`` in samples, ``channels``.
"""

import importlib.util
import json
import os
import signal
import time
from pathlib import Path

import numpy as np

HOST = Path(__file__).parents[1] / "degradations" / "plugins" / "host.py"
MODES = ["plain", "crash", "hang", "nan", "short", "refuse", "mute", "moody"]


class StandIn:
    """A gain that comes late."""

    def __init__(self, path, plugin_name):
        about = json.loads(Path(path).read_text())
        self.late, self.reported_samples = about.get("late", 0), about.get("reported", 0)
        self.channels = tuple(about.get("channels", (1, 2)))
        self.mute = about.get("mute", False)
        self.calls = 0

    def describe(self):
        """Tell what it is."""
        parameters = [
            {"name": "gain_db", "kind": "number", "low": -60.0, "high": 20.0, "default": "0.0"},
            {"name": "mode", "kind": "word", "words": MODES, "default": "plain"},
            {"name": "invert", "kind": "flag", "default": False},
            {"name": "copies", "kind": "integer", "low": 1, "high": 4, "default": "1"},
        ]
        facts = {"name": "Stand-in", "version": "1.2.3", "maker": "wetdry"}
        return {**facts, "parameters": parameters}

    def run(self, sound, sample_rate, parameters):
        """Do what the mode says; what it reports as latency is taken out, as pedalboard does."""
        self.calls += 1
        shift = self.late - self.reported_samples
        out = np.pad(sound, ((0, 0), (max(shift, 0), max(-shift, 0))))
        out = out[:, max(-shift, 0) :][:, : sound.shape[1]]
        out = out * np.float32(10 ** (parameters.get("gain_db", 0) / 20))
        if parameters.get("invert"):
            out = -out
        match parameters.get("mode", "mute" if self.mute else "plain"):
            case "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "hang":
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
                time.sleep(600)
            case "nan":
                return out * np.float32("nan")
            case "short":
                return out[:, :-1]
            case "refuse":
                raise ValueError("not today")
            case "mute":
                return out * 0
            case "moody":
                return out * np.float32(self.calls)
        return out


if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("plugin_host", HOST)
    host = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(host)
    host.main(StandIn)
