"""Where somebody speaks: Silero voice activity detection (its weights come with faster-whisper).

Only its weights are used: the package would have the whole sound in memory, and start afresh in
every piece that it is given.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import ProviderUnavailable

WINDOW = 512
"""Samples at 16 kHz that one probability stands for."""
CONTEXT = 64
"""Samples of the window before that the model looks at again."""


class VoiceActivity:
    """One pass over a sound, piece by piece; what was heard before is remembered."""

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
        """Start afresh: what comes next does not follow what came before."""
        self._h = self._c = np.zeros((1, 1, 128), np.float32)
        self._before = np.zeros(CONTEXT, np.float32)

    def probabilities(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        """0 to 1 for each window of 16 kHz mono samples, which are whole windows."""
        windows = samples.astype(np.float32).reshape(-1, WINDOW) / 32768
        tails = np.vstack([self._before, windows[:-1, -CONTEXT:]])
        self._before = windows[-1, -CONTEXT:]
        found, self._h, self._c = self._session.run(
            None, {"input": np.hstack([tails, windows]), "h": self._h, "c": self._c}
        )
        return found


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
