"""Neural codecs as ONNX files: what such a file says of itself, and how it is run.

Its inputs are ``audio`` (float32, shape (1, channels, samples)) and ``codebooks`` (int64, a
scalar); its output is the decoded audio of the same shape. Its metadata holds under
``wetdry_codec`` the JSON of :class:`CodecFacts`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...audio import Audio
from ...errors import AssetError
from ..assets import Assets

__all__ = ["METADATA", "CodecFacts", "CodecNetwork", "codec_file"]

METADATA = "wetdry_codec"

Samples = Annotated[int, Field(ge=0, le=2**24)]


class CodecFacts(BaseModel):
    """What a codec is, as its file says.

    Long sound goes through in windows, so that memory does not grow with it.

    Parameters
    ----------
    name : str
    sample_rate : int
        In Hz.
    channels : {1, 2}
        Which it codes together.
    codebooks : int
        How many it has.
    kbps_per_codebook : float
        What one of them costs, for all channels that are coded together.
    hop_samples : int
        A code stands for so many samples.
    least_samples, window_samples : int
        The shortest and the longest sound that it is given at once; multiples of the hop.
    overlap_samples : int
        By which windows overlap: it is heard by both, so that each knows what surrounds it.
    fade_samples : int
        In the middle of an overlap, one window is faded into the next for so long.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    sample_rate: Annotated[int, Field(ge=8_000, le=96_000)]
    channels: Literal[1, 2]
    codebooks: Annotated[int, Field(ge=1, le=64)]
    kbps_per_codebook: Annotated[float, Field(gt=0, le=64)]
    hop_samples: Annotated[int, Field(ge=1, le=2**16)]
    least_samples: Samples
    window_samples: Samples
    overlap_samples: Samples = 0
    fade_samples: Samples = 0

    @model_validator(mode="after")
    def _windows_fit(self) -> Self:
        """Refuse windows that do not advance, or are not whole codes."""
        lengths = (self.least_samples, self.window_samples)
        if any(length % self.hop_samples or not length for length in lengths):
            raise ValueError("windows are not whole hops")
        if not self.fade_samples <= self.overlap_samples <= self.window_samples // 2:
            raise ValueError("windows do not advance, or fade for longer than they overlap")
        return self

    def codebooks_for(self, bandwidth_kbps: float) -> int:
        """Return how many codebooks fit into a bandwidth, at least one."""
        fit = int(bandwidth_kbps / self.kbps_per_codebook + 1e-6)
        return min(max(fit, 1), self.codebooks)


class CodecNetwork:
    """A codec that is ready to run: on one thread, so that the same sound gives the same bytes.

    Parameters
    ----------
    facts : CodecFacts
    run : callable
        From audio of shape (1, channels, samples) and a number of codebooks to decoded audio.
    """

    def __init__(
        self, facts: CodecFacts, run: Callable[[NDArray[np.float32], int], NDArray[np.float32]]
    ) -> None:
        self.facts = facts
        self._run = run

    def __call__(self, audio: Audio, codebooks: int) -> Audio:
        """Encode and decode at the codec's own rate.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
            A codec of one channel codes each by itself; one of two codes mono as equal
            channels, and their mean comes back.
        codebooks : int

        Returns
        -------
        float32 array, shape (channels, samples)
        """
        if self.facts.channels == 1:
            return np.concatenate([self._long(c[np.newaxis], codebooks) for c in audio])
        both = self._long(np.repeat(audio, 3 - len(audio), axis=0)[:2], codebooks)
        return both.mean(axis=0, keepdims=True) if len(audio) == 1 else both

    def _long(self, audio: Audio, codebooks: int) -> Audio:
        """Code window by window; where two overlap, one is faded into the other."""
        out = np.empty_like(audio)
        overlap, fade = self.facts.overlap_samples, self.facts.fade_samples
        early = (overlap - fade) // 2
        rise = (np.arange(1, fade + 1) / np.float32(fade + 1)).astype(np.float32)
        for start, stop in self._windows(audio.shape[1]):
            coded = self._window(audio[:, start:stop], codebooks)
            if start == 0:
                out[:, :stop] = coded
                continue
            join = start + early
            mixed = min(fade, stop - join)
            new = coded[:, early : early + mixed]
            out[:, join : join + mixed] += rise[:mixed] * (new - out[:, join : join + mixed])
            out[:, join + mixed : stop] = coded[:, early + mixed :]
        return out

    def _windows(self, samples: int) -> Iterator[tuple[int, int]]:
        """Return where windows begin and end; the last one goes as far as there is sound."""
        window, step = self.facts.window_samples, self._step()
        start = 0
        while start + window < samples:
            yield start, start + window
            start += step
        yield start, samples

    def _step(self) -> int:
        return self.facts.window_samples - self.facts.overlap_samples

    def _window(self, audio: Audio, codebooks: int) -> Audio:
        """Code one window, filled up with silence to whole codes."""
        samples, hop = audio.shape[1], self.facts.hop_samples
        whole = max(-(-samples // hop) * hop, self.facts.least_samples)
        padded = np.pad(audio, ((0, 0), (0, whole - samples)))[np.newaxis]
        return self._run(np.ascontiguousarray(padded, np.float32), codebooks)[0, :, :samples]


def _load(path: Path) -> CodecNetwork:
    """Open an ONNX file with onnxruntime."""
    session = _session(path)
    text = session.get_modelmeta().custom_metadata_map.get(METADATA, "")
    inputs = sorted(entry.name for entry in session.get_inputs())
    try:
        facts = CodecFacts.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        wrong = ".".join(map(str, first["loc"])) or first["msg"]
        raise _no_codec(path, f"'{METADATA}' in its metadata ({wrong})") from None
    if inputs != ["audio", "codebooks"]:
        raise _no_codec(path, f"inputs 'audio' and 'codebooks', not {', '.join(inputs)}")
    output = session.get_outputs()[0].name

    def run(audio: NDArray[np.float32], codebooks: int) -> NDArray[np.float32]:
        feed = {"audio": audio, "codebooks": np.asarray(codebooks, np.int64)}
        decoded: NDArray[np.float32] = session.run([output], feed)[0]
        return decoded

    return CodecNetwork(facts, run)


def _session(path: Path) -> Any:
    """Let onnxruntime read a file."""
    try:
        import onnxruntime
    except ImportError:
        raise AssetError(
            "neural_codec: wanted the package onnxruntime, found none; "
            "run `pip install 'wetdry[neural]'`"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.enable_cpu_mem_arena = False  # it would keep the most that was ever needed
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own exceptions share no other base
        said = str(error).splitlines()[0][:120]
        raise AssetError(
            f"model {path}: wanted an ONNX file, found none that can be read ({said}); make it "
            "again with `wetdry fetch`"
        ) from None


def _no_codec(path: Path, lacks: str) -> AssetError:
    return AssetError(
        f"model {path}: wanted a codec, found an ONNX file without {lacks}; make it with "
        "`wetdry fetch`"
    )


codec_file = Assets("model", "an ONNX file", _load, keep=2)  # a large one is 300 MB
"""Reads a codec."""
