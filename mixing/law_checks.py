"""Checks of one effect: every law, over its bounds and draws, with the smallest reproduction."""

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..audio import Audio
from ..degradations import Effect
from ..degradations.blame import blamed
from .alignment import lag_samples
from .declarations import DECLARATIONS, DRAWABLE
from .laws import (
    ANY_SOUND,
    ANY_SOUND_LAWS,
    SILENCE_LAW,
    TAKES_NUMBERS,
    TYPICAL_LAWS,
    Law,
    Trial,
    left_over_db,
)
from .trials import (
    TINY,
    Sound,
    Values,
    built,
    drawn,
    edges,
    file_for_slots,
    fitting_rates,
    neutral_values,
    sound,
    typical_values,
)

__all__ = ["Measures", "Verdict", "check_effect", "measure_effect"]

CAN_BE = DECLARATIONS["declares what can be"]
DRAWS = 24
RATE = 44_100


@dataclass(frozen=True)
class Verdict:
    """What came of one law.

    Parameters
    ----------
    law : str
    fault : str
        What is wrong; empty if the law is kept.
    example : str
        The smallest case found in which it is broken: effect, sound, sample rate.
    """

    law: str
    fault: str = ""
    example: str = ""


@dataclass(frozen=True)
class Measures:
    """What an effect is like at typical numbers and 44.1 kHz, beyond right and wrong.

    Parameters
    ----------
    latency_samples : int
        As it declares.
    measured_samples : float
        As its raw output shows on music; NaN if that is silent.
    times_real_time : float
        Speed on two channels.
    inverse_db : float or None
        What its inverse leaves of an error, against the input; None if it has none.
    """

    latency_samples: int
    measured_samples: float
    times_real_time: float
    inverse_db: float | None


@dataclass(frozen=True)
class _Case:
    """Numbers and a sound of which a law may be broken."""

    values: Values
    sound: Sound | str
    sample_rate: int

    def audio(self) -> Audio:
        """Return the samples."""
        named = isinstance(self.sound, str)
        return sound(str(self.sound), self.sample_rate) if named else self.sound.audio()  # type: ignore[union-attr]


def check_effect(effect: type[Effect]) -> list[Verdict]:
    """Try every law on an effect: at every bound, at numbers drawn between, on many sounds.

    The draws are the same each time.

    Parameters
    ----------
    effect : type of Effect

    Returns
    -------
    list of Verdict
        One a law, in the order in which a cure should be looked for; laws that do not apply
        (such as time, to what ``moves_time``) are left out.

    Examples
    --------
    >>> from wetdry.degradations import Gain
    >>> {verdict.fault for verdict in check_effect(Gain)}
    {''}
    """
    verdicts = [Verdict(name, declares(effect)) for name, declares in DECLARATIONS.items()]
    if any(verdict.fault for verdict in verdicts if verdict.law == DRAWABLE):
        return verdicts
    with TemporaryDirectory() as folder, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a NaN is a fault of its own
        return verdicts + _Checker(effect, file_for_slots(Path(folder))).verdicts()


def measure_effect(effect: type[Effect]) -> Measures:
    """Measure latency, speed and inverse of an effect at typical numbers.

    Raises
    ------
    Exception
        Whatever the effect raises; :func:`check_effect` finds that before.
    """
    music = sound("music", RATE)
    with TemporaryDirectory() as folder:
        typical = built(effect, typical_values(effect, file_for_slots(Path(folder))))
        late, spent = typical.latency_samples(RATE), []
        wet = typical(music, RATE)
        for _ in range(3):
            start = time.perf_counter()
            typical(music, RATE)
            spent.append(time.perf_counter() - start)
        padded = np.pad(music, ((0, 0), (0, late)))
        raw = np.asarray(typical.apply(padded, RATE)[:, : music.shape[1]], np.float32)
        inverse = typical.inverse()
        rest_db = left_over_db(music, inverse(wet, RATE)) if inverse else None
    seconds = music.shape[1] / RATE
    return Measures(late, lag_samples(music, raw, RATE), seconds / min(spent), rest_db)


