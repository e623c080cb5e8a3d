"""Fresh samples: rendered when they are asked for, the same to the bit as a shard would hold.

What stands at an index follows from order, catalog, split and index alone, as in
:func:`wetdry.datasets.generate`; so does whether it is set aside.
"""

import json
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..audio import Audio, as_read, suffix_of
from ..degradations import plugins_allowed
from ..degradations.own_effects import use_origin
from ..degradations.plugins.plugin import are_allowed
from ..errors import AudioError, CatalogError, UsageError
from ..mixing.drawing import Drawer
from ..mixing.facts import Facts
from ..mixing.observing import UNSEEN
from ..mixing.sessions import Session
from ..mixing.songs import songs_of
from ..seeds import stream
from .fields import wanted_members
from .jobs import Means
from .plans.files import planned_by_hand
from .plans.plan import Order, drawn_from, row_of
from .plans.spares import packed
from .plans.splits import sample_counts
from .provenance import origins
from .render import render
from .samples import audios_of, manifest_row, member_names, pcm_digest, pcm_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Chance", "Fresh", "SetAside", "fresh", "render_fields"]

CANDIDATES = 256
"""Sessions that are drawn for an index of which each has only a chance."""

Chance = Callable[[Session, int], float]
"""Called with a drawn session and the index that it would stand at: from 0, never, to 1."""


class SetAside(AudioError):
    """A sample cannot be rendered; :func:`wetdry.datasets.generate` leaves it out, too.

    Parameters
    ----------
    what, reason : str
        Its key, and why.
    """

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what = what
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}; look at the stem or the recipe"


def fresh(
    order: Order,
    catalog: "DataFrame",
    stems: Path | str,
    split: str,
    *,
    fields: str | Sequence[str] = ("mixture", "dry"),
    endless: bool = False,
    chance: Chance | None = None,
    planned: "DataFrame | None" = None,
) -> "Fresh":
    """Open a split that is rendered sample by sample, instead of read.

    Parameters
    ----------
    order : Order
    catalog : DataFrame
        Of :func:`wetdry.datasets.scan`.
    stems : Path or str
        The folder that was scanned.
    split : str
    fields : str or sequence of str
        As :func:`wetdry.datasets.read` takes them, but for "outputs.NAME". "row" costs the
        measuring of every step and lag.
    endless : bool
        Whether indices go on beyond the order's number of samples.
    chance : callable, optional
        Which drawn sessions are worth rendering: index ``i`` is then the first of the sessions
        ``256 i`` to ``256 i + 255`` that has luck. Needs ``endless``. It is pickled to workers.
    planned : DataFrame, optional
        A plan of :func:`wetdry.datasets.write_plan`, filtered or edited: its rows of the split
        are the samples.

    Returns
    -------
    Fresh

    Raises
    ------
    CatalogError
        If the stems cannot feed the order, or it has no such split.
    UsageError
        If the plan is none, or ``chance``, ``endless`` and ``planned`` contradict each other.
    ShardError
        If a field would not be there.
    """
    if (chance is not None and not endless) or (planned is not None and endless):
        raise UsageError(
            "fresh: wanted 'chance' with endless=True, or a plan, or neither; found "
            f"endless={endless}{', a chance' if chance else ''}"
            f"{', a plan' if planned is not None else ''}"
        )
    songs, dealt = songs_of(catalog), drawn_from(order, catalog)
    if split not in dealt:
        raise CatalogError(f"split: wanted one of {', '.join(dealt)}, found {split!r}")
    rows = None
    count = None if endless else sample_counts(order.splits, dealt, order.samples)[split]
    if planned is not None:
        with planned_by_hand(planned, order, catalog) as (proved, _):
            rows = [row for row in proved if row["split"] == split]
        count = len(rows)
    recipe, own = order.recipe, tuple(origins(order.recipe).values())
    folder, plugins, spares = recipe.folder, are_allowed(), packed(recipe)
    means = Means(Path(stems), folder, order.bits, plugins, own, spares=spares)
    return Fresh(
        order,
        split,
        Drawer(recipe, [songs[song] for song in dealt[split]]),
        dict(zip(catalog["file"], catalog["sha256"], strict=True)),
        means,
        (fields,) if isinstance(fields, str) else tuple(fields),
        count,
        rows,
        chance,
    )


