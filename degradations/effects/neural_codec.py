"""Neural codecs: EnCodec, DAC and their like."""

from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field

from ...audio import Audio
from ..assets import find
from ..dsp.codec_networks import CodecNetwork, codec_file
from .codecs import Codec

__all__ = ["NeuralCodec"]


class NeuralCodec(Codec, kind="neural_codec"):
    """EnCodec or DAC: consonants, cymbals and rooms are not kept but made up anew.

    A network makes codes of the sound, each the nearest entry of a codebook to what the
    codebooks before it have left, and another network makes sound of the codes. Fewer codebooks
    take less bandwidth. It works at the codec's own rate and is not late. A codec of one channel
    codes each channel by itself; one of two codes them together, and mono as two equal ones. Its
    weights do not come with wetdry: `wetdry fetch encodec_24khz` (or `encodec_48khz`, `dac_24khz`,
    `dac_44khz`) makes the file, and `pip install "wetdry[neural]"` brings what runs it.

    Parameters
    ----------
    model : str
        The ONNX file of the codec; looked for in the folder given to :meth:`located`, then
        where `wetdry fetch` puts it.
    model_sha256 : str or None
        The digest that the file must have; None takes any.
    bandwidth_kbps : float
        From 0.5 to 24 kbps, for each channel if the codec has one, else for both together. As
        many codebooks are used as fit (at least one): EnCodec's cost 0.75 kbps each at 24 kHz
        and 1.5 at 48 kHz, DAC's 0.75 at 24 kHz and 0.86 at 44.1 kHz, which has nine.

    Notes
    -----
    Défossez et al., "High Fidelity Neural Audio Compression", 2022; Kumar et al.,
    "High-Fidelity Audio Compression with Improved RVQGAN", 2023.
    """

    adds_noise: ClassVar[bool] = True  # a network need not answer silence with silence
    needs: ClassVar[str] = "onnxruntime"

    model: str
    model_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    bandwidth_kbps: Annotated[float, Field(ge=0.5, le=24)] = 24.0

    def located(self, folder: Path) -> Self:
        """Return the effect with its file looked for in ``folder``, then among fetched ones."""
        return self.model_copy(update={"model": str(find(folder, self.model))})

    def _network(self) -> CodecNetwork:
        """Read the file; AssetError if it is absent, changed or no codec."""
        return codec_file(find(Path(), self.model), self.model_sha256)

    def _rate(self, sample_rate: int) -> int:
        """Return the codec's rate."""
        return self._network().facts.sample_rate

    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Send it through the networks."""
        network = self._network()
        return network(audio, network.facts.codebooks_for(self.bandwidth_kbps))
