"""Packets that are lost on their way."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ...seeds import stream
from ..effect import Effect, Label
from .noise import Seed

__all__ = ["PacketLoss"]

HELD_MS, FADED_MS = 10.0, 60.0
"""For how long a repeated packet keeps its level, and when it has died away (ITU-T G.711,
appendix I)."""


class PacketLoss(Effect, kind="packet_loss"):
    """A voice call over a bad network: syllables are missing, stutter, or die away.

    The sound travels in packets; in its bad state the network loses all of them, in its good
    state none, and it changes state at random (the two-state model of Gilbert and Elliott).
    Bursts of losses have a geometric length.

    Parameters
    ----------
    loss : float
        Share of the packets that are lost on average, from 0 to 0.5.
    burst_packets : float
        Mean length of a burst, from 1 to 20 packets.
    packet_ms : {10, 20, 40, 60}
        Length of a packet.
    concealment : {"silence", "repeat", "fade"}
        What a lost packet is replaced by: nothing; the last one that came, again and again;
        or the same dying away within 60 ms.
    seed : int
        Which packets, from 0 to 2**32 - 1.

    Notes
    -----
    E. Gilbert, "Capacity of a burst-noise channel", Bell Syst. Tech. J. 39, 1960. The fade is
    that of ITU-T G.711, appendix I: level for 10 ms, then down to nothing along a line.
    """

    label: ClassVar[Label] = "medium"
    neutral: ClassVar[Mapping[str, float]] = {"loss": 0.0}

    loss: Annotated[float, Field(ge=0, le=0.5)]
    burst_packets: Annotated[float, Field(ge=1, le=20)] = 2.0
    packet_ms: Literal[10, 20, 40, 60] = 20
    concealment: Literal["silence", "repeat", "fade"] = "fade"
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Lose packets, and conceal it."""
        size = max(1, round(self.packet_ms / 1000 * sample_rate))
        count = -(-audio.shape[1] // size)
        padded = np.pad(audio, ((0, 0), (0, count * size - audio.shape[1])))
        packets = padded.reshape(audio.shape[0], count, size)
        lost = self.lost(count)
        numbers = np.arange(count)
        source = np.maximum.accumulate(np.where(lost, -1, numbers))  # the last one that came
        gain = self._gain(numbers - source, size, sample_rate)
        gain[source < 0] = 0
        heard = packets[:, source] * np.where(lost[:, np.newaxis], gain, np.float32(1))
        return heard.reshape(padded.shape)[:, : audio.shape[1]]

    def lost(self, count: int) -> NDArray[np.bool_]:
        """Return which of ``count`` packets are lost."""
        lost = np.zeros(count, bool)
        if self.loss == 0 or count == 0:
            return lost
        random = stream(self.seed, "packet_loss")
        recover = 1 / self.burst_packets
        fail = max(recover * self.loss / (1 - self.loss), 1e-12)  # numpy takes none of 0
        bad = random.random() < self.loss
        runs = random.geometric([[fail, recover]] * (count // 2 + 1))  # of good, of bad packets
        runs = np.minimum(runs.ravel()[1 if bad else 0 :], count)
        ends = np.cumsum(runs)
        state = np.searchsorted(ends, np.arange(count), side="right")
        lost[:] = (state + bad) % 2 == 1
        return lost

    def _gain(self, age: NDArray[np.int64], size: int, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain of each sample of a packet that is ``age`` packets old."""
        shape = age.size, size
        if self.concealment != "fade":
            return np.full(shape, self.concealment == "repeat", np.float32)
        samples = (age[:, np.newaxis] - 1) * size + np.arange(size)
        held, faded = (ms / 1000 * sample_rate for ms in (HELD_MS, FADED_MS))
        gain = np.clip((faded - samples) / (faded - held), 0, 1)
        return np.asarray(gain, np.float32)
