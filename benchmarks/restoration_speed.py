"""How fast songs are restored on one core, by torch and by ONNX, and in how much memory.

    python benchmarks/restoration_speed.py [--config tiny] [--seconds 21] [--out figures.json]

A run of a preset's size with fresh weights is written and exported, and a stereo song of noise is
restored: by stage one alone, by the cascade, by both in onnxruntime, and by a stream of default
windows. Each way has a process of its own, which loads first and is then measured; onnxruntime's
never sees torch. Ways take turns, and the fastest of the rounds counts. Speed is seconds of the
song a second of processor time; memory is the peak of the whole process, with all that it loaded.
The first round also says how far onnxruntime's sound is from torch's.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

ROUNDS = 2
CHANNELS = 2
BLOCK = 4096
"""Samples that a stream is given at a time."""

Act = Callable[[np.ndarray], Any]


def song(seconds: float, rate: int) -> np.ndarray:
    """Return stereo noise."""
    rng = np.random.default_rng(0)
    return 0.1 * rng.standard_normal((CHANNELS, round(seconds * rate)), np.float32)


def by_torch(folder: Path, way: str) -> Act:
    """Load a run; return what restores with it."""
    import torch

    from wetdry.cascade import Restorer, Stream
    from wetdry.cascade.networks.windows import windowed

    torch.set_num_threads(1)
    restorer = Restorer.load(folder, "cpu")

    @torch.no_grad()
    def stage_one(part: np.ndarray) -> np.ndarray:
        out: np.ndarray = restorer.generator(torch.from_numpy(part.copy())[:, None]).numpy()
        return out.swapaxes(0, 1)

    def restore(audio: np.ndarray) -> None:
        size, rate = restorer.configuration.restoration, restorer.sample_rate
        if way == "stream":
            stream = Stream(restorer, CHANNELS)
            for start in range(0, audio.shape[1], BLOCK):
                stream.push(audio[:, start : start + BLOCK])
            stream.finish()
            return
        ends = audio.shape[1], round(size.window_s * rate), round(size.overlap_s * rate)
        read = reader(audio)
        for _ in (
            windowed(read, stage_one, *ends, grid=restorer.grid)
            if way == "stage one"
            else restorer.parts(read, audio.shape[1])
        ):
            pass

    return restore


def reader(audio: np.ndarray) -> Callable[[int, int], np.ndarray]:
    """Return what reads parts of an array."""
    return lambda start, frames: audio[:, start : start + frames]


def by_onnx(folder: Path, way: str) -> Act:
    """Load ONNX files, without torch; return what restores with them, in the same windows."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the most that was ever needed
    names = ["stage_one"] if way.startswith("stage one") else ["stage_one", "stage_two"]
    sessions = [
        onnxruntime.InferenceSession(
            str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
        )
        for name in names
    ]
    facts = json.loads(sessions[0].get_modelmeta().custom_metadata_map["wetdry_model"])
    window, overlap = facts["window_samples"], facts["overlap_samples"]

    def restore(audio: np.ndarray) -> None:
        for start in range(0, max(audio.shape[1] - overlap, 1), window - overlap):
            told = {"mixture": audio[:, None, start : start + window]}
            for name, session in zip(names, sessions, strict=True):
                told[name] = session.run(None, told)[0]

    return restore


WAYS: dict[str, Callable[[Path, str], Act]] = {
    "stage one": by_torch, "cascade": by_torch, "stream": by_torch,
    "stage one, ONNX": by_onnx, "cascade, ONNX": by_onnx,
}  # fmt: skip


def measured(way: str, folder: Path, seconds: float, rate: int) -> tuple[float, float]:
    """Return seconds of song a second of processor time, and the peak in MB; in this process."""
    restore, audio = WAYS[way](folder, way), song(seconds, rate)
    restore(audio[:, :rate])  # what is made once
    start = time.process_time()
    restore(audio)
    took = time.process_time() - start
    return seconds / took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def made(folder: Path, config: str) -> tuple[Path, int]:
    """Write a fresh run of a preset's size and export it; return the export and its rate."""
    import torch

    from wetdry.cascade import export_model, load_configuration
    from wetdry.cascade.networks.generator import Generator
    from wetdry.cascade.networks.regressor import Regressor
    from wetdry.cascade.training.checkpoints import save_checkpoint

    torch.manual_seed(0)
    sizes = load_configuration(config)
    about = {"version": 1, "configuration": sizes.model_dump(mode="json")}
    (folder / "run").mkdir()
    (folder / "run" / "run.json").write_text(json.dumps(about))
    networks = {
        "stage_one": Generator(sizes.stage_one.network),
        "stage_two": Regressor(sizes.stage_two.network),
    }
    for name, network in networks.items():
        for parameter in network.parameters():  # a fresh second stage would pass the first on
            if not parameter.any():
                torch.nn.init.normal_(parameter, std=0.02)
        save_checkpoint(folder / "run" / f"{name}.safetensors", network.state_dict(), {})
    card = export_model(folder / "run", folder / "model")
    print(*(line for line in card.read_text().splitlines() if "ONNX within" in line), sep="\n")
    return card.parent, sizes.sample_rate


def rounds(folder: Path, seconds: float, rate: int) -> Iterator[tuple[str, float, float]]:
    """Measure each way in turn, each time in a fresh process."""
    for _ in range(ROUNDS):
        for way in WAYS:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                yield way, *pool.submit(measured, way, folder, seconds, rate).result()


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="tiny")
    parser.add_argument("--seconds", type=float, default=21.0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    speed: dict[str, float] = dict.fromkeys(WAYS, 0.0)
    peak_mb: dict[str, float] = dict.fromkeys(WAYS, 0.0)
    with tempfile.TemporaryDirectory() as name:
        folder, rate = made(Path(name), asked.config)
        sizes = {p.name: round(p.stat().st_size / 1e6, 1) for p in sorted(folder.iterdir())}
        for way, fast, peak in rounds(folder, asked.seconds, rate):
            speed[way], peak_mb[way] = max(speed[way], fast), max(peak_mb[way], peak)
    found = {
        "config": asked.config,
        "song": {"seconds": asked.seconds, "channels": CHANNELS, "sample_rate": rate},
        "times_real_time_a_core": {way: round(value, 2) for way, value in speed.items()},
        "peak_mb": {way: round(value) for way, value in peak_mb.items()},
        "megabytes": sizes,
        "ratios": {
            "ONNX / torch, stage one": round(speed["stage one, ONNX"] / speed["stage one"], 2),
            "ONNX / torch, cascade": round(speed["cascade, ONNX"] / speed["cascade"], 2),
            "stage one / cascade": round(speed["stage one"] / speed["cascade"], 2),
            "stream / cascade": round(speed["stream"] / speed["cascade"], 2),
        },
    }
    text = json.dumps(found, indent=1)
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
