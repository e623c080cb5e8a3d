"""What the dial trades: how exact against how plausible, position by position."""

from typing import Any

import pandas as pd

from ..restoring.dial import position_of
from .clouds import ALL
from .clusters import MEAN
from .summary import summary

__all__ = ["EXACT", "TERMS", "trade_off", "trade_off_table"]

EXACT = ("mmsnr_db", "si_sdr_db")
TERMS = ("mean_term", "covariance_term", "total")


def trade_off(scores: pd.DataFrame, frechet: pd.DataFrame | None) -> pd.DataFrame:
    """Return a row for each position of the dial, from plausible to faithful.

    Parameters
    ----------
    scores : DataFrame
        As ``score`` returns it, with the systems "stage_one" and "cascade" (the ends of the
        dial) and any between (see ``dial.system_at``).
    frechet : DataFrame or None
        As ``frechet_table`` returns it.

    Returns
    -------
    DataFrame
        ``dial``, ``system``; ``mmsnr_db`` and ``si_sdr_db`` as means of the classes with
        ``_low`` and ``_high`` where they were scored; for each embedding, such as musicnn,
        ``frechet_musicnn_mean_term``, ``_covariance_term`` and ``_total``, means of the classes.
        Empty where nothing stands between the ends.
    """
    where = {name: position_of(name) for name in scores["system"].unique()}
    places = {name: place for name, place in where.items() if place is not None}
    if not any(0 < place < 1 for place in places.values()):
        return pd.DataFrame(columns=["dial", "system"])
    own = scores[scores["system"].isin(list(places))]
    found = summary(own)
    means = found[(found["stem_class"] == MEAN) & found["metric"].isin(EXACT)]
    rows = []
    for system in sorted(places, key=lambda name: places[name]):
        row: dict[str, Any] = {"dial": places[system], "system": system}
        for line in means[means["system"] == system].to_dict("records"):
            metric = line["metric"]
            row |= {metric: line["mean"], f"{metric}_low": line["low"]}
            row[f"{metric}_high"] = line["high"]
        rows.append(row | _distances(frechet, system))
    return pd.DataFrame(rows)


def _distances(frechet: pd.DataFrame | None, system: str) -> dict[str, float]:
    """Return the means over the classes of both terms and of their sum."""
    if frechet is None:
        return {}
    own = frechet[(frechet["medium"] == ALL) & (frechet["system"] == system)]
    return {
        f"frechet_{embedding}_{term}": float(part[term].mean())
        for embedding, part in own.groupby("embedding", sort=False)
        for term in TERMS
    }


def trade_off_table(scores: pd.DataFrame, frechet: pd.DataFrame | None) -> str:
    """Return the trade-off as text to be read.

    Parameters are those of :func:`trade_off`.
    """
    found = trade_off(scores, frechet)
    if found.empty:
        return "the dial: nothing was scored between its ends, stage one (0) and cascade (1)"
    bounds = [name for name in map(str, found) if name.endswith(("_low", "_high"))]
    shown = found.drop(columns=["system", *bounds]).set_index("dial").rename_axis(None)
    shown = shown.rename(columns=lambda name: name.removeprefix("frechet_"))
    head = "the dial, from plausible (0) to faithful (1), means of the classes"
    return "\n".join([head, shown.to_string(float_format=lambda value: f"{value:.3f}")])
