"""Package names that are almost those of popular ones."""

from __future__ import annotations

import re

_POPULAR = frozenset(
    """accelerate anthropic beautifulsoup4 bitsandbytes boto3 catboost colorama cryptography
    datasets deepspeed diffusers einops fastapi flash-attn gensim gradio huggingface-hub joblib
    keras langchain lightgbm llama-cpp-python matplotlib mlflow numpy nvidia-cuda-runtime-cu12
    onnxruntime openai opencv-python pandas pillow protobuf pyarrow pydantic pytorch
    pytorch-lightning pyyaml requests safetensors scikit-image scikit-learn scipy seaborn
    sentence-transformers sentencepiece setuptools sklearn spacy statsmodels tensorboard
    tensorflow tokenizers torch torchaudio torchvision transformers triton ultralytics urllib3
    wandb xformers xgboost""".split()
)
_OTHERS = frozenset(
    """dataset einop scapy tokenizer torchx tensorflow2 transformers4 jobkit pytorchx spacy3 keras2
    keras3 panda pandas2 pyyaml6 wanda numpyro seaborne opencv torch2 requests2 urllib4""".split()
)
"""Names one letter away from a popular one that are packages of their own, or of no harm."""
_SHORTEST = 5
_LIKE = str.maketrans({"1": "l", "I": "l", "0": "o", "5": "s", "|": "l"})
_SEPARATORS = re.compile(r"[-_.]+")


def look_alike(name: str) -> str | None:
    """The popular package a name could be taken for, if it is not that package's."""
    plain = _SEPARATORS.sub("-", name).lower()
    if plain in _POPULAR or plain in _OTHERS or len(plain) < _SHORTEST:
        return None
    drawn = _drawn(_SEPARATORS.sub("-", name))
    for popular in _POPULAR:
        if drawn == _drawn(popular) or (
            abs(len(popular) - len(plain)) <= 1
            and len(popular) >= _SHORTEST
            and (plain[: len(popular)] != popular or plain[-1] == popular[-1].lower())
            and _one_apart(plain, popular)
        ):
            return popular
    return None


def _drawn(name: str) -> str:
    """A name by how its letters look."""
    return name.translate(_LIKE).lower().replace("rn", "m").replace("vv", "w")


def _one_apart(one: str, other: str) -> bool:
    """Whether one change, one more or less, or one swap of neighbours leads to the other."""
    short, long = sorted((one, other), key=len)
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) != len(long):
        return short[at:] == long[at + 1 :]
    if short[at + 1 :] == long[at + 1 :]:
        return True
    swapped = long[at + 1 : at + 2] + long[at : at + 1] + long[at + 2 :]
    return short[at:] == swapped
