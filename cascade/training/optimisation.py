"""One network's way downhill: AdamW, warm-up and cosine, clipping, averaged weights."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..sizes import OptimiserConfiguration
from .ranks import Ranks

__all__ = ["Optimisation", "arithmetic"]

HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def arithmetic(precision: str, device: torch.device) -> torch.autocast:
    """Return the context in which networks compute with the numbers of a configuration.

    Convolutions, products and recurrences take 16 bits where ``precision`` says so; weights,
    spectrograms and losses keep 32.
    """
    dtype = HALVES.get(precision, torch.bfloat16)
    return torch.autocast(device.type, dtype, enabled=precision in HALVES)


class Optimisation:
    """A network, its optimiser and the running average of its weights.

    Parameters
    ----------
    network : torch.nn.Module
        Trained in place.
    size : OptimiserConfiguration
    steps : int
        Length of the training; the learning rate falls to a tenth along a cosine.
    ranks : Ranks
        The processes that take each step together.
    precision : {"float32", "bfloat16", "float16"}
        The last has so few exponents that losses are scaled up, and gradients down again.
    """

    def __init__(
        self,
        network: nn.Module,
        size: OptimiserConfiguration,
        steps: int,
        ranks: Ranks,
        precision: str = "float32",
    ) -> None:
        self.network = network
        self.size = size
        self.steps = steps
        self.ranks = ranks
        self.parameters = list(network.parameters())
        self.adam = torch.optim.AdamW(self.parameters, size.learning_rate, size.betas)
        self.average = {k: v.detach().clone() for k, v in network.state_dict().items()}
        self.scaler = torch.amp.GradScaler(ranks.device.type, enabled=precision == "float16")

    def learning_rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        warm = min(1.0, (step + 1) / (self.size.warm_up + 1))
        cosine = 0.55 + 0.45 * math.cos(math.pi * min(step / self.steps, 1.0))
        return self.size.learning_rate * warm * cosine

    def gather(self, loss: Tensor, parts: int = 1, keep_graph: bool = False) -> None:
        """Add the gradients of one of so many parts of a step; no other network gets any."""
        scaled: Tensor = self.scaler.scale(loss / parts)
        scaled.backward(inputs=self.parameters, retain_graph=keep_graph)

    def descend(self, step: int) -> float:
        """Take one step down the gradients that were gathered; return their norm."""
        for parameter in self.parameters:
            if parameter.grad is None:  # heard in no part of this process, maybe in another's
                parameter.grad = torch.zeros_like(parameter)
        self.ranks.add_up([p.grad for p in self.parameters if p.grad is not None])
        self.scaler.unscale_(self.adam)
        norm = float(nn.utils.clip_grad_norm_(self.parameters, self.size.clip))
        if math.isfinite(norm):  # else one bad batch would end the run
            for group in self.adam.param_groups:
                group["lr"] = self.learning_rate(step)
            self.scaler.step(self.adam)
            self._follow(step)
        self.scaler.update()
        self.adam.zero_grad(set_to_none=True)
        return norm

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        """Move the averaged weights; quickly at first, when the weights are still young."""
        decay = min(self.size.average, (1 + step) / (10 + step))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - decay)
            else:
                self.average[name].copy_(value)

    def state(self) -> dict[str, Tensor]:
        """Return all that `resume` needs, by name."""
        tensors = {f"network/{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average/{k}": v for k, v in self.average.items()}
        for index, parameter in enumerate(self.parameters):
            for name, value in self.adam.state[parameter].items():
                tensors[f"adam/{index}/{name}"] = value
        scaled = self.scaler.state_dict()  # empty where nothing is scaled
        return tensors | {f"scaler/{k}": torch.tensor(float(v)) for k, v in scaled.items()}

    def resume(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from what `state` returned."""
        device = self.parameters[0].device
        self.network.load_state_dict(_under("network", tensors))
        self.average = {k: v.to(device) for k, v in _under("average", tensors).items()}
        for index, parameter in enumerate(self.parameters):
            moments = _under(f"adam/{index}", tensors)
            if moments:
                step = moments.pop("step")  # torch keeps this one on the CPU
                moved = {name: value.to(device) for name, value in moments.items()}
                self.adam.state[parameter] = {"step": step, **moved}
        scaled = {k: v.item() for k, v in _under("scaler", tensors).items()}
        if scaled:
            whole = ("growth_interval", "_growth_tracker")
            self.scaler.load_state_dict({k: int(v) if k in whole else v for k, v in scaled.items()})


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with ``prefix``, without it."""
    start = f"{prefix}/"
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
