"""Section of a run's report: how well it predicts what was done."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ...datasets.reports.page import Section, details, table, tag
from ...errors import CheckpointError

if TYPE_CHECKING:
    import pandas

__all__ = ["labels_section"]

HEAD = ["", "N", "have it", "chance", "without listening", "average precision"]


def labels_section(path: Path) -> list[Section]:
    """Return the table of ``labels.csv``, classes folded away; nothing where there is none.

    Raises
    ------
    CheckpointError
        If the file is not one that ``wetdry evaluate`` wrote.
    """
    import pandas as pd

    if not path.exists():
        return []
    try:
        found = pd.read_csv(path, dtype={"count": "Int64", "positives": "Int64"})
        found["remark"] = found["remark"].astype(object).fillna("")
        whole = found["stem_class"] == "all"
        shown, by_class = _rows(found[whole]), _rows(found[~whole])
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{path}: not a whole table of labels ({str(error)[:80]}); judge the run again"
        ) from None
    note = (
        "Average precision of the labels that stage one predicts. Chance has the prevalence; "
        "without listening: who knows the class, and how common the label was there in training."
    )
    folded = [details("By class", table(HEAD, by_class, "numbers"))] if by_class else []
    card = tag("div", table(HEAD, shown, "numbers"), *folded, class_="card")
    return [Section("Effect labels", note, (card,))]


def _rows(found: "pandas.DataFrame") -> list[list[str]]:
    """Return the rows of a table on the page."""
    rows = []
    for line in found.to_dict("records"):
        of = line["stem_class"]
        name = str(line["label"]) if of == "all" else f"{line['label']}, {of}"
        counts = [_count(line["count"]), _count(line["positives"])]
        columns = ("prevalence", "without_listening", "average_precision")
        numbers = [_share(float(line[column])) for column in columns]
        rows.append([name, *counts, *numbers[:2], str(line["remark"]) or numbers[2]])
    return rows


def _count(value: object) -> str:
    """Show a number of stems that may be missing."""
    return str(value) if isinstance(value, int) else "–"


def _share(value: float) -> str:
    """Show a share, if there is one."""
    return f"{value:.2f}" if math.isfinite(value) else "–"
