"""Long tables of a report: their rows lie in the page as JSON, and a script shows them in pages."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .page import Markup, sentence, table, tag

__all__ = ["MOST_ROWS", "PAGE_ROWS", "Column", "long_table"]

PAGE_ROWS = 50
MOST_ROWS = 20_000
"""Rows that a page carries, so that its size is bounded."""


@dataclass(frozen=True)
class Column:
    """A column of a long table.

    Parameters
    ----------
    title : str
        With unit.
    cells : sequence of str, or of float
        Numbers may be NaN or None: they are shown as a dash and sorted last.
    decimals : int or None
        Of numbers, to which they are rounded; None for text.
    """

    title: str
    cells: Sequence[Any]
    decimals: int | None = None


def long_table(name: str, columns: Sequence[Column]) -> Markup:
    """Return a table that pages, sorts, and is filtered by column; bare, it shows its first rows.

    Parameters
    ----------
    name : str
        What its rows are, in the plural: "samples".
    columns : sequence of Column
        At least one, all equally long.
    """
    number = len(columns[0].cells)
    kept = [Column(c.title, list(c.cells[:MOST_ROWS]), c.decimals) for c in columns]
    stored = [_stored(column) for column in kept]
    data = json.dumps(stored, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    script = tag("script", Markup(data.replace("<", "\\u003c")), type="application/json")
    first = [[_shown(c, row) for c in kept] for row in range(min(PAGE_ROWS, number))]
    bare = table([column.title for column in columns], first)
    parts = [script, bare]
    if number > MOST_ROWS:
        rest = f"The first {MOST_ROWS:,} of {number:,} {name}; all of them stand in the dataset."
        parts.append(sentence(rest))
    return tag("div", *parts, class_="long", data_name=name, data_rows=str(PAGE_ROWS))


def _stored(column: Column) -> dict[str, Any]:
    """Return a column as JSON: numbers, or texts that are each written once."""
    if column.decimals is not None:
        cells = [_rounded(cell, column.decimals) for cell in column.cells]
        return {"title": column.title, "decimals": column.decimals, "cells": cells}
    words = list(dict.fromkeys(map(str, column.cells)))
    places = {word: place for place, word in enumerate(words)}
    cells = [places[str(cell)] for cell in column.cells]
    return {"title": column.title, "words": words, "cells": cells}


def _rounded(cell: Any, decimals: int) -> float | None:
    """Return a number as it is shown; None where there is none."""
    if cell is None or not math.isfinite(cell):
        return None
    return round(float(cell), decimals) + 0.0 if decimals else round(float(cell))


def _shown(column: Column, row: int) -> str:
    """Return a cell as text, as the script shows it."""
    cell = column.cells[row]
    if column.decimals is None:
        return str(cell)
    number = _rounded(cell, column.decimals)
    return "–" if number is None else f"{number:.{column.decimals}f}".replace("-", "−")
