"""Plans as files: written before anything is rendered, filtered and edited, and proved again."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ShardError, UsageError
from ..manifests.schema import plan_schema
from ..manifests.tables import read_table, records
from ..mixing.sessions import Session
from .plan import Order, drawn_from
from .shards import KEY

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["planned_by_hand", "read_plan"]


def read_plan(path: Path) -> "DataFrame":
    """Read a plan, to be filtered and edited and given to :func:`generate`.

    Raises
    ------
    ShardError
        If it is not there or lacks a column.
    """
    return read_table(path, plan_schema())


def planned_by_hand(
    planned: "DataFrame", order: Order, catalog: "DataFrame"
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Prove a plan that was filtered or edited, and deal its rows to shards.

    Keys stay, and the order of the rows within each split. Its sessions are those that are
    rendered; digests of the stems are those of the catalog.

    Returns
    -------
    rows : list of dict
        Of ``plan.parquet``.
    record : dict
        Of ``dataset.json``: the order's, with the number and the digest of the rows.

    Raises
    ------
    UsageError
        If a column is unknown, a key comes twice or cannot name a file, a session is none, or
        not one of this order: another length or rate, a file that is not in the catalog, a
        song of another split.
    """
    _check_columns(planned)
    dealt = drawn_from(order, catalog)
    good = catalog[catalog["fault"].isna()]
    files = {row["file"]: row for row in records(good[["file", "song", "sha256"]])}
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in dealt}
    for row in records(planned):
        _check_names(row, dealt)
        session = _session(row, order)
        used = dict(_checked_files(row, session, files, dealt[row["split"]]))
        group = groups[row["split"]]
        shard = f"{row['split']}-{len(group) // order.shard_samples:06d}"
        said = {"session": session.json_row(), "source_sha256": json.dumps(used)}
        numbers = {name: int(row[name]) for name in ("seed", "index")}
        group.append({**row, "shard": shard, **numbers, **said})
    names = plan_schema().names
    rows = [{name: row[name] for name in names} for group in groups.values() for row in group]
    digest = sha256(json.dumps(rows).encode()).hexdigest()
    return rows, {**order.record(catalog, dealt), "samples": len(rows), "plan_sha256": digest}


def _check_columns(planned: "DataFrame") -> None:
    """Refuse a table of other columns, of no rows, or with a key twice."""
    wanted = plan_schema().names
    if unknown := [str(name) for name in planned.columns if name not in wanted]:
        raise UsageError(
            f"plan: wanted the columns {', '.join(wanted)}, found {unknown[0]!r} too; "
            f"drop it with plan.drop(columns={unknown})"
        )
    if missing := [name for name in wanted if name not in planned.columns]:
        raise UsageError(f"plan: wanted the column {missing[0]!r}, found none; keep it")
    if planned.empty:
        raise UsageError("plan: wanted at least one row, found none; filter less")
    twice = [key for key, count in Counter(planned["key"]).items() if count > 1]
    if twice:
        raise UsageError(f"plan: wanted each key once, found {twice[0]!r} twice; rename one")


def _check_names(row: Mapping[str, Any], dealt: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse a key that cannot name a file, a split that there is not, a number that is none."""
    key, split = row["key"], row["split"]
    if not (isinstance(key, str) and KEY.fullmatch(key)):
        raise UsageError(f"plan: wanted a key of A-Z a-z 0-9 _ -, found {key!r}; rename it")
    if split not in dealt:
        raise UsageError(
            f"plan: {key}: wanted split {' or '.join(dealt)}, found {split!r}; "
            "give the same --split as to 'wetdry plan'"
        )
    for name in ("seed", "index"):
        number = row[name]
        if number != number or isinstance(number, str) or number is None or number != int(number):
            raise UsageError(f"plan: {key}: wanted a whole number as {name}, found {number!r}")


def _session(row: Mapping[str, Any], order: Order) -> Session:
    """Read a row's session, of the order's rate and length."""
    try:
        session = Session.from_row(row["session"])
    except ShardError as error:
        said = str(error).partition("; the row")[0]
        raise UsageError(f"plan: {row['key']}: {said}; edit it as a Session, not as text") from None
    recipe = order.recipe
    wanted = (recipe.sample_rate, round(recipe.seconds * recipe.sample_rate))
    if (session.sample_rate, session.samples) != wanted:
        raise UsageError(
            f"plan: {row['key']}: wanted {wanted[1]} samples at {wanted[0]} Hz, found "
            f"{session.samples} at {session.sample_rate}; give the recipe, --seconds and "
            "--sample-rate that it was planned with"
        )
    return session


def _digests(row: Mapping[str, Any]) -> dict[str, str]:
    """Read the digests that a row's files had when it was planned."""
    try:
        return dict(json.loads(row["source_sha256"]))
    except (TypeError, ValueError):
        raise UsageError(
            f"plan: {row['key']}: wanted digests by file as source_sha256, found "
            f"{str(row['source_sha256'])[:40]!r}; leave that column as it was"
        ) from None


def _checked_files(
    row: Mapping[str, Any],
    session: Session,
    files: Mapping[str, Mapping[str, Any]],
    songs: tuple[str, ...],
) -> Iterator[tuple[str, str]]:
    """Yield the files of a session's tracks with their digests; refuse what does not belong."""
    key, before = row["key"], _digests(row)
    bleeding = [bleed.file for track in session.tracks for bleed in track.bleeds]
    for file in [*(track.file for track in session.tracks), *bleeding]:
        if file not in files:
            raise UsageError(
                f"plan: {key}: wanted files of the catalog, below the stems, found {file!r}; "
                "see 'wetdry scan'"
            )
    for track in session.tracks:
        found = files[track.file]
        if track.song != found["song"]:
            raise UsageError(
                f"plan: {key}: {track.file} is of song {found['song']!r}, found {track.song!r}"
            )
        if track.song not in songs:
            raise UsageError(
                f"plan: {key}: song {track.song!r} is in another split than {row['split']!r}; "
                "a song in two would leak. Give the same --split and --seed as to 'wetdry plan'"
            )
        if before.get(track.file, found["sha256"]) != found["sha256"]:
            raise UsageError(
                f"plan: {key}: {track.file} has changed since it was planned; plan again"
            )
        yield track.file, found["sha256"]
