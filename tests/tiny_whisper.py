"""A real Whisper model of random weights, a few megabytes: it loads, and talks nonsense."""

from pathlib import Path
from typing import Any

import numpy as np

WORDS = ("the", "a", "cat", "sat", "on", "mat", "sea", "red", "boat", "sails", "at", "dawn")
SPECIAL = ["endoftext", "startoftranscript", "en", "de", "fr", "translate", "transcribe"]
SPECIAL += ["startoflm", "startofprev", "nocaptions", "notimestamps"]
MULTILINGUAL = 51865
WIDTH, MELS, HEADS, LAYERS = 16, 80, 2, 1


def write_whisper(folder: Path, seed: int = 5) -> Path:
    """Write model, configuration and tokenizer to a folder, as a conversion would."""
    from ctranslate2.specs import WhisperSpec
    from ctranslate2.specs.model_spec import visit_spec
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    folder.mkdir(parents=True, exist_ok=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = [f"<|{name}|>" for name in SPECIAL]
    times = [f"<|{i * 0.02:.2f}|>" for i in range(1501)]
    fixed = len(alphabet) + len(special) + len(times)
    plain = alphabet + [f"Ġ{WORDS[i % len(WORDS)]}{i}" for i in range(MULTILINGUAL - fixed)]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(plain)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    tokenizer.save(str(folder / "tokenizer.json"))
    # By an empty token the bindings know a model that hears more than English.
    vocabulary = [*plain[:-1], "", *special, *times]

    spec = WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    random = np.random.default_rng(seed)

    def fill(part: Any, name: str, value: Any) -> None:
        # The bindings call some optional that Whisper does not load without.
        if value is None or name.endswith(("conv1/bias", "conv2/bias", "encodings")):
            weights = _weights(name, len(vocabulary), random)
            setattr(part, name.rpartition("/")[2], weights.astype(np.float32))

    visit_spec(spec, fill)
    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids = [len(plain) + i for i in range(1, len(special))]
    spec.config.suppress_ids_begin = [len(plain)]
    spec.config.lang_ids = [vocabulary.index(f"<|{code}|>") for code in ("en", "de", "fr")]
    spec.config.alignment_heads = [(0, 0), (0, 1)]
    spec.validate()
    spec.save(str(folder))
    return folder


def _weights(name: str, vocabulary: int, random: np.random.Generator) -> Any:
    shapes = {
        "conv1/weight": (WIDTH, MELS, 3),
        "conv2/weight": (WIDTH, WIDTH, 3),
        "conv1/bias": (WIDTH,),
        "conv2/bias": (WIDTH,),
        "encoder/position_encodings/encodings": (1500, WIDTH),
        "decoder/position_encodings/encodings": (448, WIDTH),
        "embeddings/weight": (vocabulary, WIDTH),
        "projection/weight": (vocabulary, WIDTH),
        "self_attention/linear_0/weight": (3 * WIDTH, WIDTH),
        "self_attention/linear_1/weight": (WIDTH, WIDTH),
        "/attention/linear_0/weight": (WIDTH, WIDTH),
        "/attention/linear_1/weight": (2 * WIDTH, WIDTH),
        "/attention/linear_2/weight": (WIDTH, WIDTH),
        "ffn/linear_0/weight": (4 * WIDTH, WIDTH),
        "ffn/linear_1/weight": (WIDTH, 4 * WIDTH),
        "layer_norm/gamma": (WIDTH,),
        "layer_norm/beta": (WIDTH,),
    }
    shape = next(shape for end, shape in shapes.items() if name.endswith(end))
    return np.ones(shape) if name.endswith("gamma") else random.normal(0, 0.5, shape)
