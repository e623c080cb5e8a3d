"""Our side of a plugin's process: starts it, asks it, ends it, and outlives it."""

import atexit
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Timer
from typing import Any

import numpy as np

from ...audio import Audio
from ...errors import AudioError
from .allowed import AllowedPlugin

__all__ = ["PluginProcess", "running"]

HOST = Path(__file__).with_name("host.py")
"""What the process runs: a file that imports nothing of ours, and so starts in a blink."""

GRACE_S = 2.0


class PluginProcess:
    """A plugin in a process of its own; started by the first question, and again after a crash.

    Nothing that comes from there is unpickled: JSON and samples alone.

    Parameters
    ----------
    allowed : AllowedPlugin
    """

    def __init__(self, allowed: AllowedPlugin) -> None:
        self.allowed = allowed
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._timed_out = False
        self._facts: dict[str, Any] = {}
        self._arrivals: dict[int, dict[str, Any]] = {}

    def facts(self) -> dict[str, Any]:
        """Return what the plugin says of itself: name, version, maker, channels, parameters."""
        if not self._facts:
            self._facts, _ = self._ask("describe")
        return self._facts

    def arrival(self, sample_rate: int) -> dict[str, Any]:
        """Return how late the plugin is: ``reported``, and ``late`` by which that is wrong.

        A click is sent through it at its defaults, once for each rate. Nothing of it can come
        out before the true latency is over, and its peak not before it either: what is reported
        is believed as far as it lies between the two, and wholly where no click comes through.
        """
        if sample_rate not in self._arrivals:
            found, _ = self._ask("arrival", sample_rate=sample_rate)
            silent = found["first"] is None
            late = 0 if silent else min(max(0, found["first"]), found["peak"])
            self._arrivals[sample_rate] = {**found, "late": late}
        return self._arrivals[sample_rate]

    def process(self, audio: Audio, sample_rate: int, parameters: Mapping[str, Any]) -> Audio:
        """Return what the plugin makes of ``audio``, in time with it.

        Raises
        ------
        AudioError
            If the plugin refuses, crashes or takes too long; the next call starts it again.
        """
        late = self.arrival(sample_rate)["late"]
        facts = {"sample_rate": sample_rate, "parameters": dict(parameters), "late": late}
        return self._ask("process", audio, **facts)[1]

    def close(self) -> None:
        """End the process: it leaves by itself, unless it hangs."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            try:
                self._process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._pipe = None

    def _ask(
        self, task: str, audio: Audio | None = None, **facts: Any
    ) -> tuple[dict[str, Any], Audio]:
        """Send a question and wait for the answer, but not for ever."""
        sound = np.zeros((1, 0), np.float32) if audio is None else audio
        head = {"task": task, "shape": sound.shape, "timeout_s": self.allowed.timeout_s, **facts}
        with self._lock:
            pipe = self._started()
            timer = Timer(self.allowed.timeout_s, self._out_of_time)
            timer.daemon = True
            timer.start()
            try:
                pipe.send_bytes(json.dumps(head).encode())
                pipe.send_bytes(np.ascontiguousarray(sound, np.float32).tobytes())
                said: dict[str, Any] = json.loads(pipe.recv_bytes())
                shape = tuple(said.pop("shape"))
                made: Audio = np.frombuffer(pipe.recv_bytes(), np.float32).reshape(shape)
            except (EOFError, OSError, ValueError):  # or a plugin wrote over its own memory
                raise AudioError(f"plugin {self.allowed.name!r} {self._end()}") from None
            finally:
                timer.cancel()
                timer.join()
                if self._timed_out:
                    self.close()
        if "error" in said:
            path = self.allowed.path  # no path of a machine in a dataset
            reason = str(said["error"]).replace(str(path), path.name)
            raise AudioError(f"plugin {self.allowed.name!r}: {reason}")
        return said, made

    def _started(self) -> Connection:
        """Return the pipe to the process, which is started if it does not run."""
        if self._pipe is not None and self._process is not None and self._process.poll() is None:
            return self._pipe
        self.close()
        self._timed_out = False
        ours, theirs = multiprocessing.Pipe()
        words = (str(theirs.fileno()), str(self.allowed.path), self.allowed.plugin_name)
        places = os.pathsep.join(place or os.getcwd() for place in sys.path)
        self._process = subprocess.Popen(  # not a fork: it would inherit locks of audio libraries
            [sys.executable, "-P", str(HOST), *words],  # -P: its folder is no place for imports
            pass_fds=(theirs.fileno(),),
            env={**os.environ, "PYTHONPATH": places},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # plugins talk
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        self._pipe = ours
        return ours

    def _out_of_time(self) -> None:
        """End a process that hangs; whoever waits for it is told by the pipe."""
        self._timed_out = True
        if self._process is not None:
            self._process.kill()

    def _end(self) -> str:
        """Clear away a process that has ended, and say how and what to do."""
        process = self._process
        assert process is not None
        self.close()
        cure = f"try it with 'wetdry plugins check {self.allowed.name}', or take it out"
        if self._timed_out:
            limit = f"{self.allowed.timeout_s:g} s"
            return (
                f"took longer than {limit} and was ended; raise timeout_s in plugins.yaml; {cure}"
            )
        status = process.returncode
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
        return f"crashed its process ({how}); {cure}"


_running: dict[tuple[int, AllowedPlugin, str], PluginProcess] = {}


def running(allowed: AllowedPlugin, digest: str) -> PluginProcess:
    """Return the process of a plugin of this digest, one for each process of ours."""
    key = (os.getpid(), allowed, digest)  # after a fork the pipe would be shared
    if key not in _running:
        _running[key] = PluginProcess(allowed)
    return _running[key]


@atexit.register
def _close_all() -> None:
    """End the processes that this process started."""
    for (owner, _, _), process in _running.items():
        if owner == os.getpid():
            process.close()
    _running.clear()
