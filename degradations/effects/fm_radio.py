"""FM radio: a stereo multiplex on a frequency-modulated carrier, and what the air does to it."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude, resample
from ...seeds import stream
from ..dsp.rates import at_rate
from ..dsp.responses import deemphasis, inverse_sections
from ..dsp.sections import run_sections
from ..effect import Effect, Label
from .noise import Seed

__all__ = ["FmRadio"]

STUDIO_HZ, CARRIER_HZ = 32_000, 192_000
"""The programme ends at half the first (soxr: flat to 14.6 kHz); the second is the width of
the channel, as wide as a receiver's intermediate filter."""

PILOT_HZ = 19_000
DEVIATION_HZ = 75_000
PROGRAMME, PILOT = 0.9, 0.1
"""Shares of the deviation (ITU-R BS.450)."""

PATHS = 16

SILENT = 1e-12
"""A peak below this is silence: brought to full deviation, its gain would overflow."""


class FmRadio(Effect, kind="fm_radio"):
    """Music over FM radio: nothing above 15 kHz, a hiss that swells as the signal fades.

    A real transmission. The programme is band-limited, pre-emphasised and raised to full
    deviation by one gain, which is taken back at the end, and coded as middle plus sides on
    38 kHz with a pilot of 19 kHz (mono: without sides, heard through the left channel). The
    carrier receives white Gaussian noise, fades, and is demodulated sample by sample, so
    that the noise rises with frequency (triangular), comes from the sides most of all, and
    turns to clicks in deep fades.

    Parameters
    ----------
    snr_db : float
        RMS of the programme over RMS of the noise, as they are received, from 20 to 70 dB.
        Had to 0.2 dB while the carrier stays 10 dB above its noise.
    fading_db : float
        Standard deviation of the carrier's level, from 0 to 12 dB.
    fading_hz : float
        How fast it changes, from 0.05 (weather) to 10 Hz (a drive).
    emphasis_us : {50, 75}
        Time constant of Europe, or of America.
    seed : int
        Which noise and fades, from 0 to 2**32 - 1.

    Notes
    -----
    ITU-R BS.450-3 (pilot-tone system, 75 kHz deviation). The modulator's phase is taken out
    of carrier and noise alike before they are added: white noise looks the same from any
    turning frame, so this is the modem itself and no approximation. Fading: a sum of 16
    sinusoids (W. Jakes, "Microwave mobile communications", 1974), in dB (shadowing).
    """

    label: ClassVar[Label] = "medium"

    snr_db: Annotated[float, Field(ge=20, le=70)]
    fading_db: Annotated[float, Field(ge=0, le=12)] = 3.0
    fading_hz: Annotated[float, Field(ge=0.05, le=10)] = 0.5
    emphasis_us: Literal[50, 75] = 50
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Send and receive."""
        both = np.broadcast_to(audio, (2, audio.shape[1]))
        return at_rate(self._received, both, sample_rate, STUDIO_HZ)[: len(audio)]

    def _received(self, programme: Audio) -> Audio:
        """Send what the studio sends, at its rate."""
        receiver = deemphasis((0.0,), (float(self.emphasis_us),), STUDIO_HZ)
        sent = run_sections(inverse_sections(receiver), programme)
        composite = multiplexed(resample(sent, STUDIO_HZ, CARRIER_HZ))
        peak = float(np.abs(composite).max())
        if peak < SILENT:
            return programme
        gain = np.float32(PROGRAMME / peak)
        composite = gain * composite + np.float32(PILOT) * _tone(PILOT_HZ, composite.size)
        rms = float(gain * np.sqrt(np.mean(np.square(programme, dtype=np.float64))))
        heard = demultiplexed(self._through_the_air(composite, rms))
        back = resample(heard, CARRIER_HZ, STUDIO_HZ)
        return run_sections(receiver, back / gain)

    def _through_the_air(self, composite: NDArray[np.float32], rms: float) -> NDArray[np.float32]:
        """Modulate, add noise to the fading carrier, demodulate."""
        level = self._carrier(composite.size)
        per_noise = audible_noise(self.emphasis_us) * np.mean(1 / level**2)
        noise = stream(self.seed, "fm_noise").standard_normal((2, composite.size), np.float32)
        noise *= np.float32(rms * amplitude(-self.snr_db) / np.sqrt(per_noise))
        phase = np.arctan2(noise[1], level.astype(np.float32) + noise[0])
        turn = np.float32(2 * np.pi * DEVIATION_HZ / CARRIER_HZ)
        steps = turn * composite + np.diff(phase, prepend=phase[:1])
        steps -= np.float32(2 * np.pi) * np.rint(steps / np.float32(2 * np.pi))
        return np.asarray(steps / turn, np.float32)

    def _carrier(self, samples: int) -> NDArray[np.float64]:
        """Return the level of the carrier, around 1."""
        random = stream(self.seed, "fm_fading")
        turns = self.fading_hz * np.cos(random.uniform(0, 2 * np.pi, PATHS))
        phases = random.uniform(0, 2 * np.pi, PATHS)
        seconds = samples / CARRIER_HZ
        coarse = np.linspace(0, seconds, max(2, round(seconds * self.fading_hz * 64)))
        waves = np.cos(2 * np.pi * turns[:, np.newaxis] * coarse + phases[:, np.newaxis])
        coarse_db = self.fading_db * waves.sum(axis=0) * np.sqrt(2 / PATHS)
        level_db = np.interp(np.arange(samples) / CARRIER_HZ, coarse, coarse_db)
        return np.asarray(10 ** (level_db / 20))


def multiplexed(audio: Audio) -> NDArray[np.float32]:
    """Return middle + sides on 38 kHz, without a pilot.

    Parameters
    ----------
    audio : float32 array, shape (2, samples)
        At the carrier's rate.

    Returns
    -------
    float32 array, shape (samples,)
    """
    left, right = audio
    sides = (left - right) * _tone(2 * PILOT_HZ, left.size)
    return np.asarray((left + right + sides) * np.float32(0.5))


def demultiplexed(composite: NDArray[np.float32]) -> Audio:
    """Return left and right, with all that lies above 16 kHz still to be cut.

    Parameters
    ----------
    composite : float32 array, shape (samples,)
        At the carrier's rate.
    """
    sides = composite * _tone(2 * PILOT_HZ, composite.size) * np.float32(2)
    return np.stack([composite + sides, composite - sides])


def _tone(hz: int, samples: int) -> NDArray[np.float32]:
    """Return a sine: a second of it, over and over."""
    second = np.sin(2 * np.pi * hz * np.arange(CARRIER_HZ) / CARRIER_HZ)
    return np.asarray(np.resize(second.astype(np.float32), samples))


def audible_noise(emphasis_us: float) -> float:
    """Return the power that noise of unit power, in quadrature to the carrier, has when heard.

    The discriminator weighs it by |1 - exp(-i w)|; middle and sides hear it around 0 and
    around 38 kHz; the de-emphasis weighs both.

    Parameters
    ----------
    emphasis_us : float
    """
    hz = np.linspace(-STUDIO_HZ / 2, STUDIO_HZ / 2, 2001) * 0.96  # half-way down soxr's edge
    turn = 2 * np.pi * DEVIATION_HZ / CARRIER_HZ
    density = np.zeros_like(hz)
    for around in (0, -2 * PILOT_HZ, 2 * PILOT_HZ):
        density += np.square(2 * np.sin(np.pi * (hz + around) / CARRIER_HZ) / turn)
    heard = density / (1 + np.square(2 * np.pi * hz * emphasis_us * 1e-6))
    return float(heard.mean() * (hz[-1] - hz[0]) / CARRIER_HZ)
