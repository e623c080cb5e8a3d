"""Fresh samples for stage one: rendered while it learns, from the stems of its dataset."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...datasets import Fresh, beyond
from ...datasets.folder import read_record
from ...errors import AudioError
from ..configuration import TrainConfiguration
from ..effect_labels import EffectLabels, stated_in
from ..feeds.feed import Feed
from .journal import note_set_aside
from .pcm import PcmCache
from .ranks import Ranks
from .wanted import EXCERPTS, Wanted, slot_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Flow", "OnTheFly", "Rendered"]


@dataclass(frozen=True)
class OnTheFly:
    """Where a run's fresh samples come from.

    Parameters
    ----------
    stems : Path
        The folder that the dataset was made from.
    catalog : DataFrame
        Of :func:`wetdry.datasets.scan`.
    workers : int
        Processes that render, each with one thread; 0: this one, in a thread beside the steps.
    """

    stems: Path
    catalog: "DataFrame"
    workers: int = 2

    def open(self, data: Path, configuration: TrainConfiguration) -> "Rendered":
        """Open the split "train" of a dataset, of its own recipe and seed.

        Raises
        ------
        CatalogError, ShardError, UsageError
            As :func:`wetdry.datasets.beyond` does.
        """
        told = configuration.stage_one.effects != "none"
        fields = ["mixture", "dry", *(["row"] if told else [])]  # rows cost measuring
        record = read_record(data)
        samples = beyond(data, self.catalog, self.stems, "train", fields=fields)
        return Rendered(
            samples, self.workers, record["stems_sha256"], tuple(record["splits"]["train"])
        )


@dataclass(frozen=True)
class Rendered:
    """What `OnTheFly.open` found.

    Parameters
    ----------
    samples : Fresh
        Endless.
    workers : int
    stems_sha256 : str
        Of all stems of the catalog, as ``dataset.json`` has it.
    songs : tuple of str
        All that may come.
    """

    samples: Fresh
    workers: int
    stems_sha256: str
    songs: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Return what stands in ``run.json``; another of it is another run."""
        whose = {"split": self.samples.split, "stems_sha256": self.stems_sha256}
        return {"fresh": {**whose, "excerpts_per_sample": EXCERPTS}}


class Flow:
    """Fresh samples for the steps of a stage, one after the other.

    Parameters
    ----------
    rendered : Rendered
    held_out : collection of str
        Songs that are never learnt from.
    configuration : TrainConfiguration
    ranks : Ranks
        Which places of the batch are this process's.
    labels : EffectLabels or None
        Of which the samples tell, where they have their rows of the manifest.
    out : Path
        The run's folder; receives a line in ``set_aside.jsonl`` for what cannot be rendered.
    """

    def __init__(
        self,
        rendered: Rendered,
        held_out: Collection[str],
        configuration: TrainConfiguration,
        ranks: Ranks,
        labels: EffectLabels | None,
        out: Path,
    ) -> None:
        budget = configuration.stage_one
        size = budget.batch // budget.parts
        own = (range(part * size, (part + 1) * size) for part in ranks.own(budget.parts))
        self.wanted = Wanted(
            rendered.samples, frozenset(held_out), budget.curriculum, configuration.seed,
            budget.batch, tuple(chain.from_iterable(own)),
        )  # fmt: skip
        self.workers = rendered.workers
        self.labels = labels
        self.out = out
        self._feed: Feed | None = None
        self._given: Iterator[dict[str, Any]] = iter(())
        self._heard: dict[int, tuple[int, PcmCache]] = {}

    def of(self, step: int, places: Sequence[int]) -> Iterator[tuple[int, PcmCache, int]]:
        """Yield for places of a step what `excerpts_of` cuts from; steps must follow each other.

        Raises
        ------
        AudioError
            If nothing can be rendered, or a process that renders was lost.
        """
        if self._feed is None:
            self._begin(step)
        for place in places:
            slot = slot_of(step, place, self.wanted.batch)
            if place not in self._heard or self._heard[place][0] != slot:
                self._heard[place] = slot, self._next(slot)
            yield place, self._heard[place][1], 0

    def close(self) -> None:
        """End the processes that render."""
        if self._feed is not None:
            self._feed.close()

    def _begin(self, step: int) -> None:
        """Have the first samples rendered from a step on."""
        wanted = replace(self.wanted, begin=step)
        self._feed = Feed(wanted, batch=1, workers=self.workers, rank=0, ranks=1)
        self._given = iter(self._feed)

    def _next(self, slot: int) -> PcmCache:
        """Wait for the sample of a slot."""
        try:
            found = {name: values[0] for name, values in next(self._given).items()}
        except RuntimeError as error:  # torch's word for a worker that is gone
            raise AudioError(
                f"a process that renders was lost ({error}); run the same again, it goes on from "
                "the last checkpoint; where memory is short, with fewer --workers"
            ) from error
        note_set_aside(self.out, found["set_aside"])
        if found["failure"]:
            raise AudioError(found["failure"])
        assert found["slot"] == slot
        cache = PcmCache(found["pcm"].numpy(), found["items"])
        if self.labels is None:
            return cache
        key = cache.items[0]["key"]
        return cache.knowing({key: self.labels.states(stated_in(found["labels"]))})
