"""A run as it competes: both stages, as they were before tuning, and what they know of effects."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import ShardError
from ..effect_labels import EffectLabels, stated_effects
from ..restoring.heard_labels import HeardLabels
from ..restoring.restoration import Restorer
from .cases import TOLD, UNTUNED, Contestant, run_of
from .label_scores import LabelTrial

__all__ = ["Entrants", "entrants_of"]

Stated = Mapping[str, Mapping[str, list[str]]]


@dataclass
class Entrants:
    """The systems of one run.

    Parameters
    ----------
    contestants : list of Contestant
    labels : LabelTrial or None
        Of a run that predicts effects; it learns on the way what is predicted.
    remarks : list of str
    """

    contestants: list[Contestant]
    labels: LabelTrial | None = None
    remarks: list[str] = field(default_factory=list)


def entrants_of(
    run: Path,
    dials: Sequence[float],
    device: str | None,
    data: Path | None = None,
    split: str | None = None,
) -> Entrants:
    """Return a run's systems.

    ``stage_one``, ``cascade`` and positions between them hear the mixture alone. A run that was
    tuned also competes as it was before; one that is told effects as it is told those of the
    manifest, as ``told_stage_one`` and ``told_cascade``; and so does its student.

    Parameters
    ----------
    run : Path
    dials : sequence of float
    device : str or None
    data : Path, optional
        The dataset that they are judged on, whose manifest tells the effects.
    split : str, optional

    Raises
    ------
    CheckpointError
        If the run cannot be loaded.
    """
    restorer = Restorer.load(run, device)
    out = Entrants([])
    stated = _stated(restorer.labels, data, split, out.remarks)
    asked = None
    if restorer.labels is not None and stated is not None:
        if restorer.configuration.stage_one.effects == "predicted":
            out.labels = LabelTrial(restorer.labels, stated)
            asked = _listening(out.labels)
        else:
            told = run_of(restorer, prefix=TOLD, about=_telling(restorer.labels, stated))
            out.contestants.append(told)
            out.remarks.append(_told_remark(restorer.labels, stated))
    out.contestants.append(run_of(restorer, dials, about=asked))
    if restorer.configuration.student is not None:
        out.contestants.append(run_of(Restorer.load(run, device, student=True)))
    if restorer.configuration.joint is not None:
        before = Restorer.load(run, device, tuned=False)
        out.contestants.append(run_of(before, prefix=UNTUNED))
    return out


def _stated(
    labels: EffectLabels | None, data: Path | None, split: str | None, remarks: list[str]
) -> Stated | None:
    """Return what the manifest says of effects, where the run knows any."""
    if labels is None:
        return None
    if data is None:
        remarks.append("no manifest here: the run was told no effects, and none were judged")
        return None
    try:
        return stated_effects(data, split)
    except ShardError as error:
        remarks.append(f"the run was told no effects, and none were judged: {error}")
        return None


def _telling(labels: EffectLabels, stated: Stated) -> Callable[[str], dict[str, Any]]:
    """Return what `Restorer.restore` is told of a sample: its labels, as far as they are known."""
    return lambda key: {"effects": labels.known(stated[key])}


def _listening(trial: LabelTrial) -> Callable[[str], dict[str, Any]]:
    """Return where `Restorer.restore` leaves what it predicts of a sample."""
    return lambda key: {"heard": trial.heard.setdefault(key, HeardLabels())}


def _told_remark(labels: EffectLabels, stated: Stated) -> str:
    """Say what was told, and what could not be."""
    untaught = sorted({name for said in stated.values() for name in labels.unknown(said)})
    rest = f"; not taught, so not told: {', '.join(untaught)}" if untaught else ""
    return (
        f"told_stage_one and told_cascade were told the manifest's effects, of "
        f"{', '.join(labels.names)}{rest}; stage_one and cascade were told nothing"
    )
