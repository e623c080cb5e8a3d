"""The middle of stage one: what happens over time and over bands, heard one after the other.

First alternating bidirectional LSTMs (band-sequence modelling, BandSplitRNN, arXiv 2209.15174),
then transformers with rotary positions (arXiv 2104.09864) over time and over frequency.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..sizes import GeneratorConfiguration

__all__ = ["Bottleneck"]


def _rotary(x: Tensor) -> Tensor:
    """Turn queries or keys (batch, heads, length, width) by angles that grow with position."""
    half = x.shape[-1] // 2
    speed = 10_000 ** (-torch.arange(half, device=x.device) / half)
    angle = torch.arange(x.shape[-2], device=x.device)[:, None] * speed
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], dim=-1)


class Recurrence(nn.Module):
    """A bidirectional LSTM along a sequence, added to its input.

    Parameters
    ----------
    channels, hidden : int
        Width of the sequence, and of the LSTM in each direction.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.lstm = nn.LSTM(channels, hidden, batch_first=True, bidirectional=True)
        self.leave = nn.Linear(2 * hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (sequences, length, channels) to the same shape."""
        heard = self.norm(x)
        if x.device.type == "cpu":  # whose LSTMs know no numbers of 16 bits
            with torch.autocast("cpu", enabled=False):
                heard = self.lstm(heard.float())[0]
        else:
            heard = self.lstm(heard)[0]
        said: Tensor = self.leave(heard)
        return x + said


class Attention(nn.Module):
    """A transformer layer with rotary positions.

    Parameters
    ----------
    channels : int
        Width of the sequence.
    size : GeneratorConfiguration
        Number and width of the heads.
    """

    def __init__(self, channels: int, size: GeneratorConfiguration) -> None:
        super().__init__()
        inner = size.heads * size.head_width
        self.heads = size.heads
        self.norm = nn.LayerNorm(channels)
        self.enter = nn.Linear(channels, 3 * inner, bias=False)
        self.leave = nn.Linear(inner, channels)
        self.feed = nn.Sequential(
            nn.LayerNorm(channels),
            nn.Linear(channels, 4 * channels),
            nn.GELU(),
            nn.Linear(4 * channels, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (sequences, length, channels) to the same shape."""
        parts = self.enter(self.norm(x)).chunk(3, -1)
        query, key, value = (
            part.reshape(*part.shape[:2], self.heads, -1).transpose(1, 2) for part in parts
        )
        heard = functional.scaled_dot_product_attention(_rotary(query), _rotary(key), value)
        x = x + self.leave(heard.transpose(1, 2).flatten(-2))
        fed: Tensor = self.feed(x)
        return x + fed


class Bottleneck(nn.Module):
    """Alternate over time and over bands: LSTMs first, transformers after them.

    Parameters
    ----------
    channels : int
        Width of every position.
    size : GeneratorConfiguration
        Number and size of both.
    """

    def __init__(self, channels: int, size: GeneratorConfiguration) -> None:
        super().__init__()
        recurrences = [Recurrence(channels, size.hidden) for _ in range(size.recurrent)]
        attentions = [Attention(channels, size) for _ in range(2 * size.depth)]
        self.recurrences = nn.ModuleList(recurrences)
        self.attentions = nn.ModuleList(attentions)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, frames, bands) to the same shape."""
        x = x.permute(0, 2, 3, 1)
        for layers in (self.recurrences, self.attentions):
            for index, layer in enumerate(layers):
                x = _over_bands(layer, x) if index % 2 else _over_time(layer, x)
        return x.permute(0, 3, 1, 2)


def _over_bands(layer: nn.Module, x: Tensor) -> Tensor:
    """Apply ``layer`` to each frame of (batch, frames, bands, channels)."""
    out: Tensor = layer(x.flatten(0, 1))
    return out.reshape(x.shape)


def _over_time(layer: nn.Module, x: Tensor) -> Tensor:
    """Apply ``layer`` to each band of (batch, frames, bands, channels)."""
    return _over_bands(layer, x.transpose(1, 2)).transpose(1, 2)
