"""What the two stages are trained to make small.

All audio is at a level where the mixture's RMS is one, so that absolute floors mean
"so far below the mixture".
"""

import torch
from torch import Tensor
from torch.nn import functional

from ..networks.discriminator import Verdict
from ..networks.spectra import magnitude, mel_filterbank, stft

__all__ = [
    "SILENT",
    "adversarial_loss",
    "discriminator_loss",
    "error_loss",
    "feature_matching_loss",
    "level_loss",
    "log_mel_loss",
    "magnitudes",
    "mel_error_loss",
    "multi_resolution_stft_loss",
    "sdr_loss",
]

Magnitudes = dict[int, tuple[Tensor, Tensor]]
"""By STFT window: magnitudes of estimate and target, shape (batch, bins, frames)."""

MELS = {1024: 80, 2048: 160, 512: 40}
"""Number of mel bands for each STFT window of the log-mel loss (DTT-BSR)."""

WINDOWS = (2048, 1024, 512)
"""STFT windows of the multi-resolution loss."""

FLOOR = 1e-3
"""Magnitude added before a logarithm: 60 dB under the mixture's level, nothing is heard.

A silent target would otherwise ask for minus infinity, and the distance between -100 and
-140 dB would outweigh every audible error.
"""

SILENT = 1e-6
"""Power of a target that is not heard: 60 dB under the mixture."""


def error_loss(estimate: Tensor, target: Tensor) -> Tensor:
    """Return the level of the error relative to the target, at the best gain, in units of 10 dB.

    That is SI-SDR with its sign turned (Le Roux et al., arXiv 1811.02508), held within 30 dB.
    Unlike L1 it does not take silence for the best answer to "perhaps", and quiet stems count
    as much as loud ones. Silent targets have no say in it.

    Parameters
    ----------
    estimate, target : float tensors, shape (..., samples)

    Returns
    -------
    float tensor, shape ()
    """
    power = target.square().mean(-1)
    gain = (estimate * target).mean(-1) / (power + SILENT)
    right = gain.square() * power
    wrong = (estimate - gain[..., None] * target).square().mean(-1)
    level = (wrong + 1e-3 * right + SILENT) / (right + 1e-3 * wrong + SILENT)
    return _over_heard(torch.log10(level), power)


def sdr_loss(estimate: Tensor, target: Tensor) -> Tensor:
    """Return the level of the error relative to the target, at the gain it has, in units of 10 dB.

    That is plain SDR with its sign turned, held within 30 dB: unlike `error_loss` it hears gain
    and polarity; silence costs 0. Silent targets have no say in it.

    Parameters
    ----------
    estimate, target : float tensors, shape (..., samples)

    Returns
    -------
    float tensor, shape ()
    """
    power = target.square().mean(-1)
    wrong = (estimate - target).square().mean(-1)
    level = (wrong + 1e-3 * power + SILENT) / (power + 1e-3 * wrong + SILENT)
    return _over_heard(torch.log10(level), power)


def level_loss(estimate: Tensor, target: Tensor) -> Tensor:
    """Return how far the estimate's level is from the target's, in units of 10 dB, either way.

    The RMS over the whole excerpt, in the logarithm, with a floor 60 dB under the mixture. It
    says nothing of the waveform, and so stands beside a loss that knows no gain (`error_loss`,
    `mel_error_loss`), under which a weak class falls silent at no cost. Silent targets have no
    say in it.

    Parameters
    ----------
    estimate, target : float tensors, shape (..., samples)

    Returns
    -------
    float tensor, shape ()
    """
    power = target.square().mean(-1)
    ratio = (estimate.square().mean(-1) + SILENT) / (power + SILENT)
    return _over_heard(torch.log10(ratio).abs(), power)


def _over_heard(losses: Tensor, power: Tensor) -> Tensor:
    """Return the mean over the pairs whose target is heard; 0 where there is none."""
    heard = power > SILENT
    return (losses * heard).sum() / heard.sum().clamp(min=1)


