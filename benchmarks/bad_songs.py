"""Bad inputs 39 to 68: stems that do not fit together, and names, links and places."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from bad_bench import CASES, RATE, Bench, Case, Outcome, case, judged, noise
from bad_files import encoded

Plant = Callable[[Path], object]


def put(file: str, samples: np.ndarray | None = None, rate: int = RATE) -> Plant:
    """Return a function that writes a stem."""

    def plant(stems: Path) -> None:
        path = stems / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(noise(name=file) if samples is None else samples, rate=rate))

    return plant


def stereo(stems: Path) -> None:
    """Make one stem of the odd song stereo."""
    put("odd/Bass/c.wav", noise(channels=2))(stems)


def copied(factor: float) -> Plant:
    """Return a function that copies a stem, perhaps upside down."""

    def plant(stems: Path) -> None:
        whole, rate = soundfile.read(stems / "odd/Bass/c.wav", dtype="int16")
        soundfile.write(stems / "odd/Bass/z.wav", (factor * whole).astype(np.int16), rate)

    return plant


def left(stems: Path) -> None:
    """Add a stem that sounds on the left alone."""
    put("odd/Drums/x.wav", noise(channels=2) * np.float32([1, 0]))(stems)


def link(name: str, target: str) -> Plant:
    """Return a function that lays a link."""

    def plant(stems: Path) -> None:
        (stems / name).parent.mkdir(parents=True, exist_ok=True)
        (stems / name).symlink_to(target)

    return plant


def outside(stems: Path) -> None:
    """Link to a good stem that lies outside."""
    put("stem.wav")(stems.parent)
    link("odd/Drums/x.wav", str(stems.parent / "stem.wav"))(stems)


def namesakes(first: str, second: str) -> Plant:
    """Return a function that writes two songs whose names are almost the same."""

    def plant(stems: Path) -> None:
        put(f"{first}/Bass/x.wav")(stems)
        put(f"{second}/Bass/y.wav")(stems)

    return plant


def folder(stems: Path) -> None:
    """Make a folder that is named like a stem."""
    (stems / "odd/Drums/x.wav").mkdir(parents=True)
    put("odd/Drums/x.wav/inside.wav")(stems)


def pipe(stems: Path) -> None:
    """Make a named pipe that nobody writes to."""
    (stems / "odd/Drums").mkdir()
    os.mkfifo(stems / "odd/Drums/x.wav")


SQUARE = np.sign(np.sin(np.arange(RATE) * 0.3 + 0.1))[:, np.newaxis].astype(np.float32)

SET_ASIDE: list[tuple[int, str, Plant, str]] = [
    (39, "another rate than the song's", put("odd/Drums/x.wav", noise(2), 16_000), "16000 Hz"),
    (41, "a stem one sample longer", put("odd/Drums/x.wav", noise(1 + 1 / RATE)), "8001 frames"),
    (41, "a stem two minutes longer", put("odd/Drums/x.wav", noise(121)), "968000 frames"),
    (42, "a silent stem", put("odd/Drums/x.wav", noise() * 0), "is silent"),
    (44, "a DC offset of 0.3", put("odd/Drums/x.wav", noise() + np.float32(0.3)), "DC offset"),
    (45, "clipped to a square wave", put("odd/Drums/x.wav", SQUARE), "is clipped"),
    (46, "the same stem twice", copied(1), "odd/Bass/z.wav: is the same file as odd/Bass/c.wav"),
    (47, "a stem and its inversion", copied(-1), "sounds the same as odd/Bass/c.wav"),
    (51, "songs that differ in case", namesakes("other", "Other"), "but for case"),
    (51, "songs that differ in Unicode form",
     namesakes("e\N{COMBINING ACUTE ACCENT}", "\N{LATIN SMALL LETTER E WITH ACUTE}"), "Unicode"),
    (52, "a line break in a name", put("odd/Drums/a\nb.wav"), r"a\nb.wav: has a line break"),
    (57, "a name of invalid UTF-8", put("odd/Drums/\udcff.wav"), "invalid UTF-8"),
    (60, "a pipe", pipe, "not a regular file"),
    (61, "a folder named x.wav", folder, "is a folder"),
    (62, "a link to /dev/zero", link("odd/Drums/x.wav", "/dev/zero"), "out of the folder"),
    (63, "a link to itself", link("odd/Drums/x.wav", "x.wav"), "leads nowhere"),
    (63, "a folder that links to the one above", link("odd/Drums", ".."), "a link to a folder"),
    (64, "a link out of the stems", outside, "out of the folder"),
]  # fmt: skip

ACCEPTED: list[tuple[int, str, Plant]] = [
    (40, "mono and stereo in a song", stereo),
    (44, "a DC offset of 0.05", put("odd/Drums/x.wav", noise() + np.float32(0.05))),
    (45, "a few clipped samples", put("odd/Drums/x.wav", np.clip(noise() * 4, -1, 1))),
    (48, "a stem on the left alone", left),
    (53, "letters of many scripts and an emoji", put("odd/Drums/söng 歌 \N{GUITAR}.wav")),
    (55, "a name that begins with -", put("odd/Drums/-rf.wav")),
    (55, "a name that begins with . is passed over", put("odd/Drums/.hidden.wav")),
    (58, "a name that Windows reserves", put("odd/Drums/aux.wav")),
    (59, "a script for a name", put("odd/Drums/<script>alert(1)<%2Fscript>.wav")),
]


def _set_aside(plant: Plant, words: str, bench: Bench) -> Outcome:
    return bench.set_aside(plant, words)


def _accepted(plant: Plant, bench: Bench) -> Outcome:
    return bench.accepted(plant)


for number, what, plant, words in SET_ASIDE:
    CASES.append(Case(number, what, partial(_set_aside, plant, words)))
for number, what, plant in ACCEPTED:
    CASES.append(Case(number, what, partial(_accepted, plant)))


@case(43, "all stems of a song silent")
def all_silent(bench: Bench) -> Outcome:
    """Set the song aside, and make what is asked of the other."""
    stems = bench.stems()
    for path in (stems / "odd").rglob("*.wav"):
        path.write_bytes(encoded(noise() * 0))
    said = bench.generate(stems, stems.parent / "set", splits=("--split", "train=calm"))
    names = [path.name for path in (stems.parent / "set" / "data").glob("*.tar")]
    faults = [] if names == ["train-000000.tar"] else [f"made {names}"]
    return judged(said, 3, "is silent", "the other song is rendered", faults)


@case(43, "a split of silent stems alone")
def silent_split(bench: Bench) -> Outcome:
    """Begin nothing: it cannot be fed."""
    stems = bench.stems()
    for path in (stems / "odd").rglob("*.wav"):
        path.write_bytes(encoded(noise() * 0))
    said = bench.generate(stems, stems.parent / "set")
    faults = ["began a dataset"] if (stems.parent / "set").exists() else []
    return judged(said, 2, "odd", "nothing written", faults)


@case(49, "a catalog that names a file that is gone")
def absent(bench: Bench) -> Outcome:
    """Set its samples aside."""
    stems = bench.stems()
    bench.run("scan", stems, "--out", stems.parent / "catalog.parquet", "--workers", 1)
    shutil.rmtree(stems / "odd")
    out = stems.parent / "set"
    said = bench.generate(stems, out, "--catalog", stems.parent / "catalog.parquet")
    return judged(
        said, 3, "odd/", "the other song's shards the same", bench.differing(out, "train")
    )


@case(50, "a manifest that lists a key twice")
def twice(bench: Bench) -> Outcome:
    """Notice it."""
    from pyarrow import concat_tables, parquet

    path = bench.dataset() / "manifest.parquet"
    table = parquet.read_table(path)
    parquet.write_table(concat_tables([table, table.slice(0, 1)]), path)
    return judged(bench.run("verify", path.parent), 1, "train-00000000", "nothing is written")


@case(54, "a song named ../x or /x on the command line")
def traversal(bench: Bench) -> Outcome:
    """Say that there is no such song."""
    stems = bench.stems()
    put("x/Bass/x.wav")(stems.parent)
    splits = ("--split", "train=../x", "--split", "test=/etc")
    said = bench.generate(stems, stems.parent / "set", splits=splits)
    return judged(said, 2, "../x", "nothing written")


@case(54, "a catalog whose file is ../x")
def traversal_in_catalog(bench: Bench) -> Outcome:
    """Refuse a file outside the stems."""
    from wetdry.datasets import read_catalog, write_catalog

    stems, out = bench.stems(), bench.folder / f"{bench.count:03d}" / "set"
    put("secret.wav")(stems.parent)
    table = stems.parent / "catalog.parquet"
    bench.run("scan", stems, "--out", table, "--workers", 1)
    catalog = read_catalog(table)
    catalog["file"] = catalog["file"].replace("odd/Bass/c.wav", "../secret.wav")
    write_catalog(catalog, table)
    said = bench.generate(stems, out, "--catalog", table)
    return judged(said, 2, "../secret.wav", "nothing written")


@case(56, "a name of 255 bytes, the longest there is")
def long_name(bench: Bench) -> Outcome:
    """Take it like any other; the file system itself refuses 300."""
    return bench.accepted(put(f"odd/Drums/{'x' * 251}.wav"))


@case(65, "a stem that may not be read", quick=os.geteuid() != 0)
def forbidden(bench: Bench) -> Outcome:
    """Set it aside; root may read everything, so be somebody else meanwhile."""
    stems, user, calm = bench.stems(), os.geteuid(), bench.calm
    put("odd/Drums/x.wav")(stems)
    (stems / "odd/Drums/x.wav").chmod(0)
    for path in (calm, bench.folder, stems.parent):
        path.chmod(0o777)
    try:
        os.seteuid(user or 65534)
        said = bench.generate(stems, stems.parent / "set")
    finally:
        os.seteuid(user)
    faults = bench.differing(stems.parent / "set")
    return judged(said, 3, "odd/Drums/x.wav", "all shards the same", faults)


@case(66, "a stem that vanishes between plan and rendering")
def vanished(bench: Bench) -> Outcome:
    """Set its samples aside, as in 49."""
    return changed(bench, lambda path: path.unlink())


@case(66, "a stem that is cut between plan and rendering")
def cut(bench: Bench) -> Outcome:
    """Set its samples aside."""
    return changed(bench, lambda path: os.truncate(path, 3000))


@case(66, "a stem that is other audio between plan and rendering")
def replaced(bench: Bench) -> Outcome:
    """Use it, for nothing is read twice; verify tells it by the manifest's digest."""
    stems = bench.stems()
    table, out = stems.parent / "catalog.parquet", stems.parent / "set"
    bench.run("scan", stems, "--out", table, "--workers", 1)
    for path in (stems / "odd").rglob("*.wav"):
        path.write_bytes(encoded(noise(name="other")))
    bench.generate(stems, out, "--catalog", table)
    said = bench.run("verify", out, "--replay", 4)
    return judged(
        said, 1, "odd/", "the other song's shards the same", bench.differing(out, "train")
    )


def changed(bench: Bench, change: Callable[[Path], object]) -> Outcome:
    """Scan, change a stem, and generate."""
    stems = bench.stems()
    table, out = stems.parent / "catalog.parquet", stems.parent / "set"
    bench.run("scan", stems, "--out", table, "--workers", 1)
    for path in (stems / "odd").rglob("*.wav"):
        change(path)
    said = bench.generate(stems, out, "--catalog", table)
    faults = bench.differing(out, "train")
    return judged(said, 3, "odd/", "the other song's shards the same", faults)


@case(67, "stems on another file system than the dataset")
def elsewhere(bench: Bench) -> Outcome:
    """Write the same bytes."""
    other = Path("/dev/shm") / f"bad_inputs_{os.getpid()}"
    out = bench.fresh() / "set"
    try:
        shutil.copytree(bench.good, other)
        said = bench.generate(other, out)
    finally:
        shutil.rmtree(other, ignore_errors=True)
    return judged(said, 0, "", "all shards the same", bench.differing(out))
