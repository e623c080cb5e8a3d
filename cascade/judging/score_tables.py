"""Scores as tables: one to compute with, and a short one to read."""

import pandas as pd

from ...audio import STEM_CLASSES
from ..metrics.fidelity import METRICS
from .cases import SYSTEMS
from .clouds import ALL
from .clusters import MEAN
from .summary import grouped_summary, in_order, summary

__all__ = ["condensed", "score_table", "written"]

FRECHET = ("total", "mean_term", "covariance_term")


def condensed(scores: pd.DataFrame, frechet: pd.DataFrame | None) -> pd.DataFrame:
    """Return all means in one long table, with the Frechet distances.

    Parameters
    ----------
    scores : DataFrame
        As ``described`` returns it.
    frechet : DataFrame or None
        As ``frechet_table`` returns it.

    Returns
    -------
    DataFrame
        ``by, group, system, stem_class, metric, mean, low, high, count, clusters, skipped``;
        metrics such as ``frechet_musicnn``, ``frechet_musicnn_mean_term`` and
        ``frechet_musicnn_covariance_term`` have the number of items as ``count`` and no interval.
        Metrics that were not asked for have no rows.
    """
    whole = summary(scores)
    tables = [whole.assign(by=ALL, group=ALL), grouped_summary(scores)]
    tables += [_frechet_lines(frechet)] if frechet is not None else []
    order = ["by", "group", "system", "stem_class", "metric", "mean", "low", "high", "count",
             "clusters", "skipped"]  # fmt: skip
    return pd.concat([table for table in tables if len(table)])[order].reset_index(drop=True)


def _frechet_lines(frechet: pd.DataFrame) -> pd.DataFrame:
    """Return the distances as lines of the long table."""
    rows = [
        {
            "by": ALL if line["medium"] == ALL else "medium", "group": line["medium"],
            "system": line["system"], "stem_class": line["stem_class"],
            "metric": f"frechet_{line['embedding']}" + ("" if term == "total" else f"_{term}"),
            "mean": line[term], "count": line["items"],
        }
        for line in frechet.to_dict("records")
        for term in FRECHET
    ]  # fmt: skip
    columns = ["by", "group", "system", "stem_class", "metric", "mean", "low", "high", "count",
               "clusters", "skipped"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"low": "float64", "high": "float64"})


def written(table: pd.DataFrame) -> bytes:
    """Return a table as CSV with six digits."""
    return bytes(table.to_csv(index=False, float_format="%.6g"), "utf-8")


def score_table(
    table: pd.DataFrame, paired: pd.DataFrame, frechet: pd.DataFrame | None = None
) -> str:
    """Return the means by system and class, by medium, and the paired tests of the best, as text.

    Parameters
    ----------
    table : DataFrame
        As ``condensed`` returns it.
    paired : DataFrame
        As ``paired_tests`` returns it.
    frechet : DataFrame, optional
        As ``frechet_table`` returns it.
    """
    lines = []
    for metric in METRICS:
        own = table[(table["metric"] == metric) & (table["by"] == ALL)]
        if own["mean"].notna().any():
            lines += [_titled(metric), _wide(own, "stem_class", (*STEM_CLASSES, MEAN)), ""]
    lines += _distances(frechet) if frechet is not None else []
    lines += _by_medium(table)
    lines += _tests(paired)
    return "\n".join(lines).rstrip()


def _titled(metric: str) -> str:
    """Return a metric's name and which way is up."""
    return f"{metric} ({'higher' if metric.endswith('_db') else 'lower'} is better)"


def _wide(own: pd.DataFrame, columns: str, order: tuple[str, ...]) -> str:
    """Lay means out as systems by something, with the interval of the last column."""
    wide = own.pivot(index="system", columns=columns, values="mean")
    wide = wide.reindex(
        index=in_order(own["system"], SYSTEMS), columns=in_order(map(str, wide), order)
    )
    wide = wide.dropna(axis="columns", how="all").rename_axis(None)
    shown = wide.map(_shown)
    if MEAN in shown:
        bounds = own[own[columns] == MEAN].set_index("system")
        around = [f"{_shown(bounds['low'][s])} to {_shown(bounds['high'][s])}" for s in shown.index]
        shown["95 %"] = around
    return shown.to_string()


def _shown(value: float) -> str:
    """Show a score; zero has no sign, and small distances have three digits."""
    if pd.isna(value):
        return "-"
    places = 4 if 0.0001 <= abs(value) < 0.1 else 2
    return f"{round(value, places) + 0.0:.{places}f}"


def _chance(value: float) -> str:
    """Show a probability; nothing where one cluster leaves nothing to turn."""
    return "-" if pd.isna(value) else f"{value:.2g}"


def _distances(frechet: pd.DataFrame) -> list[str]:
    """Lay the Frechet distances out, with both terms and how many items they are of."""
    lines = []
    for embedding, own in frechet[frechet["medium"] == ALL].groupby("embedding", sort=False):
        total = own.pivot(index="system", columns="stem_class", values="total")
        shown = total.map(_shown)
        for line in own.to_dict("records"):
            terms = f" ({_shown(line['mean_term'])}+{_shown(line['covariance_term'])})"
            shown.loc[line["system"], line["stem_class"]] += terms
        counts = own.groupby("stem_class")["items"].max()
        shown.loc["N"] = [str(counts[name]) for name in shown.columns]
        shown = shown.reindex(
            index=[*in_order(own["system"], SYSTEMS), "N"],
            columns=in_order(shown.columns, STEM_CLASSES),
        )
        text = shown.rename_axis(None).rename_axis(None, axis="columns").to_string()
        lines += [f"Frechet distance, {embedding}: total (mean+covariance)", text, ""]
    return lines


def _by_medium(table: pd.DataFrame) -> list[str]:
    """Lay the first metric out by medium."""
    own = table[(table["by"] == "medium") & (table["stem_class"] == MEAN)]
    own = own[own["metric"] == "mmsnr_db"]
    if own["mean"].isna().all():
        return []
    return ["mmsnr_db by medium, mean of the classes", _wide(own, "group", ()), ""]


def _tests(paired: pd.DataFrame) -> list[str]:
    """Say by how much the last system is above the others."""
    own = paired[paired["stem_class"] == MEAN]
    lines = []
    for metric in ("mmsnr_db", "si_sdr_db", "zimtohrli"):
        part = own[(own["metric"] == metric) & own["mean"].notna()]
        part = part[part["system"] == part["system"].iloc[-1]] if len(part) else part
        lines += [
            f"{metric}: {line['system']} minus {line['against']} {_shown(line['mean'])} "
            f"({_shown(line['low'])} to {_shown(line['high'])}), p = {_chance(line['p'])}"
            for line in part.to_dict("records")
            if line["against"] not in ("silence",)
        ]
    head = "paired on the same stems, mean of the classes, sign-flip test by cluster"
    return [head, *lines] if lines else []
