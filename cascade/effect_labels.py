"""Effect labels: which ones a run knows, how common they are, and what is said of a sample.

What is said of a sample is a mapping: under a class the labels of what was done to its stem, under
"mix" those of master and medium, under "all" those of every class that is not named. Who is
missing is unknown; who has no labels was left alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audio import STEM_CLASSES
from ..degradations import Effect
from ..degradations.undoing import LABELS
from ..errors import ShardError, UsageError
from ..manifests.tables import read_columns

__all__ = ["ABSENT", "ALL", "MIX", "PRESENT", "UNKNOWN", "EffectLabels", "Effects", "parse_effects",
           "stated_effects", "stated_in"]  # fmt: skip

ALL, MIX = "all", "mix"
UNKNOWN, ABSENT, PRESENT = 0, 1, 2
"""The three states of a label."""

NOTHING = "nothing"

Effects = Mapping[str, Collection[str]]
"""What is said of a sample; see the head of this module."""


@dataclass(frozen=True, eq=False)
class EffectLabels:
    """The labels that a run knows, in their order.

    Parameters
    ----------
    own : tuple of str
        Of what may be done to a stem: chains, bus and sends.
    mix : tuple of str
        Of what may be done to the mixture by master and medium.
    shares : float array, shape (8, labels)
        How often each occurs where the class plays, in the samples that were learnt from;
        strictly between 0 and 1.
    """

    own: tuple[str, ...]
    mix: tuple[str, ...]
    shares: NDArray[np.float64]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them as tables call them: those of the mix as "mix codec"."""
        return *self.own, *(f"{MIX} {name}" for name in self.mix)

    def __len__(self) -> int:
        return len(self.own) + len(self.mix)

    @classmethod
    def found(cls, data: Path, keys: Collection[str]) -> "EffectLabels":
        """Return the labels that some samples of a dataset have and some have not.

        Raises
        ------
        ShardError
            If the manifest tells no labels, or none that differ.
        """
        stated = stated_effects(data)
        samples = [stated[key] for key in keys if key in stated]
        own = [set(labels) for sample in samples for of, labels in sample.items() if of != MIX]
        mix = [set(sample[MIX]) for sample in samples if MIX in sample]
        named = [
            tuple(n for n in LABELS if 0 < sum(n in labels for labels in group) < len(group))
            for group in (own, mix)
        ]
        if not any(named):
            raise ShardError(
                f"{data / 'manifest.parquet'}: labels: wanted some that part of the samples have, "
                "found none; train with 'effects: none', or on a recipe with chances and choices"
            )
        known = cls(named[0], named[1], np.empty(0))
        states = np.array([known.states(sample) for sample in samples])
        return cls(known.own, known.mix, _shares(states))

    @classmethod
    def of_run(cls, about: Mapping[str, Any]) -> "EffectLabels | None":
        """Return what `record` wrote into a run's ``run.json``; None where it knows no effects."""
        record = about.get("effects")
        if record is None:
            return None
        shares = np.array([record["shares"][name] for name in STEM_CLASSES])
        return cls(tuple(record["own"]), tuple(record["mix"]), shares)

    def record(self) -> dict[str, Any]:
        """Return what ``run.json`` says of it."""
        shares = dict(zip(STEM_CLASSES, self.shares.tolist(), strict=True))
        return {"own": list(self.own), "mix": list(self.mix), "shares": shares}

    def states(self, said: Effects) -> NDArray[np.int8]:
        """Return what is known of each class, shape (8, labels); other labels are passed over."""
        out = np.zeros((len(STEM_CLASSES), len(self)), np.int8)
        for place, name in enumerate(STEM_CLASSES):
            own = said.get(name, said.get(ALL))
            groups = (own, self.own, 0), (said.get(MIX), self.mix, len(self.own))
            for known, labels, start in groups:
                if known is not None:
                    hot = [PRESENT if label in known else ABSENT for label in labels]
                    out[place, start : start + len(labels)] = hot
        return out

    def unknown(self, said: Effects) -> set[str]:
        """Return what is said that the run does not know, named as in tables."""
        there = {f"{MIX} {x}" if of == MIX else x for of, labels in said.items() for x in labels}
        return there - set(self.names)

    def known(self, said: Effects) -> dict[str, list[str]]:
        """Return what is said as far as the run knows it."""
        return {
            of: [x for x in labels if x in (self.mix if of == MIX else self.own)]
            for of, labels in said.items()
        }

    def checked(self, said: Effects) -> Effects:
        """Return what a user says, with labels in place of effects' names.

        Raises
        ------
        UsageError
            If a class or label is none that the run knows.
        """
        out = {}
        for of, names in said.items():
            if of not in (*STEM_CLASSES, MIX, ALL):
                raise UsageError(
                    f"effects: wanted one of {', '.join(STEM_CLASSES)}, {MIX} (master and medium) "
                    f"or {ALL}, found {of!r}"
                )
            known = self.mix if of == MIX else self.own
            out[of] = [self._label(name, of, known) for name in names]
        return out

    def _label(self, name: str, of: str, known: Sequence[str]) -> str:
        """Return a label, or that of the effect of this name."""
        label = Effect.kinds[name].label if name in Effect.kinds else name
        if label not in known:
            asked = name if label == name else f"{name} ({label})"
            raise UsageError(
                f"effects: {of}: wanted labels that this run was taught: {', '.join(known)}; "
                f"found {asked!r}; leave it out"
            )
        return label


