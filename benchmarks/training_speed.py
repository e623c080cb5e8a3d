"""How fast stage one learns, beside a plain implementation of the same operations.

    python benchmarks/training_speed.py --out training_speed.json
    python benchmarks/training_speed.py --seconds 3 --batch 2        # DTT-BSR's own batch; a GPU

Both take the networks of the preset `paper` from the same weights through the same batches on the
same device, in turns, and must say the same losses. The plain one is written as the papers read:
every class is estimated and the wanted ones picked, the adversary looks anew for each loss, each
batch is drawn when it is needed, all in 32 bits. Ours computes with the preset's numbers on a GPU
and with 32 bits on a CPU, whose 16 bits are slower.

Exits with 1 if a step takes more than 0.75 of the plain one's time, if losses differ by more than
1e-3 (5e-2 where ours has 16 bits), or if waiting for data takes more than 5 % of a step.
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from wetdry.audio import STEM_CLASSES
from wetdry.cascade import TrainConfiguration, load_configuration
from wetdry.cascade.networks.generator import BINS, HOP, WINDOW, Generator, mixture_level
from wetdry.cascade.networks.spectra import istft, stft
from wetdry.cascade.training.examples import Drawn
from wetdry.cascade.training.losses import (
    adversarial_loss,
    discriminator_loss,
    feature_matching_loss,
)
from wetdry.cascade.training.pcm import PcmCache, write_cache
from wetdry.cascade.training.ranks import Ranks, choose_device
from wetdry.cascade.training.stage_one import StageOne
from wetdry.seeds import stream

RATIO, DATA_SHARE = 0.75, 0.05
SAMPLES = 6


class PlainGenerator(Generator):
    """The same network, all of whose classes are estimated before some are picked."""

    def forward(self, mixture: Tensor, pairs: Tensor | None = None) -> Tensor:
        """Estimate the stems."""
        level = mixture_level(mixture)
        spectrum = stft(mixture[:, 0] / level[:, 0], WINDOW, HOP).mT[..., :BINS]
        features = self._fold(spectrum)
        heard = torch.cat([self._u_net(features, None), features], 1)
        stems = []
        for head, bias in zip(self.heads, self.biases, strict=True):
            out = functional.conv2d(heard, head.T[:, :, None, None], bias[0]).permute(0, 2, 3, 1)
            out = out.reshape(len(out), heard.shape[2], BINS, 2)[:, : spectrum.shape[1]]
            spoken = torch.view_as_complex(out.contiguous())
            spoken = spoken * spoken.abs().clamp(min=1e-5) ** (1 / 0.3 - 1)
            padded = functional.pad(spoken, (0, 1)).mT
            stems.append(istft(padded, WINDOW, HOP, mixture.shape[-1]))
        every = torch.stack(stems, 1) * level
        return every if pairs is None else every[pairs[0], pairs[1]]


class PlainStageOne(StageOne):
    """The same training, each loss by itself."""

    def train_step(self, step: int) -> dict[str, float]:
        """Learn from one batch, drawn when it is needed."""
        self.adversary.refresh()
        said = self._learn(self.parts._draw(step, 0), judged=True)
        numbers = {name: float(loss.detach()) for name, loss in said.items()}
        self.judgement.descend(step)
        return numbers | {"gradient_norm": self.generation.descend(step)}

    def _learn(self, drawn: Drawn, judged: bool) -> dict[str, Tensor]:
        batch, pairs = drawn.batch.to(self.ranks.device), drawn.pairs.to(self.ranks.device)
        estimate, target = self._hear(batch, pairs)
        losses = self._losses(estimate, target)
        size, classes = self.budget.discriminator, pairs[1]
        frames = min(round(size.seconds * self.configuration.sample_rate), target.shape[1])
        start = int(drawn.rng.integers(target.shape[1] - frames + 1))
        cut = slice(start, start + frames)
        wanted, found = target[: size.pairs, cut], estimate[: size.pairs, cut]
        classes = classes[: size.pairs]
        judgement = discriminator_loss(
            self.adversary(wanted, classes), self.adversary(found.detach(), classes)
        )
        self.judgement.gather(judgement)
        with torch.no_grad():
            recorded = self.adversary(wanted, classes)
        estimated = self.adversary(found, classes)
        losses["adversarial"] = adversarial_loss(estimated)
        losses["feature_matching"] = feature_matching_loss(recorded, estimated)
        weights = self.budget.weights.model_dump()
        total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
        self.generation.gather(total)
        return {"loss": total, "discriminator": judgement, **losses}


def cache_of_noise(folder: Path, sample_rate: int) -> PcmCache:
    """Return samples of noise in every class, in stereo, 4 s each."""

    def samples():
        for index in range(SAMPLES):
            rng, shape = stream(0, "noise", index), (2, 4 * sample_rate)
            dry = {f"dry/{n}": 0.03 * rng.standard_normal(shape, np.float32) for n in STEM_CLASSES}
            yield str(index), {"mixture": np.sum([*dry.values()], 0), **dry}

    return write_cache(folder, samples())


def asked_for(asked: argparse.Namespace, device: torch.device, ours: bool) -> TrainConfiguration:
    """Return the preset `paper` at the asked size, with the adversary from the first step."""
    whole = load_configuration("paper").model_dump()
    pairs = 8 * asked.batch
    whole["stage_one"] |= {"seconds": asked.seconds, "batch": asked.batch, "pairs": pairs}
    whole["stage_one"]["discriminator"] |= {"seconds": asked.seconds, "pairs": pairs}
    if not ours or device.type == "cpu":
        whole["precision"] = "float32"
    return TrainConfiguration.model_validate(whole | {"compile": ours and asked.compile})


def stages_of(asked: argparse.Namespace, device: torch.device, cache: PcmCache):
    """Return the plain stage and ours, of the same weights."""
    ranks = Ranks(device)
    plain = PlainStageOne(asked_for(asked, device, ours=False), cache, ranks)
    ours = StageOne(asked_for(asked, device, ours=True), cache, ranks)
    plain.network.__class__ = PlainGenerator
    return plain, ours


def timed(work: Callable[[], dict[str, float]], device: torch.device) -> float:
    """Return a step's seconds; on a CPU, which others share, those of the processor."""
    clock = time.process_time
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        clock = time.perf_counter
    began = clock()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - began


