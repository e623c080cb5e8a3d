"""Fit: the priors of a recipe set so that what it makes is like a folder of released mixes."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from ...errors import CatalogError, UsageError
from ...manifests.files import write_atomically
from ...mixing.recipes import Recipe, parse_recipe
from ..scanning.catalog import faults
from .bench import Bench, Made, values
from .moment_matching import ENOUGH, Values, first_controls, moved
from .recipe import Base, Controls
from .released import Files, find_released, once
from .table import Row, compare, score

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["FitOrder", "Fitted", "fit", "summary"]

BALANCES = {
    "released": "balances of the songs beside them",
    "stems": "balances of the dry stems at their recorded level",
    "nothing": "no balances",
}


@dataclass(frozen=True)
class FitOrder:
    """What is asked of a fit.

    Parameters
    ----------
    recipe : str
        A preset or a YAML file to start from.
    out : Path
        Where the fitted recipe goes, as YAML; its report goes beside it, as JSON.
    samples : int
        Excerpts of the released mixes in each half, and samples of the recipe in each round.
    rounds : int
    seed : int
    balances : bool
        Whether the loudness of the classes is fitted, too.
    settings : mapping of str to number
        ``seconds`` and ``sample_rate`` in place of the recipe's own.
    """

    recipe: str
    out: Path
    samples: int = 64
    rounds: int = 4
    seed: int = 0
    balances: bool = True
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Fitted:
    """What came of a fit.

    Parameters
    ----------
    rows : list of Row
        The table, on held-out mixes and fresh draws.
    scores : list of float
        Mean normalised distance of what is fitted, to the half that is fitted to: before, and
        after each round. The recipe of the best round is written.
    excerpts : dict of str to int
        How many were measured of mixes, and of songs of stems.
    balances_of : str
        Where the balances were measured: "released", "stems" or "nothing".
    output_gain_db : float
        Mean gain by which samples of the recipe are turned down so that their dry stems fit below
        full scale; loudness and peaks were measured before it.
    set_aside : list of dict
        ``what``, ``reason``, ``cure``.
    """

    rows: list[Row]
    scores: list[float]
    excerpts: dict[str, int]
    balances_of: str
    output_gain_db: float
    set_aside: list[dict[str, str]]


@dataclass(frozen=True)
class _Released:
    """What was measured of the released mixes, in halves."""

    halves: tuple[Values, Values]
    excerpts: dict[str, int]
    balances_of: str
    sample_rate: int


def fit(
    folder: Path,
    stems: Path,
    catalog: "DataFrame",
    order: FitOrder,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Fitted:
    """Fit a recipe to released mixes, and write it with its report.

    Parameters
    ----------
    folder : Path
        Mixes, at any depth; beside them perhaps songs as ``<song>/<Class>/*.wav`` at the level
        of their mix, whose balances are then those that are fitted to.
    stems : Path
        Dry stems to render from; also to measure balances on, if ``folder`` has no songs.
    catalog : DataFrame
        Of :func:`wetdry.datasets.scan`.
    order : FitOrder
    workers : int
        Processes; the result does not depend on it.
    progress : callable, optional
        Called with how much is done, and of how much.

    Raises
    ------
    CatalogError
        If there is too little to measure.
    RecipeError, UsageError
        If the recipe is none, or ``out`` is not where one could go.
    """
    base = _base(order)
    untouched = _parsed(base.text(None), order.out)
    total = (order.rounds + 3) * order.samples
    bench = Bench(stems, catalog, order.samples, order.seed, workers, progress, total)
    bench.set_aside += faults(catalog)
    released = _released(folder, bench, untouched, order.balances)
    first, fresh = bench.made((untouched, "fit"), (untouched, "held_out"))
    text, scores = _search(base, first, released, bench, order)
    (final,) = bench.made((_parsed(text, order.out), "held_out"))
    rows = compare(released.halves, _features(fresh), _features(final))
    turned_down_db = fmean(sample.output_gain_db for sample in final)
    fitted = Fitted(
        rows, scores, released.excerpts, released.balances_of, turned_down_db, once(bench.set_aside)
    )
    _write(text, order, fitted)
    return fitted


def _base(order: FitOrder) -> Base:
    """Read the recipe to start from, and refuse an order that cannot end well."""
    if order.out.suffix not in (".yaml", ".yml"):
        raise UsageError(f"--out: wanted a name that ends in .yaml, found {order.out.name!r}")
    if order.rounds < 1 or order.samples < ENOUGH:
        raise UsageError(
            f"wanted at least 1 round of {ENOUGH} samples, found {order.rounds} of {order.samples}"
        )
    return Base.read(order.recipe, order.out, order.settings)


def _parsed(text: str, out: Path) -> Recipe:
    """Read a recipe as if it stood where it will stand."""
    return parse_recipe(text, out.name, out.parent, {})


def _features(made: Sequence[Made]) -> Values:
    """Gather the features of samples."""
    return values(sample.features for sample in made)


def _search(
    base: Base, first: Sequence[Made], released: _Released, bench: Bench, order: FitOrder
) -> tuple[str, list[float]]:
    """Return the text of the best recipe, and the scores on the way to it.

    Every round has the same draws, so that all that changes is what was moved.
    """
    wanted, had = released.halves[0], _features(first)
    controls = _start(base, first, released)
    scores, texts = [score(wanted, had)], []
    for _ in range(order.rounds):
        controls = moved(controls, wanted, had, released.sample_rate)
        texts.append(base.text(controls))
        (made,) = bench.made((_parsed(texts[-1], order.out), "fit"))
        had = _features(made)
        scores.append(score(wanted, had))
    return texts[scores.index(min(scores[1:]), 1) - 1], scores


def _start(base: Base, made: Sequence[Made], released: _Released) -> Controls:
    """Return the controls that stand for the recipe as it is, of what can be fitted."""
    wanted, levels = released.halves[0], dict[str, list[float]]()
    for name, lufs in (level for sample in made for level in sample.levels):
        if len(wanted.get(f"{name}_over_mix_db", ())) >= ENOUGH:
            levels.setdefault(name, []).append(lufs)
    driven = [s.mix_loudness_lufs for s in made if s.mix_loudness_lufs is not None]
    drive = driven if base.steps else []
    return first_controls(_features(made), levels, drive, released.sample_rate)


def _released(folder: Path, bench: Bench, recipe: Recipe, balances: bool) -> _Released:
    """Measure the released mixes, and how loud the classes are in songs."""
    found = find_released(folder)
    bench.set_aside += found.set_aside
    own = {song: _files(files) for song, files in found.songs.items()}
    of = ("released" if own else "stems") if balances else "nothing"
    songs = {
        "released": (folder, own),
        "stems": (bench.stems, _songs(bench.catalog)),
        "nothing": (folder, {}),
    }
    listed = {file: (("", file),) for file in found.mixes}
    mixes, balanced = bench.released([(folder, listed), songs[of]], recipe)
    if min(map(len, mixes)) < ENOUGH:
        why = f"; {bench.set_aside[-1]['reason']}" if bench.set_aside else ""
        raise CatalogError(
            f"{folder}: wanted {2 * ENOUGH} excerpts of {recipe.seconds:g} s of released mixes, "
            f"found {sum(map(len, mixes))} in {len(found.mixes)} files{why}; give more mixes, "
            "or fewer --seconds"
        )
    fit_to, held_out = (values([*mixes[half], *balanced[half]]) for half in (0, 1))
    excerpts = {"mixes": sum(map(len, mixes)), "songs": sum(map(len, balanced))}
    return _Released((fit_to, held_out), excerpts, of, recipe.sample_rate)


def _files(files: Mapping[str, str]) -> Files:
    """Return a song's stems, class first."""
    return tuple((name, file) for file, name in files.items())


def _songs(catalog: "DataFrame") -> dict[str, Files]:
    """Return the good stems of a catalog by song."""
    good = catalog[catalog["fault"].isna()]
    return {
        str(song): tuple(zip(group["stem_class"], group["file"], strict=True))
        for song, group in good.groupby("song")
    }


def _write(text: str, order: FitOrder, fitted: Fitted) -> None:
    """Write the recipe, with a word on how it came about, and the report beside it."""
    best = min(fitted.scores[1:])
    counted = " and ".join(f"{n} excerpts of {what}" for what, n in fitted.excerpts.items() if n)
    remarks = (
        f"By 'wetdry fit' from {Path(order.recipe).name}, to {counted}.",
        f"Mean distance of what is fitted, in deviations of the released mixes: "
        f"{fitted.scores[0]:.2f} before, {best:.2f} after.",
    )
    report = {
        "recipe": Path(order.recipe).name,
        "samples": order.samples,
        "rounds": order.rounds,
        "seed": order.seed,
        **asdict(replace(fitted, rows=[])),
        "rows": [asdict(row) for row in fitted.rows],
    }
    commented = "".join(f"# {remark}\n" for remark in remarks) + text
    write_atomically(order.out, commented.encode())
    report_text = json.dumps(report, indent=1) + "\n"
    write_atomically(order.out.with_suffix(".json"), report_text.encode())


def summary(fitted: Fitted) -> str:
    """Return in a few lines what came of a fit, to be read below its table."""
    counts = Counter(row.verdict for row in fitted.rows)
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
    scores = ", ".join(f"{score:.2f}" for score in fitted.scores)
    return "\n".join(
        (
            "mean ± deviation of the held-out half of the mixes, and of fresh draws before and",
            "after the fit; Wasserstein distance of these draws, and of the other half of the",
            f"mixes, in the feature's unit; {BALANCES[fitted.balances_of]};",
            f"levels are those before the output gain ({fitted.output_gain_db:.1f} dB on average),",
            "which makes room for the peaks of dry stems",
            f"{verdicts}; mean distance of what is set, in deviations, round by round: {scores}",
        )
    )