class _Checker:
    """Tries laws on one effect."""

    def __init__(self, effect: type[Effect], file: Path) -> None:
        self.effect = effect
        self.file = file
        self.typical = typical_values(effect, file)

    def verdicts(self) -> list[Verdict]:
        """Try them all."""
        broken: dict[str, tuple[Law, _Case]] = {}
        for case in self.cases():
            for law in (TAKES_NUMBERS, *ANY_SOUND_LAWS, SILENCE_LAW):
                of_this = law.sound in (ANY_SOUND, case.sound) or law is TAKES_NUMBERS
                if of_this and law.name not in broken and self.fault(law, case):
                    broken[law.name] = (law, case)
        found = [
            self.verdict(*broken[law.name]) if law.name in broken else Verdict(law.name)
            for law in (TAKES_NUMBERS, *ANY_SOUND_LAWS, SILENCE_LAW)
        ]
        answers = not any(verdict.fault for verdict in found[:2])
        return found + (list(self.typical_verdicts()) if answers else [])

    def cases(self) -> Iterator[_Case]:
        """Go through numbers and sounds; the typical numbers meet all of them."""
        draws = (drawn(self.effect, number, self.file) for number in range(DRAWS))
        for number, values in enumerate([self.typical, *edges(self.effect, self.file), *draws]):
            rates = self.rates(values)
            tiny: tuple[Sound | str, ...] = (
                TINY if number == 0 else (TINY[-1], TINY[-5], TINY[number % len(TINY)])
            )
            for place, heard in enumerate([*tiny, "silence"]):
                yield _Case(values, heard, rates[(number + place) % len(rates)])

    def rates(self, values: Values) -> list[int]:
        """Return the sample rates at which numbers can be tried."""
        try:
            return fitting_rates(built(self.effect, values)) or [RATE]
        except ValueError:
            return [RATE]

    def typical_verdicts(self) -> Iterator[Verdict]:
        """Try the laws about typical numbers, and those about neutral ones."""
        for law in TYPICAL_LAWS:
            if law.applies(self.effect) and not (law.neutral and CAN_BE(self.effect)):
                values = neutral_values(self.effect, self.file) if law.neutral else self.typical
                case = _Case(values, law.sound, self.rates(values)[0])
                fault = self.fault(law, case)
                yield self.verdict(law, case) if fault else Verdict(law.name)

    def fault(self, law: Law, case: _Case) -> str:
        """Return what is wrong in one case."""
        try:
            effect = built(self.effect, case.values)
        except ValueError as error:
            if law is not TAKES_NUMBERS:
                return ""
            return (
                " ".join(str(error).splitlines()[-2].split()) if "\n" in str(error) else str(error)
            )
        if law is TAKES_NUMBERS or case.sample_rate not in fitting_rates(effect):
            return ""
        try:
            return law.broken(Trial(effect, case.audio(), case.sample_rate))
        except Exception as error:
            return blamed(error, None)

    def verdict(self, law: Law, case: _Case) -> Verdict:
        """Return what is wrong, in the smallest case that can be found from a broken one."""
        values = dict(case.values)
        for name in list(values):
            simpler = {k: v for k, v in values.items() if k != name}
            if name in self.typical:
                simpler[name] = self.typical[name]
            if not law.neutral and self.fault(law, _Case(simpler, case.sound, case.sample_rate)):
                values = simpler
        smaller = TINY if isinstance(case.sound, Sound) else ()
        tries = [_Case(values, s, rate) for s in smaller for rate in (RATE, case.sample_rate)]
        last = _Case(values, case.sound, case.sample_rate)
        small = next((t for t in tries if self.fault(law, t)), last)
        return Verdict(law.name, self.fault(law, small), self.told(small, law))

    def told(self, case: _Case, law: Law) -> str:
        """Return a case in words: the effect as it stands in YAML, the sound, the rate."""
        try:
            effect: Any = built(self.effect, case.values)
        except ValueError:
            numbers = ", ".join(f"{name}: {value}" for name, value in case.values.items())
            return f"{{{self.effect.kind}: {{{numbers}}}}}"
        shown = f"{{{effect}}}".replace(f"{self.file.parent}/", "")
        return f"{shown} on {case.sound} at {case.sample_rate} Hz"