class Fresh:
    """Samples as a :class:`Reader` gives them, rendered anew: ``samples[17]``.

    Made by :func:`fresh`. It holds no open file and can be pickled to other processes.

    Parameters
    ----------
    order : Order
    split : str
    drawer : Drawer
        Of the split's songs.
    digests : mapping
        Of the stems' files.
    means : Means
    fields : tuple of str
    count : int or None
        None: endless.
    rows : list of dict or None
        Of a plan, in place of what would be drawn.
    chance : callable or None
    """

    def __init__(
        self,
        order: Order,
        split: str,
        drawer: Drawer,
        digests: Mapping[str, str],
        means: Means,
        fields: tuple[str, ...],
        count: int | None,
        rows: list[dict[str, Any]] | None,
        chance: Chance | None,
    ) -> None:
        self.order = order
        self.split = split
        self.fields = fields
        self.count = count
        self._drawer = drawer
        self._digests = digests
        self._means = means
        self._rows = rows
        self._chance = chance
        if count != 0:
            self._check_fields()

    def _check_fields(self) -> None:
        """Refuse a field that no sample has, before anything is rendered."""
        session = Session.from_row(self.plan_row(0)["session"])
        members = member_names(session, self._means.bits)
        for field in self.fields:
            wanted_members(field, members, "a fresh sample")

    def __getstate__(self) -> tuple[Any, bytes]:
        """Pickle the effects of others apart: they must be known before recipes are read."""
        return self._means.effects, pickle.dumps(self.__dict__)

    def __setstate__(self, state: tuple[Any, bytes]) -> None:
        """Make the effects of others known in this process first."""
        for origin in state[0]:
            use_origin(origin)
        self.__dict__.update(pickle.loads(state[1]))

    def __len__(self) -> int:
        if self.count is None:
            raise TypeError("these samples are endless: they have no length")
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Render one sample.

        Raises
        ------
        SetAside
            If it cannot be rendered.
        """
        row = self.plan_row(index)
        try:
            with plugins_allowed(self._means.plugins):  # this may be another process
                return render_fields(row, self._means, self.fields)
        except AudioError as error:
            reason = str(error).replace(f"{self._means.stems}/", "")
            raise SetAside(row["key"], reason) from None

    def excerpt(self, index: int, start: int, frames: int) -> dict[str, Any]:
        """Render one sample and cut a part out of it, as :meth:`Reader.excerpt` reads it."""
        cut, there = slice(start, start + frames), self.length(index)[0]
        if not 0 <= start <= start + frames <= there:
            raise AudioError(
                f"wanted {frames} frames from frame {start} on, found {there} in all; "
                "ask for frames that are there"
            )

        def part(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: part(audio) for name, audio in value.items()}
            return np.ascontiguousarray(value[:, cut])

        said = ("key", "sample_rate", "row")
        sample = self[index]
        return {name: v if name in said else part(v) for name, v in sample.items()}

    def length(self, index: int) -> tuple[int, int]:
        """Return how many samples of audio a sample has, and its sample rate in Hz."""
        self._check_index(index)
        recipe = self.order.recipe
        return round(recipe.seconds * recipe.sample_rate), recipe.sample_rate

    def plan_row(self, index: int) -> dict[str, Any]:
        """Return the row of the plan that stands at an index, drawn and not rendered."""
        self._check_index(index)
        if self._rows is not None:
            return self._rows[index]
        number, session = self._drawn(index)
        return row_of(self.order, self.split, number, session, self._digests)

    def _drawn(self, index: int) -> tuple[int, Session]:
        """Draw the session that stands at an index; return its own number, too."""
        seed, split = self.order.seed, self.split
        if self._chance is None:
            return index, self._drawer.planned(seed, split, index)
        for number in range(CANDIDATES * index, CANDIDATES * (index + 1)):
            session = self._drawer.planned(seed, split, number)
            if stream(seed, split, number, "chance").random() < self._chance(session, index):
                return number, session
        raise UsageError(
            f"chance: of {CANDIDATES} sessions drawn for index {index} none had luck; "
            "write a recipe that draws more of what is wanted"
        )

    def _check_index(self, index: int) -> None:
        """Refuse an index at which nothing stands."""
        if not 0 <= index < (self.count if self.count is not None else index + 1):
            raise IndexError(f"wanted a sample from 0 to {len(self) - 1}, found {index}")


def render_fields(plan: dict[str, Any], means: Means, fields: Sequence[str]) -> dict[str, Any]:
    """Render fields of one row of a plan, as a reader would read them from its shard.

    Raises
    ------
    AudioError, AssetError
        As :func:`wetdry.datasets.make_sample` does.
    """
    plan = means.completed(plan)
    session = Session.from_row(plan["session"])
    facts = Facts() if "row" in fields else None
    mix = render(session, means.stems, means.assets, facts or UNSEEN, lags=facts is not None)
    audios = audios_of(session, mix)
    pcm = {  # all of them: what one cannot hold sets the sample aside, whatever is asked for
        name: pcm_of(_silence(session) if audio is None else audio, means.bits)
        for name, audio in audios.items()
    }
    suffix = suffix_of(means.bits)
    found: dict[str, Any] = {f"{name}.{suffix}": as_read(whole) for name, whole in pcm.items()}
    if facts:
        digests = {name: pcm_digest(whole) for name, whole in pcm.items()}
        row = manifest_row(plan, session, mix, facts.steps, digests)
        found["json"] = json.loads(json.dumps(row))
    sample = {"key": plan["key"], "sample_rate": session.sample_rate}
    for field in fields:
        wanted = wanted_members(field, found, plan["key"])
        if isinstance(wanted, str):
            sample[field] = found[wanted]
        else:
            sample[field] = {name: found[member] for name, member in wanted.items()}
    return sample


def _silence(session: Session) -> Audio:
    """Return what is written of a class that a session does not have."""
    return np.zeros((2, session.samples), np.float32)