class Waiting:
    """Time that a stage waits for its data."""

    def __init__(self, stage: StageOne) -> None:
        self.seconds = self.total = 0.0
        self.of = stage.parts.of
        stage.parts.of = self.timed

    def timed(self, step: int):
        """Yield what a step learns from; take the time until it is there, and that of all."""
        start = time.perf_counter()
        source = iter(self.of(step))
        while True:
            began = time.perf_counter()
            drawn = next(source, None)
            self.seconds += time.perf_counter() - began
            if drawn is None:
                break
            yield drawn
        self.total += time.perf_counter() - start


def measured(asked: argparse.Namespace, device: torch.device) -> dict[str, object]:
    """Return every number, and what passed."""
    with tempfile.TemporaryDirectory() as folder:
        cache = cache_of_noise(Path(folder) / "cache", load_configuration("paper").sample_rate)
        plain, ours = stages_of(asked, device, cache)
        first = [stage.train_step(0) for stage in (plain, ours)]  # warms up, compiles
        waiting = Waiting(ours)
        seconds: dict[str, list[float]] = {"plain": [], "ours": []}
        for step in range(1, asked.steps + 1):
            for name, stage in (("plain", plain), ("ours", ours)):
                seconds[name].append(timed(lambda s=stage, n=step: s.train_step(n), device))
    apart = max(abs(first[0][k] - first[1][k]) / max(abs(first[0][k]), 1e-3) for k in first[1])
    ratio = statistics.median(b / a for a, b in zip(seconds["plain"], seconds["ours"], strict=True))
    share = waiting.seconds / waiting.total
    exact = ours.configuration.precision == "float32"
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "machine": platform.machine(), "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "seconds": asked.seconds, "batch": asked.batch, "steps": asked.steps,
        "precision": ours.configuration.precision, "compile": asked.compile,
        "plain_step_s": statistics.median(seconds["plain"]),
        "ours_step_s": statistics.median(seconds["ours"]),
        "ratio": ratio, "data_share": share, "losses_apart": apart,
        "losses": {"plain": first[0], "ours": first[1]},
        "passed": {
            f"ratio <= {RATIO}": ratio <= RATIO,
            f"data_share <= {DATA_SHARE}": share <= DATA_SHARE,
            "equal losses": apart <= (1e-3 if exact else 5e-2),
        },
    }  # fmt: skip


def main() -> None:
    """Measure, print, write, and fail where it falls short."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="JSON with every number")
    parser.add_argument("--seconds", type=float, default=1.0, help="of an excerpt; 3 in the paper")
    parser.add_argument("--batch", type=int, default=1, help="excerpts; 2 in the paper")
    parser.add_argument("--steps", type=int, default=5, help="timed steps of each, in turns")
    parser.add_argument("--compile", action="store_true", help="ours with torch.compile")
    parser.add_argument("--device", help="a GPU if there is one")
    asked = parser.parse_args()
    found = measured(asked, choose_device(asked.device))
    print(json.dumps(found, indent=1))
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1) + "\n")
    sys.exit(not all(found["passed"].values()))


if __name__ == "__main__":
    main()
