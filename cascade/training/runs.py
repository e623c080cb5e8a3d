"""A run folder: what was trained, on what, and whether it fits what is asked now."""

import json
from pathlib import Path
from typing import Any

from ... import __version__
from ...errors import CheckpointError
from ...manifests.files import write_atomically
from ..configuration import TrainConfiguration
from ..effect_labels import EffectLabels
from .checkpoints import VERSION
from .on_the_fly import Rendered
from .samples import dataset_digest, songs_of
from .validation import Division

__all__ = ["begin_run", "read_run"]


def begin_run(
    folder: Path,
    configuration: TrainConfiguration,
    data: Path,
    division: Division,
    samples: Rendered | None = None,
) -> None:
    """Start a run in ``folder``, or continue the one that is there if it is the same.

    A run that has no student may be given one: nothing that came before depends on it.

    Parameters
    ----------
    folder : Path
        Made if it is absent.
    configuration : TrainConfiguration
    data : Path
        The dataset's folder.
    division : Division
        Which songs choose the best weights; they count as known to the run.
    samples : Rendered, optional
        What stage one learns from, if these are not the shards'.

    Raises
    ------
    CheckpointError
        If ``folder`` holds a run with another configuration, dataset or kind of samples, or a
        torn record.
    ShardError
        If effects are to be known and the manifest does not tell them.
    """
    asked = _asked(configuration, data, division, samples)
    path = folder / "run.json"
    if not path.exists():
        if configuration.stage_one.effects != "none":
            asked["effects"] = EffectLabels.found(data, division.training).record()
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asked, indent=1).encode())
        return
    own, found = read_run(folder)
    joins = own.student is None and configuration.student is not None
    if joins:
        own = own.model_copy(update={"student": configuration.student})
    sizes = (x.model_dump(mode="json") for x in (own, configuration))
    changes = [
        *_differences("configuration", *sizes),
        *_differences("dataset", found.get("dataset"), asked["dataset"]),
        *_differences("fresh", found.get("fresh"), asked.get("fresh")),
    ]
    if changes:
        raise CheckpointError(
            f"{path}: wanted the run that was begun here, found another: "
            f"{'; '.join(changes)}; choose another folder or undo the change"
        )
    if joins:
        found["configuration"] = asked["configuration"]
        write_atomically(path, json.dumps(found, indent=1).encode())


def _asked(
    configuration: TrainConfiguration, data: Path, division: Division, samples: Rendered | None
) -> dict[str, Any]:
    """Return what a new run's ``run.json`` holds, but for its labels of effects."""
    asked: dict[str, Any] = {
        "version": VERSION,
        "configuration": configuration.model_dump(
            mode="json", exclude={"student"} if configuration.student is None else None
        ),
        "dataset": dataset_digest(data),
        "songs": sorted({*songs_of(data, "train"), *division.songs}),
        "validation": division.record(),
        "held_out": songs_of(data, "test"),
        "wetdry": __version__,
    }
    if samples is not None:
        asked |= samples.record()
        asked["songs"] = sorted({*samples.songs, *division.songs})
    return asked


def read_run(folder: Path) -> tuple[TrainConfiguration, dict[str, Any]]:
    """Read what a run folder says about itself.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    configuration : TrainConfiguration
    about : dict
        All of ``run.json``: "songs", "validation", "held_out", "dataset", "wetdry", where
        effects are told or predicted their labels as "effects", and more.

    Raises
    ------
    CheckpointError
        If there is none, or it was written by a newer version.
    """
    about = _read(folder / "run.json")
    try:
        return TrainConfiguration.model_validate(about["configuration"]), about
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            f"{folder / 'run.json'}: wanted a run's configuration, found none that fits this "
            f"version ({str(error).splitlines()[0]}); train again"
        ) from None


def _read(path: Path) -> dict[str, Any]:
    """Read ``run.json``."""
    try:
        about: dict[str, Any] = json.loads(path.read_text("utf-8"))
        version = int(about["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path}: wanted the record of a run, found none ({error}); "
            "name a folder that `wetdry train` wrote"
        ) from None
    if version > VERSION:
        raise CheckpointError(
            f"{path}: wanted version {VERSION} or older, found {version}; upgrade wetdry"
        )
    return about


def _differences(place: str, found: Any, asked: Any) -> list[str]:
    """Say where two JSON values differ."""
    if isinstance(found, dict) and isinstance(asked, dict):
        names = sorted(found.keys() | asked.keys())
        changes = [_differences(f"{place}.{n}", found.get(n), asked.get(n)) for n in names]
        return [change for part in changes for change in part]
    return [] if found == asked else [f"{place} was {found}, is now {asked}"]
