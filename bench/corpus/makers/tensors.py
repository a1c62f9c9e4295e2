"""PyTorch, transformers, ONNX, safetensors, GGUF and their companions."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from bench.corpus.makers import library


def _network() -> Any:
    torch = library("torch")
    nn = torch.nn
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 2)).eval()


def torch__states(folder: Path) -> None:
    torch = library("torch")
    model = _network()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    torch.save(model.state_dict(), folder / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(
        {"epoch": 3, "model": model.state_dict(), "args": {"lr": 0.1}}, folder / "checkpoint.pt"
    )
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(4, 4)).sum().backward()
    optimizer.step()
    torch.save(optimizer.state_dict(), folder / "optimizer.pt")
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    torch.save(schedule.state_dict(), folder / "scheduler.pt")
    torch.save(torch.get_rng_state(), folder / "rng_state.pth")
    torch.save(model[0].weight, folder / "parameter.pt")
    torch.save(
        model.state_dict(),
        folder / "half-legacy.bin",
        pickle_protocol=4,
        _use_new_zipfile_serialization=False,
    )


def torch__tensors(folder: Path) -> None:
    torch = library("torch")
    for kind in (
        "float16",
        "bfloat16",
        "float64",
        "int8",
        "uint8",
        "bool",
        "complex64",
        "float8_e4m3fn",
    ):
        torch.save(torch.zeros(4, 4).to(getattr(torch, kind)), folder / f"{kind}.pt")
    torch.save(torch.eye(4).to_sparse(), folder / "sparse.pt")
    torch.save(torch.eye(4).to_sparse_csr(), folder / "csr.pt")
    torch.save(
        torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.qint8), folder / "quantised.pt"
    )
    torch.save([torch.ones(2), {"a": torch.zeros(1)}, (1, "x")], folder / "nested.pt")
    torch.save(torch.ones(8)[::2], folder / "view.pt")
    torch.save(
        {"device": torch.device("cpu"), "size": torch.Size([2]), "dtype": torch.float32},
        folder / "values.pt",
    )


def torch__modules(folder: Path) -> None:
    torch = library("torch")
    model = _network()
    torch.save(model, folder / "module.pt")
    torch.save(torch.nn.TransformerEncoderLayer(8, 2, 16), folder / "transformer.pt")
    torch.save(torch.nn.LSTM(4, 4), folder / "lstm.pth", _use_new_zipfile_serialization=False)
    (folder / "module.pkl").write_bytes(pickle.dumps(model))
    torch.jit.trace(model, torch.ones(1, 4)).save(str(folder / "traced.pt"))
    torch.jit.script(model).save(str(folder / "scripted.pt"))
    torch.jit.freeze(torch.jit.script(model)).save(str(folder / "frozen.pt"))


def torch__exported(folder: Path) -> None:
    torch = library("torch")
    program = torch.export.export(_network(), (torch.ones(2, 4),))
    torch.export.save(program, folder / "model.pt2")


def executorch__program(folder: Path) -> None:
    torch, exir = library("torch"), library("executorch.exir")
    program = exir.to_edge(torch.export.export(_network(), (torch.ones(2, 4),))).to_executorch()
    (folder / "model.pte").write_bytes(program.buffer)


def safetensors__files(folder: Path) -> None:
    torch, io = library("torch"), library("safetensors.torch")
    state = _network().state_dict()
    io.save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    io.save_file(
        {k: v.half() if v.is_floating_point() else v for k, v in state.items()},
        folder / "half.safetensors",
    )
    io.save_file(
        {"f8": torch.zeros(8).to(torch.float8_e5m2), "empty": torch.zeros(0, 4)},
        folder / "odd.safetensors",
    )
    numpy = library("numpy")
    library("safetensors.numpy").save_file(
        {"x": numpy.eye(3), "y": numpy.arange(5)}, folder / "numpy.safetensors"
    )


def gguf__files(folder: Path) -> None:
    gguf, numpy = library("gguf"), library("numpy")
    for name in ("plain", "chat"):
        writer = gguf.GGUFWriter(folder / f"{name}.gguf", "llama")
        writer.add_context_length(128)
        writer.add_block_count(1)
        writer.add_token_list(["<s>", "</s>", "a"])
        writer.add_token_types([3, 3, 1])
        if name == "chat":
            writer.add_chat_template(
                "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
            )
        writer.add_tensor("token_embd.weight", numpy.ones((8, 32), "f4"))
        quantised = gguf.quants.quantize(numpy.ones((4, 32), "f4"), gguf.GGMLQuantizationType.Q8_0)
        writer.add_tensor(
            "blk.0.attn_q.weight", quantised, raw_dtype=gguf.GGMLQuantizationType.Q8_0
        )
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def onnx__files(folder: Path) -> None:
    onnx, numpy = library("onnx"), library("numpy")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weights = onnx.numpy_helper.from_array(numpy.ones((64, 64), "f4"), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", kind, ["n", 64])],
        [helper.make_tensor_value_info("y", kind, ["n", 64])],
        [weights],
    )
    model = helper.make_model(graph)
    onnx.save(model, folder / "model.onnx")
    (folder / "external").mkdir()
    onnx.save(
        model,
        folder / "external" / "model.onnx",
        save_as_external_data=True,
        location="model.onnx.data",
        size_threshold=0,
    )
    (folder / "text.onnxtxt").write_text(onnx.printer.to_text(model))


def onnx__sklearn(folder: Path) -> None:
    skl2onnx, numpy = library("skl2onnx"), library("numpy")
    rng = numpy.random.default_rng(1)
    x, y = rng.normal(size=(60, 4)).astype("f4"), rng.integers(0, 2, 60)
    for name, model in {
        "forest": library("sklearn.ensemble").RandomForestClassifier(3),
        "logistic": library("sklearn.linear_model").LogisticRegression(),
        "neighbours": library("sklearn.neighbors").KNeighborsClassifier(),
        "process": library("sklearn.gaussian_process").GaussianProcessRegressor(),
    }.items():
        (folder / f"{name}.onnx").write_bytes(
            skl2onnx.to_onnx(model.fit(x, y), x[:1]).SerializeToString()
        )


def onnx__torch(folder: Path) -> None:
    torch = library("torch")
    torch.onnx.export(_network(), (torch.ones(1, 4),), str(folder / "traced.onnx"), dynamo=False)


def _tokenizer(kind: str) -> Any:
    tokenizers = library("tokenizers")
    model = {
        "BPE": tokenizers.models.BPE,
        "WordPiece": tokenizers.models.WordPiece,
        "Unigram": tokenizers.models.Unigram,
    }[kind]
    made = tokenizers.Tokenizer(model())
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    trainer = getattr(tokenizers.trainers, {"BPE": "Bpe"}.get(kind, kind) + "Trainer")(
        vocab_size=120, special_tokens=["[UNK]", "[PAD]", "<s>", "</s>"]
    )
    made.train_from_iterator(
        ["the cat sat on the mat", "import os and sys", "hello world"] * 9, trainer
    )
    return made


def tokenizers__files(folder: Path) -> None:
    for kind in ("BPE", "WordPiece", "Unigram"):
        _tokenizer(kind).save(str(folder / f"{kind.lower()}.tokenizer.json"))


def sentencepiece__model(folder: Path) -> None:
    pieces = library("sentencepiece")
    text = [f"the quick brown fox number {i} jumps over the lazy dog" for i in range(200)]
    for kind in ("unigram", "bpe"):
        pieces.SentencePieceTrainer.train(
            sentence_iterator=iter(text),
            model_prefix=str(folder / kind),
            vocab_size=60,
            model_type=kind,
            minloglevel=2,
        )


def transformers__repositories(folder: Path) -> None:
    transformers, torch = library("transformers"), library("torch")
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer("BPE"),
        unk_token="[UNK]",
        pad_token="[PAD]",
        bos_token="<s>",
        eos_token="</s>",
    )
    fast.chat_template = (
        "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>{% endfor %}"
    )
    small = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "vocab_size": 120,
    }
    for name, kind in {"bert": "Bert", "roberta": "Roberta"}.items():
        config = getattr(transformers, f"{kind}Config")(**small)
        getattr(transformers, f"{kind}Model")(config).save_pretrained(folder / name)
        fast.save_pretrained(folder / name)
    config = transformers.LlamaConfig(**small, num_key_value_heads=2)
    model = transformers.LlamaForCausalLM(config)
    model.save_pretrained(folder / "llama", max_shard_size="10KB")
    fast.save_pretrained(folder / "llama")
    config = transformers.GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=120)
    model = transformers.GPT2LMHeadModel(config)
    (folder / "gpt2").mkdir()
    config.save_pretrained(folder / "gpt2")
    torch.save(model.state_dict(), folder / "gpt2" / "pytorch_model.bin")
    fast.save_pretrained(folder / "gpt2")
