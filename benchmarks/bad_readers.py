"""Bad inputs 94 to 100: tars, recipes, checkpoints and tables of strangers, and what is missing."""

import io
import os
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bad_bench import CASES, Bench, Case, Outcome, Said, case, judged

from wetdry.datasets import read_members
from wetdry.errors import CheckpointError, ShardError, WetdryError


def header(
    name: str = "a.flac", size: int = 4, kind: bytes = tarfile.REGTYPE, **more: Any
) -> bytes:
    """Return a member's header."""
    about = tarfile.TarInfo(name)
    about.size, about.type = size, kind
    for field, value in more.items():
        setattr(about, field, value)
    return about.tobuf(tarfile.GNU_FORMAT)


def member(name: str = "a.flac") -> bytes:
    """Return a member of four bytes."""
    return header(name) + b"data" + bytes(508)


PAX = header("x", 2**20, tarfile.XHDTYPE) + bytes(2**20)
TARS: list[tuple[str, bytes, str]] = [
    ("a member '../a.flac'", member("../a.flac"), "leads out"),
    ("a member '/etc/a.flac'", member("/etc/a.flac"), "absolute"),
    ("a symbolic link", header(size=0, kind=tarfile.SYMTYPE, linkname="/etc/passwd"), "symbolic"),
    ("a hard link", header(size=0, kind=tarfile.LNKTYPE, linkname="b.flac"), "hard link"),
    ("a device", header(size=0, kind=tarfile.CHRTYPE), "device"),
    ("a member that comes twice", member() * 2, "twice"),
    ("a PAX bomb", PAX, "extended"),
    ("a negative size", header(size=-512), "size"),
    ("8 GiB declared", header(size=2**33), "torn"),
]


def refused(call: Callable[[], object], kind: type[WetdryError], words: str) -> Outcome:
    """Call a function that must refuse, and take its error for the message."""
    try:
        call()
    except kind as error:
        rest = "nothing is extracted or run"
        found = judged(Said(1, str(error)), 1, words, rest, cure=False)  # it is somebody else's
        return Outcome(found.message, kind.__name__, found.rest, found.faults)
    return Outcome("accepted", "-", "-", ("was not refused",))


def tar(data: bytes, words: str, bench: Bench) -> Outcome:
    """Read a tar that no dataset of ours holds."""
    path = bench.fresh() / "x.tar"
    path.write_bytes(data + bytes(1024))
    found = refused(lambda: list(read_members(path)), ShardError, words)
    return Outcome(bench.plain(found.message), found.status, found.rest, found.faults)


for what, data, words in TARS:
    CASES.append(Case(94, f"tar: {what}", partial(tar, data, words)))


def spoiled(change: Callable[[Path], object], words: str, bench: Bench) -> Outcome:
    """Spoil a shard of a dataset, and verify."""
    out = bench.dataset()
    change(out / "data/test-000000.tar")
    faults = bench.differing(out, "train")
    return judged(bench.run("verify", out), 1, words, "the other shard is checked too", faults)


def without(path: Path) -> None:
    """Take the first member out of a shard."""
    shard = path.read_bytes()
    with tarfile.open(fileobj=io.BytesIO(shard)) as whole:
        second = whole.getmembers()[1].offset
    path.write_bytes(shard[second:])


def with_pickle(path: Path) -> None:
    """Add a member that webdataset would unpickle."""
    shard = path.read_bytes().rstrip(b"\0")
    path.write_bytes(shard + bytes(-len(shard) % 512) + member("test-00000001.pyd") + bytes(1024))


for what, change in (
    ("cut at a header", lambda path: os.truncate(path, 512)),
    ("a stem is missing", without),
    ("a member .pyd more", with_pickle),
):
    words = "test-000000.tar: not the bytes that were committed"
    CASES.append(Case(94, f"shard: {what}", partial(spoiled, change, words)))

STEP = "stems: {{all: [{}]}}\n"
RECIPES: list[tuple[str, str | bytes, str]] = [
    ("a key that comes twice", STEP.format("{gain: {gain_db: 1}, gain: {gain_db: 2}}"), "twice"),
    ("a bomb of aliases", "stems: {all: [&a {gain: {gain_db: 1}}, *a]}", "aliases"),
    ("a hundred levels", "stems: " + "[" * 100 + "]" * 100, "levels"),
    ("!!python/object", "stems: !!python/object:os.system 1", "tag"),
    ("tabs", "stems:\n\tall: []", "not YAML"),
    ("NUL", b"stems: \0", "not YAML"),
    ("UTF-16", "stems: {}".encode("utf-16"), "UTF-8"),
    ("100 MB", b"# " + b"x" * 100_000_000, "bytes"),
    ("NaN", STEP.format("{gain: {gain_db: .nan}}"), "NaN"),
    ("a range upside down", STEP.format("{gain: {gain_db: [3, 1]}}"), "above the high end"),
    ("a probability of 2", STEP.format("{gain: {gain_db: 1}, probability: 2}"), "from 0 to 1"),
    ("a cutoff above Nyquist", STEP.format("{low_pass: {cutoff_hz: 30000}}"), "half the sample"),
    ("an unknown effect", STEP.format("{gian: {gain_db: 1}}"), "did you mean 'gain'"),
]


