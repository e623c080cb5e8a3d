"""A simulated room."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.impulses import ImpulseResponse, convolved, prepared
from ..dsp.ray_tracing import late_taps
from ..effect import Effect, Label

__all__ = ["SimulatedRoom"]

_Length: TypeAlias = Annotated[float, Field(ge=2, le=20)]
_Place: TypeAlias = Annotated[float, Field(ge=0.1, le=0.9)]

SPEED_OF_SOUND = 343.0
"""In m/s, as pyroomacoustics has it."""


class SimulatedRoom(Effect, kind="simulated_room"):
    """The source stands in a box-shaped room, before a pair of microphones.

    Image-source method up to ``max_order`` reflections, rays (if any) for what comes later;
    each channel is convolved with the response of its microphone. The time of flight is taken
    out: the direct sound stays where the sound was. Unit energy (white noise keeps its level).

    Parameters
    ----------
    length_m, width_m, height_m : float
        From 2 to 20 m.
    absorption : float
        Share of the energy that the walls swallow, from 0.05 (tiles) to 0.95 (a booth).
    source_x, source_y, source_z, microphone_x, microphone_y, microphone_z : float
        Places as fractions of length, width and height, from 0.1 to 0.9.
        In the very middle reflections would arrive together and drown the direct sound.
    spacing_m : float
        Between the two microphones, along the width, from 0 to 0.38 m.
    max_order : int
        Reflections that are followed, from 0 to 17; what would come later is missing, unless
        rays tell of it (then 3 is plenty).
    rays : int
        From 0 (none) to 20000; from 2000 on the decay is smooth, and a room takes 0.1 s
        (0.25 s if it is large and hard) instead of 0.01.
    scattering : float
        Share of its energy that a ray gives away in all directions at a wall, from 0 (mirrors)
        to 1; nothing without rays.
    seed : int
        Of the rays, from 0 to 2**32 - 1; nothing without rays.
    mix : float
        From 0 (dry) to 1 (in the room only).

    Notes
    -----
    J. Allen, D. Berkley, "Image method for efficiently simulating small-room acoustics",
    JASA 65(4), 1979; R. Scheibler et al., "Pyroomacoustics", ICASSP 2018.
    """

    label: ClassVar[Label] = "space"
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    length_m: _Length
    width_m: _Length
    height_m: Annotated[float, Field(ge=2, le=10)]
    absorption: Annotated[float, Field(ge=0.05, le=0.95)] = 0.3
    source_x: _Place = 0.3
    source_y: _Place = 0.4
    source_z: _Place = 0.45
    microphone_x: _Place = 0.7
    microphone_y: _Place = 0.55
    microphone_z: _Place = 0.5
    spacing_m: Annotated[float, Field(ge=0, le=0.38)] = 0.2
    max_order: Annotated[int, Field(ge=0, le=17)] = 12
    rays: Annotated[int, Field(ge=0, le=20_000)] = 0
    scattering: Annotated[float, Field(ge=0, le=1)] = 0.1
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    mix: Annotated[float, Field(ge=0, le=1)] = 1.0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Convolve with the room."""
        mix = np.float32(self.mix)
        return (1 - mix) * audio + mix * convolved(audio, _response(self, sample_rate))

    def tail_s(self) -> float:
        """Return Eyring's reverberation time, or that of the last image source if sooner."""
        x, y, z = self.length_m, self.width_m, self.height_m
        volume, surface = x * y * z, 2 * (x * y + x * z + y * z)
        eyring = 24 * np.log(10) * volume / (SPEED_OF_SOUND * surface * -np.log1p(-self.absorption))
        if self.rays:
            return float(eyring)
        last = (self.max_order + 1) * np.sqrt(x * x + y * y + z * z) / SPEED_OF_SOUND
        return float(min(eyring, last))


@lru_cache(maxsize=32)
def _response(room: SimulatedRoom, sample_rate: int) -> ImpulseResponse:
    """Simulate the responses at both microphones."""
    import pyroomacoustics

    box = _box(room, sample_rate)
    late = np.zeros((2, 0), np.float32)
    if room.rays:
        box.set_ray_tracing(n_rays=room.rays)
        late = late_taps(box, room.spacing_m, sample_rate, room.seed)
        box.simulator_state["rt_needed"] = False  # or it would be made into sound once more
    box.compute_rir()
    start = pyroomacoustics.constants.get("frac_delay_length") // 2  # so late are the images
    early = [np.asarray(of_microphone[0], np.float32) for of_microphone in box.rir]
    taps = np.zeros((2, max(start + late.shape[1], *map(len, early))), np.float32)
    taps[:, start : start + late.shape[1]] = late
    for side, images in zip(taps, early, strict=True):
        side[: len(images)] += images
    return prepared(taps, sample_rate)


def _box(room: SimulatedRoom, sample_rate: int) -> Any:
    """Return the room with its source and both microphones, as pyroomacoustics has it."""
    import pyroomacoustics

    size = np.array([room.length_m, room.width_m, room.height_m])
    middle = size * [room.microphone_x, room.microphone_y, room.microphone_z]
    apart = np.array([0.0, room.spacing_m / 2, 0.0])
    scattering = room.scattering if room.rays else None  # it would weaken the image sources
    box = pyroomacoustics.ShoeBox(
        size,
        fs=sample_rate,
        materials=pyroomacoustics.Material(room.absorption, scattering),
        max_order=room.max_order,
        ray_tracing=room.rays > 0,
    )
    box.add_source(size * [room.source_x, room.source_y, room.source_z])
    box.add_microphone_array(np.stack([middle - apart, middle + apart], axis=1))
    return box
