"""Voice activity detection by Silero, whose weights come with faster-whisper.

Only the weights are used: the package needs the whole sound in memory, and resets its state with
every call.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import ProviderUnavailable

WINDOW = 512
"""Samples at 16 kHz per probability."""
CONTEXT = 64
"""Samples of the window before that are fed to the model again."""


class VoiceActivity:
    """Streaming detector: it takes one sound piece by piece and keeps its state between them."""

    def __init__(self) -> None:
        onnxruntime: Any = import_module("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session: Any = onnxruntime.InferenceSession(
            str(_weights()), options, providers=["CPUExecutionProvider"]
        )
        self.forget()

    def forget(self) -> None:
        """Reset the state: the next piece does not follow the one before."""
        self._h = self._c = np.zeros((1, 1, 128), np.float32)
        self._before = np.zeros(CONTEXT, np.float32)

    def probabilities(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        """Probability of speech, 0 to 1, for each window of 16 kHz mono samples (whole windows)."""
        windows = samples.astype(np.float32).reshape(-1, WINDOW) / 32768
        tails = np.vstack([self._before, windows[:-1, -CONTEXT:]])
        self._before = windows[-1, -CONTEXT:]
        speech, self._h, self._c = self._session.run(
            None, {"input": np.hstack([tails, windows]), "h": self._h, "c": self._c}
        )
        return speech


def _weights() -> Path:
    # Found, not imported: that would load a whole speech recogniser.
    package = find_spec("faster_whisper")
    folder = Path(package.origin).parent / "assets" if package and package.origin else Path()
    weights = max(folder.glob("silero_vad*.onnx"), default=None)
    if weights is None:
        raise ProviderUnavailable(
            "voice activity needs the package faster-whisper: pip install faster-whisper"
        )
    return weights
