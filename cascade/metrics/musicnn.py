"""Musicnn, a trained network that hears what music is played, as an embedding.

The weights come out of the wheel ``musicnn`` 0.1.0 (Pons & Serra 2019, ISC licence), which is
fetched once, compared with its known digest and only ever read as bytes.

One item is one patch of 3 s, as a window is in the original Frechet audio distance (Kilgour et
al. 2019): a clip of 10 s gives three. A vector per clip would leave the covariance of 200
dimensions to a third as many items.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...audio import Audio, amplitude, checked, resample
from ...degradations.assets import cache_folder, digest_of
from ...errors import AssetError, AudioError
from ...mixing.loudness import integrated_lufs
from .musicnn_network import MusicnnNetwork
from .power_spectra import mel_filterbank, power_spectrogram
from .tf_checkpoint import read_tensors

__all__ = ["Musicnn", "fetch", "load", "log_mel_patches"]

REQUIREMENT = "musicnn==0.1.0"
WHEEL = "musicnn-0.1.0-py3-none-any.whl"
WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
CHECKPOINT = "musicnn/MSD_musicnn/"
"""The network that was trained on the Million Song Dataset."""

SAMPLE_RATE = 16_000
FRAME, HOP, BANDS = 512, 256, 96
PATCH_FRAMES = 187
"""3 s."""

LOUDNESS_LUFS = -23.0
"""Every clip is brought to this level (EBU R 128), so that level alone moves no point."""


class Musicnn:
    """The 200 numbers before the last layer of musicnn, for each 3 s of a clip.

    Stereo is heard as the mean of its channels, which is brought to -23 LUFS, and nothing above
    8 kHz is heard. A clip shorter than a patch is repeated until it fills one; what is left
    after the last whole patch is not heard. Silence stays silence and has its own point.

    Parameters
    ----------
    network : MusicnnNetwork
        With weights; ``load`` brings one.
    """

    name = "musicnn"
    sample_rate = SAMPLE_RATE

    def __init__(self, network: MusicnnNetwork) -> None:
        self.network = network.eval()

    def __call__(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the points of one clip.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
        sample_rate : int
            In Hz.

        Returns
        -------
        float32 array, shape (patches, 200)
        """
        checked(audio, "musicnn")
        heard = _levelled(audio.mean(axis=0, keepdims=True), sample_rate)
        patches = log_mel_patches(resample(heard, sample_rate, SAMPLE_RATE)[0])
        with torch.no_grad():
            points: NDArray[np.float32] = self.network(torch.from_numpy(patches)).numpy()
        return points


def _levelled(audio: Audio, sample_rate: int) -> Audio:
    """Bring the clip to ``LOUDNESS_LUFS``; what is too quiet or short to measure stays as it is."""
    lufs = integrated_lufs(audio, sample_rate)
    return audio * np.float32(amplitude(LOUDNESS_LUFS - lufs)) if np.isfinite(lufs) else audio


def log_mel_patches(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the network looks at: log10(1 + 10000 mel) in patches of 3 s.

    Parameters
    ----------
    signal : float32 array, shape (samples,)
        At 16 kHz.

    Returns
    -------
    float32 array, shape (patches, 187, 96)

    Raises
    ------
    AudioError
        If there are no samples.
    """
    if signal.size == 0:
        raise AudioError("musicnn: wanted audio, found no samples; leave the clip out")
    shortest = (PATCH_FRAMES - 1) * HOP
    if signal.size < shortest:
        signal = np.resize(signal, shortest)  # numpy's resize repeats
    power = power_spectrogram(signal, FRAME, HOP, padding="constant")
    mel = power @ mel_filterbank(SAMPLE_RATE, FRAME, BANDS, "slaney")
    mel = mel.astype(np.float16).astype(np.float32)  # the network was trained on halves
    frames: NDArray[np.float32] = np.log10(np.float32(10_000.0) * mel + np.float32(1.0))
    count = len(frames) // PATCH_FRAMES
    return frames[: count * PATCH_FRAMES].reshape(count, PATCH_FRAMES, BANDS)


def fetch(folder: Path | None = None) -> Path:
    """Bring musicnn's wheel into ``folder`` by pip, as the user has set it up.

    Nothing is installed or run. A right wheel that is there already is left alone.

    Parameters
    ----------
    folder : Path, optional
        Made if need be; by default ``cache_folder()``, where ``load`` looks.

    Returns
    -------
    Path
        The wheel.

    Raises
    ------
    AssetError
        If pip cannot bring it, or brings another file than the known one.
    """
    folder = folder or cache_folder()
    wheel = folder / WHEEL
    if wheel.is_file() and digest_of(wheel) == WHEEL_SHA256:
        return wheel
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".wetdry-", dir=folder) as temporary:
        _download(Path(temporary))
        _check_digest(Path(temporary) / WHEEL)
        os.replace(Path(temporary) / WHEEL, wheel)
    return wheel


def _download(folder: Path) -> None:
    """Let pip fetch the wheel; a source archive, whose build would run code, is refused."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run(
        [*command, REQUIREMENT, "-d", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise AssetError(
            f"musicnn: pip could not fetch {REQUIREMENT} ({said}); look to the network and pip's "
            f"index, or put {WHEEL} from PyPI into the folder yourself"
        )


def _check_digest(wheel: Path) -> None:
    """Refuse any file but the known one."""
    if (found := digest_of(wheel)) != WHEEL_SHA256:
        raise AssetError(
            f"{wheel}: wanted sha256 {WHEEL_SHA256}, found {found}; delete the file and run "
            "`wetdry fetch musicnn`"
        )


def load(folder: Path | None = None) -> Musicnn:
    """Return musicnn with the weights that lie in ``folder`` (default: ``cache_folder()``).

    Raises
    ------
    AssetError
        If the wheel is absent or is not the known one.
    """
    wheel = (cache_folder() if folder is None else folder) / WHEEL
    if not wheel.is_file():
        raise AssetError(f"{wheel}: not found; run `wetdry fetch musicnn`")
    _check_digest(wheel)
    with zipfile.ZipFile(wheel) as archive:
        index = archive.read(CHECKPOINT + ".index")
        data = archive.read(CHECKPOINT + ".data-00000-of-00001")
    return Musicnn(MusicnnNetwork.from_tensors(read_tensors(index, data)))
