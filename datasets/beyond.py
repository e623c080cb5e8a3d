"""Beyond a dataset: the samples of its recipe and seed, rendered afresh, endlessly."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CatalogError, RecipeError, UsageError
from .folder import BY_HAND, locate, read_record
from .fresh import Fresh, fresh
from .inputs import means_of, recipe_of
from .plans.plan import Order
from .plans.splits import Split

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["beyond"]


def beyond(
    dataset: Path,
    catalog: "DataFrame",
    stems: Path,
    split: str,
    *,
    fields: str | Sequence[str] = ("mixture", "dry"),
) -> Fresh:
    """Open a split of a dataset that goes on where its shards end, rendered sample by sample.

    Sample ``i`` is what the shards hold at index ``i``, to the bit where the libraries have the
    versions that ``dataset.json`` names; those after the last are what a larger dataset of the
    same order would hold.

    Parameters
    ----------
    dataset : Path
        A folder that :func:`wetdry.datasets.generate` wrote: its recipe, seed and songs count.
    catalog : DataFrame
        Of :func:`wetdry.datasets.scan`, of the stems that it was made from.
    stems : Path
        The folder that was scanned.
    split : str
    fields : str or sequence of str
        As :func:`wetdry.datasets.fresh` takes them.

    Returns
    -------
    Fresh
        Endless.

    Raises
    ------
    CatalogError
        If the catalog is of other stems, or the dataset has no such split.
    ShardError
        If there is no dataset, or its recipe cannot be read here.
    UsageError
        If its plan was made by hand: then no recipe says what comes after it.
    """
    order = _order_of(dataset, stems)
    wanted, found = (
        read_record(dataset)["stems_sha256"],
        order.record(catalog, {})["stems_sha256"],
    )
    if found != wanted:
        raise CatalogError(
            f"{stems}: wanted the stems that {dataset} was made from (sha256 {wanted[:16]} of "
            f"all), found others ({found[:16]}); give that folder, with the layout or catalog "
            "that 'wetdry generate' was given"
        )
    return fresh(order, catalog, stems, split, fields=fields, endless=True)


def _order_of(dataset: Path, stems: Path) -> Order:
    """Return the order that a dataset was made to, with the songs of its splits by name."""
    record = read_record(dataset)
    if BY_HAND in record:
        raise UsageError(
            f"{dataset}: wanted a dataset that its recipe draws, found one of a plan made by hand; "
            "learn from its shards, or generate without --plan"
        )
    assets = locate(dataset, stems, None)[1]
    means_of(record, dataset, stems, assets)  # refuses other formats, and effects not at hand
    try:
        recipe = recipe_of(record, dataset, assets)
    except RecipeError as error:
        raise UsageError(
            f"{dataset}: its recipe cannot be read here: {error}; put its files where they were"
        ) from None
    splits = tuple(Split(name, 0.0, tuple(songs)) for name, songs in record["splits"].items())
    sizes = record["bits"], record["shard_samples"]
    return Order(recipe, record["samples"], record["seed"], splits, *sizes)