def log_mel_loss(estimate: Tensor, target: Tensor, sample_rate: int) -> Tensor:
    """Return the mean difference of log-mel spectrograms at three resolutions, in nepers.

    Parameters
    ----------
    estimate, target : float tensors, shape (batch, samples)
    sample_rate : int
        In Hz.

    Returns
    -------
    float tensor, shape ()
    """
    losses = []
    for window, mels in MELS.items():
        filters = mel_filterbank(window, mels, sample_rate).to(estimate.device)
        heard, wanted = (
            torch.log(filters @ magnitude(stft(x, window, window // 2)) + FLOOR)
            for x in (estimate, target)
        )
        losses.append(functional.l1_loss(heard, wanted))
    return torch.stack(losses).mean()


def magnitudes(estimate: Tensor, target: Tensor) -> Magnitudes:
    """Return the spectrograms that the two spectral losses of stage two share.

    Parameters
    ----------
    estimate, target : float tensors, shape (batch, samples)
    """
    return {w: _pair(estimate, target, w) for w in WINDOWS}


def _pair(estimate: Tensor, target: Tensor, window: int) -> tuple[Tensor, Tensor]:
    """Return the magnitudes of both."""
    heard, wanted = (magnitude(stft(x, window, window // 2)) for x in (estimate, target))
    return heard, wanted


def multi_resolution_stft_loss(spectra: Magnitudes) -> Tensor:
    """Return spectral convergence plus log-magnitude distance, averaged over three windows.

    Convergence is taken relative to the target plus the floor, so that it stays finite for
    silent targets (after Parallel WaveGAN, arXiv 1910.11480).

    Parameters
    ----------
    spectra : dict
        As `magnitudes` returns it.

    Returns
    -------
    float tensor, shape ()
    """
    losses = []
    for heard, wanted in spectra.values():
        error = ((heard - wanted).square().sum((1, 2)) + 1e-8).sqrt()  # sqrt has no slope at 0
        scale = wanted.square().sum((1, 2)).sqrt().clamp(min=0.1 * wanted[0].numel() ** 0.5)
        logs = functional.l1_loss(torch.log(heard + FLOOR), torch.log(wanted + FLOOR))
        losses.append((error / scale).mean() + logs)
    return torch.stack(losses).mean()


def mel_error_loss(
    spectra: Magnitudes, estimate: Tensor, target: Tensor, sample_rate: int
) -> Tensor:
    """Return MMSNR with its sign turned, in units of 10 dB, over excerpts that are heard.

    The estimate is taken at the gain alpha = <target, estimate> / <estimate, estimate>, as the
    metric does (`wetdry.cascade.mmsnr_db`): what correlates with nothing scores like silence.

    Parameters
    ----------
    spectra : dict
        As `magnitudes` returns it for the two.
    estimate, target : float tensors, shape (batch, samples)
    sample_rate : int
        In Hz.

    Returns
    -------
    float tensor, shape ()
    """
    alpha = (estimate * target).mean(-1) / (estimate.square().mean(-1) + SILENT)
    levels = []
    for window, (found, wanted) in spectra.items():
        filters = mel_filterbank(window, MELS[window], sample_rate).to(estimate.device)
        filters = filters / filters.amax(1, keepdim=True)  # peaks of one, as the metric's
        loud = filters @ wanted.square()
        wrong = (filters @ found.square() * alpha.square()[:, None, None] - loud).square()
        ratio = (wrong.sum((1, 2)) + SILENT) / (loud.square().sum((1, 2)) + SILENT)
        levels.append(torch.log10(ratio + 1e-3))
    return _over_heard(torch.stack(levels).mean(0), target.square().mean(-1))


def discriminator_loss(recorded: Verdict, estimated: Verdict) -> Tensor:
    """Return the least-squares GAN loss of the discriminator (arXiv 1611.04076)."""
    pairs = zip(recorded.scores, estimated.scores, strict=True)
    losses = [(1 - real).square().mean() + fake.square().mean() for real, fake in pairs]
    return torch.stack(losses).mean()


def adversarial_loss(estimated: Verdict) -> Tensor:
    """Return the least-squares GAN loss of the generator."""
    return torch.stack([(1 - fake).square().mean() for fake in estimated.scores]).mean()


def feature_matching_loss(recorded: Verdict, estimated: Verdict) -> Tensor:
    """Return the mean L1 distance of the discriminator's features (arXiv 1910.06711)."""
    pairs = zip(recorded.features, estimated.features, strict=True)
    return torch.stack([functional.l1_loss(fake, real.detach()) for real, fake in pairs]).mean()
