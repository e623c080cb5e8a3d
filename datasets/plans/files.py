"""Plans as files: written before anything is rendered, filtered and edited, and proved again."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from ...errors import RecipeError, ShardError, UsageError
from ...manifests.row_groups import StoredRows, appending
from ...manifests.schema import plan_schema
from ...manifests.tables import read_table, records
from ...mixing.sessions import Session
from ...mixing.spare_chains import SpareChains
from ..shards import KEY
from .plan import Order, drawn_from

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["planned_by_hand", "read_plan"]

HELD_ROWS = 256


def read_plan(path: Path) -> "DataFrame":
    """Read a plan, to be filtered and edited and given to :func:`generate`.

    Raises
    ------
    ShardError
        If it is not there or lacks a column.
    """
    return read_table(path, plan_schema())


@contextmanager
def planned_by_hand(
    planned: "DataFrame | Path", order: Order, catalog: "DataFrame"
) -> Iterator[tuple[StoredRows, dict[str, Any]]]:
    """Prove a plan that was filtered or edited, and deal its rows to shards.

    Keys stay, and the order of the rows within each split. Its sessions are those that are
    rendered; digests of the stems are those of the catalog. A few rows are held at a time: what
    is proved goes to a file without a name, which is gone afterwards.

    Yields
    ------
    rows : StoredRows
        Of ``plan.parquet``.
    record : dict
        Of ``dataset.json``: the order's, with the number and the digest of the rows.

    Raises
    ------
    UsageError
        If a column is unknown, a key comes twice or cannot name a file, a session is none, or
        not one of this order: another length or rate, a file that is not in the catalog, a
        song of another split.
    ShardError
        If the file is no table, or there is no room for another.
    """
    dealt, digest = drawn_from(order, catalog), sha256(b"[")
    proved = _proved(_given(planned), order, catalog, dealt)

    def rows() -> Iterator[dict[str, Any]]:
        for number, row in enumerate(proved):
            digest.update(f"{', ' if number else ''}{json.dumps(row)}".encode())
            yield row
        digest.update(b"]")

    with TemporaryFile(prefix="wetdry-") as file:
        try:
            with appending(cast(BinaryIO, file), plan_schema()) as appender:
                appender.add(rows())
            file.flush()
        except ShardError:
            raise
        except OSError as error:
            raise ShardError(
                f"{gettempdir()}: no room to prove a plan ({error.strerror}); set TMPDIR"
            ) from None
        said = {"samples": appender.rows, "plan_sha256": digest.hexdigest()}
        stored = StoredRows(Path(f"/dev/fd/{file.fileno()}"), plan_schema().names)
        yield stored, {**order.record(catalog, dealt), **said}


class _Given(NamedTuple):
    """A plan as it was given: two columns of it, and its rows from one to before another."""

    keys: list[Any]
    splits: list[Any]
    rows: Callable[[int, int], list[dict[str, Any]]]


def _given(planned: "DataFrame | Path") -> _Given:
    """Return a plan that is held or stands in a file, of the right columns, each key once."""
    if isinstance(planned, Path):
        if not planned.is_file():
            raise ShardError(f"{planned}: wanted a plan, found none; write one with 'wetdry plan'")
        _check_columns(StoredRows(planned, ()).names)
        stored = StoredRows(planned, plan_schema().names)
        keys, splits = stored.column("key"), stored.column("split")
        given = _Given(keys, splits, lambda start, stop: stored[start:stop])
    else:
        table = planned
        _check_columns([str(name) for name in table.columns])
        keys, splits = list(table["key"]), list(table["split"])
        given = _Given(keys, splits, lambda start, stop: records(table.iloc[start:stop]))
    if not given.keys:
        raise UsageError("plan: wanted at least one row, found none; filter less")
    twice = [key for key, count in Counter(given.keys).items() if count > 1]
    if twice:
        raise UsageError(f"plan: wanted each key once, found {twice[0]!r} twice; rename one")
    return given


def _proved(
    given: _Given, order: Order, catalog: "DataFrame", dealt: Mapping[str, tuple[str, ...]]
) -> Iterator[dict[str, Any]]:
    """Prove row after row, split by split; those of no split come first, and are refused."""
    good, chains = catalog[catalog["fault"].isna()], SpareChains(order.recipe)
    files = {row["file"]: row for row in records(good[["file", "song", "sha256"]])}
    runs: dict[Any, list[range]] = {split: [] for split in set(given.splits) - set(dealt)}
    runs |= {split: [] for split in dealt}
    start = 0
    for split, group in groupby(given.splits):
        stop = start + sum(1 for _ in group)
        runs[split].append(range(start, stop))
        start = stop
    for own in runs.values():
        rows = (row for run in own for row in _between(given, run))
        for number, row in enumerate(rows):
            _check_names(row, dealt)
            session = _session(row, order, chains)
            used = dict(_checked_files(row, session, files, dealt[row["split"]]))
            yield {
                **{name: row[name] for name in ("key", "split")},
                "shard": f"{row['split']}-{number // order.shard_samples:06d}",
                **{name: int(row[name]) for name in ("seed", "index")},
                "session": session.json_row(),
                "source_sha256": json.dumps(used),
            }


def _between(given: _Given, run: range) -> Iterator[dict[str, Any]]:
    """Go through some rows, holding a few at a time."""
    for start in run[::HELD_ROWS]:
        yield from given.rows(start, min(start + HELD_ROWS, run.stop))


def _check_columns(names: list[str]) -> None:
    """Refuse a table of other columns."""
    wanted = plan_schema().names
    if unknown := [name for name in names if name not in wanted]:
        raise UsageError(
            f"plan: wanted the columns {', '.join(wanted)}, found {unknown[0]!r} too; "
            f"drop it with plan.drop(columns={unknown})"
        )
    if missing := [name for name in wanted if name not in names]:
        raise UsageError(f"plan: wanted the column {missing[0]!r}, found none; keep it")


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


def _session(row: Mapping[str, Any], order: Order, chains: SpareChains) -> Session:
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
    try:
        chains.check(session)
    except RecipeError as error:
        raise UsageError(f"plan: {row['key']}: {error}") from None
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