def recipe(text: str | bytes, words: str, bench: Bench) -> Outcome:
    """Check a recipe."""
    path = bench.fresh() / "r.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    said = bench.run("recipe", "check", path)
    where = [] if "r.yaml" in said.text else ["does not say which file"]
    return judged(said, 2, words, "-", where, cure="wanted" not in said.text)


for what, text, words in RECIPES:
    CASES.append(Case(95, f"recipe: {what}", partial(recipe, text, words)))


@case(95, "recipe: a byte order mark")
def byte_order_mark(bench: Bench) -> Outcome:
    """Read past it."""
    path = bench.fresh() / "r.yaml"
    path.write_text("\ufeff" + bench.recipe.read_text())
    return judged(bench.run("recipe", "check", path), 0, "", "-")


def checkpoint(spoil: str, words: str, bench: Bench) -> Outcome:
    """Load a checkpoint."""
    import torch

    from wetdry.cascade.training.checkpoints import (
        VERSION,
        load_checkpoint,
        load_weights,
        save_checkpoint,
    )

    path = bench.fresh() / "a.safetensors"
    tensors = {"weight": torch.zeros(1), "bias": torch.zeros(2)}
    about = {"version": VERSION + 1} if spoil == "newer" else {}
    if spoil == "nan":
        tensors["bias"] = tensors["bias"] * float("nan")
    save_checkpoint(path, tensors, about)
    if spoil == "pickle":
        path.write_bytes(b"\x80\x04cos\nsystem\n(S'false'\ntR.")
    if spoil == "cut":
        os.truncate(path, path.stat().st_size - 1)

    def load() -> None:
        load_weights(torch.nn.Linear(3, 2), load_checkpoint(path)[0], path.name)

    found = refused(load, CheckpointError, words)
    return Outcome(bench.plain(found.message), found.status, found.rest, found.faults)


for what, spoil, words in (
    ("a pickle", "pickle", "wanted a whole safetensors file"),
    ("other shapes", "shapes", "wanted shape"),
    ("NaN weights", "nan", "finite"),
    ("cut", "cut", "wanted a whole safetensors file"),
    ("of a newer version", "newer", "upgrade"),
):
    CASES.append(Case(96, f"checkpoint: {what}", partial(checkpoint, spoil, words), quick=False))


def manifest(change: Callable[[Path], object], command: str, bench: Bench) -> Outcome:
    """Spoil a manifest, and read the dataset."""
    out = bench.dataset()
    change(out / "manifest.parquet")
    words = [out] if command != "report" else [out, "--out", out.parent / "page.html"]
    faults = bench.differing(out)
    return judged(bench.run(command, *words), 1, "manifest", "nothing is written", faults)


def strange(path: Path) -> None:
    """Write another table in the place of the manifest."""
    import pandas as pd

    pd.DataFrame({"title": ["x"]}).to_parquet(path)


for command in ("verify", "report", "card"):
    for what, change in (("cut", lambda path: os.truncate(path, 999)), ("another table", strange)):
        CASES.append(Case(97, f"manifest {what}: {command}", partial(manifest, change, command)))


@case(97, "catalog cut")
def catalog(bench: Bench) -> Outcome:
    """Say so before anything is begun."""
    path = bench.fresh() / "catalog.parquet"
    bench.run("scan", bench.good, "--out", path, "--workers", 1)
    os.truncate(path, 999)
    said = bench.generate(bench.good, path.parent / "set", "--catalog", path)
    return judged(said, 2, "scan again", "nothing written")


@case(100, "no GPU: --device cuda", quick=False)
def no_gpu(bench: Bench) -> Outcome:
    """Say that there is none."""
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    out = bench.fresh() / "run"
    words = ("train", "tiny", "--data", bench.calm, "--out", out, "--device", "cuda")
    return judged(bench.apart(*words, env=hidden), 2, "cuda", "nothing written",
                  ["began a run"] if out.exists() else [])  # fmt: skip


@case(100, "no internet: fetch", quick=False)
def no_internet(bench: Bench) -> Outcome:
    """Say what could not be reached."""
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "http_proxy"),
                            "http://127.0.0.1:9")  # fmt: skip
    pip = {
        "PIP_PROXY": "http://127.0.0.1:9",
        "PIP_RETRIES": "0",
        "PIP_INDEX_URL": "http://127.0.0.1:9",
    }
    cache = {"WETDRY_CACHE": str(bench.fresh()), "HF_HUB_OFFLINE": "1"}
    environment = {**os.environ, **nowhere, **pip, **cache}
    return judged(bench.apart("fetch", "musicnn", env=environment), 1, "musicnn", "-")
