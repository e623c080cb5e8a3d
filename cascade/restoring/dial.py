"""The dial between faithful and plausible: a blend of what the two stages say.

1 is the cascade, which keeps to the waveform; 0 is stage one, which sounds like its class. The
waveforms are blended, so that windows, resampling and residuals stay sums.
"""

from collections.abc import Mapping, Sequence

from ...audio import Audio
from ...errors import UsageError

__all__ = ["FAITHFUL", "PLAUSIBLE", "blended", "checked_dial", "dial_positions", "position_of",
           "system_at"]  # fmt: skip

FAITHFUL, PLAUSIBLE = 1.0, 0.0

PREFIX = "dial_"


def checked_dial(dial: float) -> float:
    """Return a position of the dial.

    Raises
    ------
    UsageError
        If it is not within 0 to 1.
    """
    if not 0 <= dial <= 1:
        raise UsageError(f"dial: wanted 0 (plausible) to 1 (faithful), found {dial:g}")
    return dial


def blended(first: Audio, second: Audio, dial: float) -> Audio:
    """Return what stands between the two stages.

    Parameters
    ----------
    first, second : float32 array, shape (..., samples)
        What stage one and the cascade say.
    dial : float
        At 1 and 0 one of them, bit for bit.

    Examples
    --------
    >>> import numpy as np
    >>> blended(np.zeros(2, np.float32), np.ones(2, np.float32), 0.75).tolist()
    [0.75, 0.75]
    """
    if checked_dial(dial) in (FAITHFUL, PLAUSIBLE):
        return second if dial else first
    return first + dial * (second - first)


def dial_positions(asked: Sequence[float]) -> list[float]:
    """Return the positions between the ends, in order; the ends are systems anyway.

    Raises
    ------
    UsageError
        If one is not within 0 to 1, or is finer than hundredths.
    """
    for dial in asked:
        if abs(100 * checked_dial(dial) - round(100 * dial)) > 1e-6:
            raise UsageError(f"dial: wanted hundredths such as 0.25, found {dial:g}")
    return sorted({round(dial, 2) for dial in asked} - {FAITHFUL, PLAUSIBLE})


def system_at(dial: float) -> str:
    """Return what tables call a position between the ends.

    >>> system_at(0.25)
    'dial_25'
    """
    return f"{PREFIX}{round(100 * dial):02d}"


def position_of(system: str) -> float | None:
    """Return where a system stands on the dial; None where it is no position of it.

    >>> position_of("dial_25"), position_of("stage_one"), position_of("mixture")
    (0.25, 0.0, None)
    """
    ends: Mapping[str, float] = {"stage_one": PLAUSIBLE, "cascade": FAITHFUL}
    hundredths = system.removeprefix(PREFIX)
    if system != hundredths and hundredths.isdecimal():
        return int(hundredths) / 100
    return ends.get(system)