def _shares(states: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return how often each label occurs, of states (samples, 8, labels); never 0 or 1."""
    there, known = (states == PRESENT).sum(0), (states != UNKNOWN).sum(0)
    share = (there.sum(0) + 0.5) / (known.sum(0) + 1)  # of all classes, for those never heard
    return (there + share) / (known + 1)


def stated_effects(data: Path, split: str | None = None) -> dict[str, dict[str, list[str]]]:
    """Return what a dataset's manifest says of each sample, by key.

    Parameters
    ----------
    data : Path
        A folder that ``wetdry generate`` wrote.
    split : str, optional
        All of them by default.

    Raises
    ------
    ShardError
        If the manifest cannot be read, or is of a version that tells no labels.
    """
    path = data / "manifest.parquet"
    table = read_columns(path, ["key", "split"], ["labels"])
    if "labels" not in table.column_names:
        raise ShardError(f"{path}: labels: wanted this column, found none; generate it again")
    columns = (table[name].to_pylist() for name in ("key", "split", "labels"))
    return {
        key: stated_in(rows or ())
        for key, of, rows in zip(*columns, strict=True)
        if split in (None, of)
    }


def stated_in(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return what the cell ``labels`` of a row of the manifest says of its sample."""
    return {
        row["of"]: [n for n, hot in zip(LABELS, row["multi_hot"], strict=False) if hot]
        for row in rows
        if row["of"] in (*STEM_CLASSES, MIX)
    }


def parse_effects(texts: Sequence[str]) -> dict[str, list[str]]:
    """Read what a user says: ``space,dynamics``, ``Vocals=space``, ``mix=codec``, ``nothing``.

    Raises
    ------
    UsageError
        If something is said twice, or nothing.

    Examples
    --------
    >>> parse_effects(["space, dynamics", "mix=nothing"])
    {'all': ['space', 'dynamics'], 'mix': []}
    """
    said: dict[str, list[str]] = {}
    for text in texts:
        before, sign, after = text.partition("=")
        of = before.strip() if sign else ALL
        of = next((name for name in STEM_CLASSES if name.lower() == of.lower()), of)
        names = [name.strip() for name in (after if sign else before).split(",")]
        if of in said or not all(names) or (NOTHING in names and len(names) > 1):
            raise UsageError(
                "--effects: wanted labels such as space,dynamics or Vocals=space or mix=codec, "
                f"'{NOTHING}' alone, each class once; found {text!r}"
            )
        said[of] = [] if names == [NOTHING] else names
    return said
