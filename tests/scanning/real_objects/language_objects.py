"""Hugging Face libraries, spaCy and Keras."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("KERAS_BACKEND", "torch")

Named = Iterator[tuple[str, Callable[[], object]]]


def objects() -> Named:
    """Names and makers of values."""
    warnings.simplefilter("ignore")
    for part in (_transformers, _tokenizers, _sentence, _spacy, _keras):
        try:
            yield from part()
        except ImportError:
            continue


def _transformers() -> Named:
    import transformers

    for name in "BertConfig GPT2Config LlamaConfig T5Config ViTConfig CLIPConfig WhisperConfig DistilBertConfig RobertaConfig MistralConfig Qwen2Config".split():
        yield f"config-{name}", getattr(transformers, name)
    small = {
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 8,
        "vocab_size": 20,
    }
    for name in "Bert Roberta Electra DistilBert".split():
        yield f"model-{name}", partial(_model, name, small)
    yield (
        "model-gpt2",
        lambda: transformers.GPT2LMHeadModel(
            transformers.GPT2Config(n_embd=8, n_layer=1, n_head=2, vocab_size=20)
        ),
    )
    yield (
        "model-llama",
        lambda: transformers.LlamaForCausalLM(
            transformers.LlamaConfig(**small, num_key_value_heads=2)
        ),
    )
    yield (
        "model-t5",
        lambda: transformers.T5ForConditionalGeneration(
            transformers.T5Config(
                d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2, vocab_size=20
            )
        ),
    )
    yield (
        "model-vit",
        lambda: transformers.ViTForImageClassification(
            transformers.ViTConfig(
                hidden_size=8,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=8,
                image_size=8,
                patch_size=4,
            )
        ),
    )
    yield (
        "model-classifier-state",
        lambda: transformers.BertForSequenceClassification(
            transformers.BertConfig(**small)
        ).state_dict(),
    )
    yield "training-arguments", lambda: transformers.TrainingArguments("out", use_cpu=True)
    yield (
        "training-arguments-seq2seq",
        lambda: transformers.Seq2SeqTrainingArguments("out", use_cpu=True),
    )
    yield (
        "training-arguments-more",
        lambda: transformers.TrainingArguments(
            "out",
            use_cpu=True,
            lr_scheduler_type="cosine",
            eval_strategy="steps",
            save_strategy="steps",
            optim="adafactor",
        ),
    )
    yield "generation-config", lambda: transformers.GenerationConfig(max_length=9)
    yield "schedule", _schedule
    yield "outputs", _outputs
    yield "trainer-state", transformers.TrainerState
    yield "collators", transformers.DefaultDataCollator
    yield (
        "processors",
        lambda: transformers.LogitsProcessorList([transformers.TemperatureLogitsWarper(0.7)]),
    )
    yield "feature-extractor", transformers.ViTImageProcessor
    yield "whisper-extractor", transformers.WhisperFeatureExtractor
    yield (
        "activation",
        lambda: [
            transformers.activations.GELUActivation(),
            transformers.activations.NewGELUActivation(),
        ],
    )
    yield "eval-prediction", lambda: transformers.trainer_utils.TrainOutput(1, 0.5, {"a": 1.0})


def _model(name: str, small: dict[str, int]) -> object:
    import transformers

    config = getattr(transformers, f"{name}Config")(**small)
    return getattr(transformers, f"{name}Model")(config)


def _schedule() -> object:
    import torch
    import transformers

    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    return transformers.get_linear_schedule_with_warmup(optimiser, 1, 5).state_dict()


def _outputs() -> object:
    import torch
    from transformers.modeling_outputs import BaseModelOutput, SequenceClassifierOutput
    from transformers.tokenization_utils_base import BatchEncoding

    return [
        BaseModelOutput(torch.ones(1)),
        SequenceClassifierOutput(logits=torch.ones(1)),
        BatchEncoding({"input_ids": [[1, 2]]}),
    ]


def _word_level() -> Any:
    import tokenizers

    made = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({"a": 0, "b": 1, "[UNK]": 2}, unk_token="[UNK]")
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.normalizer = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.NFD(), tokenizers.normalizers.Lowercase()]
    )
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="a $A", special_tokens=[("a", 0)]
    )
    made.decoder = tokenizers.decoders.WordPiece()
    return made


def _tokenizers() -> Named:
    import tokenizers
    import transformers

    yield "tokenizer", _word_level
    yield (
        "tokenizer-parts",
        lambda: [
            _word_level().pre_tokenizer,
            _word_level().normalizer,
            _word_level().model,
            tokenizers.AddedToken("x"),
        ],
    )
    yield (
        "tokenizer-bpe",
        lambda: tokenizers.Tokenizer(
            tokenizers.models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")])
        ),
    )
    yield (
        "tokenizer-unigram",
        lambda: tokenizers.Tokenizer(tokenizers.models.Unigram([("a", -1.0), ("b", -2.0)])),
    )
    yield (
        "tokenizer-fast",
        lambda: transformers.PreTrainedTokenizerFast(
            tokenizer_object=_word_level(), unk_token="[UNK]"
        ),
    )
    yield "tokenizer-encoding", lambda: _word_level().encode("a b a")


def _sentence() -> Named:
    import sentence_transformers
    import torch
    import transformers
    from sentence_transformers import models

    yield "sentence-pooling", lambda: models.Pooling(8)
    yield "sentence-dense", lambda: models.Dense(8, 4)
    yield "sentence-normalize", models.Normalize
    yield (
        "sentence-model",
        lambda: sentence_transformers.SentenceTransformer(
            modules=[models.Dense(8, 4), models.Normalize()], device="cpu"
        ),
    )
    yield (
        "sentence-example",
        lambda: sentence_transformers.InputExample(texts=["a", "b"], label=1.0),
    )
    yield (
        "sentence-embeddings",
        lambda: {"sentences": ["a"], "embeddings": torch.ones(1, 8).numpy()},
    )
    yield (
        "sentence-functions",
        lambda: [sentence_transformers.SimilarityFunction.COSINE, transformers.PretrainedConfig()],
    )


def _spacy() -> Named:
    import spacy

    yield "spacy-blank", lambda: spacy.blank("en")
    yield "spacy-german", lambda: spacy.blank("de")
    yield "spacy-sentencizer", _sentencizer
    yield "spacy-ruler", _ruler
    yield "spacy-text-categories", _categories
    yield "spacy-doc", lambda: spacy.blank("en")("Hello world.")
    yield "spacy-docs", lambda: [spacy.blank("en")(text) for text in ("a b", "c")]
    yield "spacy-vocab", lambda: spacy.blank("en").vocab
    yield "spacy-matcher", _matcher
    yield "spacy-phrase-matcher", _phrases
    yield "spacy-strings", lambda: spacy.strings.StringStore(["a", "b"])
    yield "spacy-tokenizer", lambda: spacy.blank("en").tokenizer
    yield "spacy-vectors", lambda: spacy.vectors.Vectors(shape=(3, 4))
    yield "spacy-doc-bin", lambda: spacy.tokens.DocBin(docs=[spacy.blank("en")("a b")])
    yield "spacy-example", lambda: spacy.blank("en")("a b").to_json()


def _sentencizer() -> object:
    import spacy

    made = spacy.blank("en")
    made.add_pipe("sentencizer")
    return made


def _ruler() -> object:
    import spacy

    made = spacy.blank("en")
    made.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "Apple"}])
    return made


def _categories() -> object:
    import spacy

    made = spacy.blank("en")
    categories = made.add_pipe("textcat")
    categories.add_label("A")
    categories.add_label("B")
    made.initialize()
    return made


def _matcher() -> object:
    import spacy

    made = spacy.matcher.Matcher(spacy.blank("en").vocab)
    made.add("A", [[{"LOWER": "a"}]])
    return made


def _phrases() -> object:
    import spacy

    english = spacy.blank("en")
    made = spacy.matcher.PhraseMatcher(english.vocab)
    made.add("A", [english("a b")])
    return made


def _keras() -> Named:
    import keras

    layers = keras.layers
    yield (
        "keras-sequential",
        lambda: keras.Sequential([keras.Input((3,)), layers.Dense(2, activation="relu")]),
    )
    yield "keras-compiled", _compiled
    yield "keras-functional", _functional
    yield "keras-layer", lambda: layers.Dense(3)
    yield "keras-history", lambda: {"history": {"loss": [1.0, 0.5]}, "params": {"epochs": 2}}
    yield "keras-optimiser", lambda: keras.optimizers.Adam(0.1)
    yield "keras-initializer", lambda: keras.initializers.GlorotUniform(seed=1)
    yield "keras-weights", lambda: [layer.get_weights() for layer in _compiled().layers]
    yield "keras-config", lambda: _compiled().get_config()
    yield "keras-text", lambda: keras.regularizers.L2(0.1)


def _compiled() -> Any:
    import keras

    made = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dropout(0.1), keras.layers.Dense(1)]
    )
    made.compile("adam", "mse")
    return made


def _functional() -> object:
    import keras

    start = keras.Input((3,))
    middle = keras.layers.Dense(4)(start)
    return keras.Model(start, keras.layers.Add()([middle, middle]))
