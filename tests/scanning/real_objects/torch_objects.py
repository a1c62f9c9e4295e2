"""PyTorch: tensors, layers, whole modules, optimisers and what is saved beside them."""

# ruff: noqa: PLW0108 - nothing is made before it is asked for

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import nn, optim
from torch.nn import functional
from torch.nn.utils import parametrizations, prune
from torch.optim import lr_scheduler
from torch.utils import data

Named = Iterator[tuple[str, Callable[[], object]]]

_DTYPES = (
    "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 bool complex64 complex128 "
    "uint16 uint32 uint64 float8_e4m3fn float8_e5m2"
).split()


def objects() -> Named:
    """Names and makers of values."""
    warnings.simplefilter("ignore")
    for dtype in _DTYPES:
        yield f"tensor-{dtype}", partial(_tensor, dtype)
    yield from _tensors()
    yield from _layers()
    yield from _models()
    yield from _training()
    yield from _data()
    yield from _distributions()
    yield from _quantised()
    yield from _vision()


def _tensor(dtype: str) -> object:
    return torch.ones(3, 2).to(getattr(torch, dtype))


def _tensors() -> Named:
    yield "scalar", lambda: torch.tensor(3.5)
    yield "empty", lambda: torch.empty(0)
    yield "gradient", lambda: torch.ones(2, requires_grad=True)
    yield "parameter", lambda: nn.Parameter(torch.ones(2), requires_grad=False)
    yield "buffer", lambda: nn.Buffer(torch.ones(2))
    yield "view", lambda: torch.arange(12.0).view(3, 4)[1:, ::2].t()
    yield "shared", _shared
    yield "sparse-coo", lambda: torch.eye(3).to_sparse()
    for layout in ("csr", "csc"):
        yield f"sparse-{layout}", partial(_compressed, layout)
    yield "sparse-bsr", lambda: torch.eye(4).to_sparse_bsr((2, 2))
    yield "conjugate", lambda: torch.ones(2, dtype=torch.complex64).conj()
    yield "negative", lambda: torch.ones(2, dtype=torch.complex64).conj().imag
    yield "meta", lambda: torch.empty(2, device="meta")
    yield "nested", lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    yield (
        "jagged",
        lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged),
    )
    yield "channels-last", lambda: torch.ones(1, 2, 3, 4).to(memory_format=torch.channels_last)
    yield "attributes", _with_attribute
    yield "numpy-in-dict", lambda: {"a": torch.ones(2).numpy(), "b": torch.ones(1)}
    yield (
        "size",
        lambda: [
            torch.Size([1, 2]),
            torch.device("cpu"),
            torch.float32,
            torch.strided,
            torch.contiguous_format,
        ],
    )
    yield "storage", lambda: torch.ones(3).untyped_storage()
    yield "typed-storage", lambda: torch.ones(3).storage()
    yield (
        "generator-state",
        lambda: [torch.get_rng_state(), torch.Generator().manual_seed(3).get_state()],
    )
    yield "generator", lambda: torch.Generator().manual_seed(3)
    yield "finfo", lambda: [torch.finfo(torch.float32).eps]
    yield (
        "return-types",
        lambda: [
            torch.max(torch.ones(2, 2), 0),
            torch.linalg.qr(torch.eye(2)),
            torch.sort(torch.ones(2)),
        ],
    )
    yield "list", lambda: [torch.ones(2), torch.zeros(3, dtype=torch.int64)]
    yield "bits", lambda: torch.tensor([True, False])
    yield "packed-sequence", lambda: nn.utils.rnn.pack_sequence([torch.ones(3), torch.ones(2)])


def _shared() -> object:
    made = torch.arange(5)
    return [made, made[1:], {"again": made}]


def _compressed(layout: str) -> object:
    return getattr(torch.eye(3), f"to_sparse_{layout}")()


def _with_attribute() -> object:
    made = torch.ones(2)
    made.note = "x"
    return made


_LAYERS: dict[str, tuple[Any, ...]] = {
    "Linear": (2, 3),
    "Bilinear": (2, 3, 4),
    **dict.fromkeys(("LazyLinear", "LazyBatchNorm1d"), (3,)),
    **{f"{kind}{n}d": (1, 2, 3) for kind in ("Conv", "ConvTranspose") for n in (1, 2, 3)},
    **{f"LazyConv{n}d": (2, 3) for n in (1, 2, 3)},
    **{
        f"{kind}{n}d": (3,)
        for kind in ("BatchNorm", "InstanceNorm", "MaxPool", "AvgPool", "MaxUnpool")
        for n in (1, 2, 3)
    },
    **{f"Adaptive{kind}Pool{n}d": (3,) for kind in ("Max", "Avg") for n in (1, 2, 3)},
    **{f"{kind}Pad{n}d": (1,) for kind in ("Reflection", "Replication", "Zero") for n in (1, 2, 3)},
    **{f"ConstantPad{n}d": (1, 2.0) for n in (1, 2, 3)},
    **dict.fromkeys(("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"), (2, 3)),
    **dict.fromkeys(
        ("LayerNorm", "RMSNorm", "CrossMapLRN2d", "LocalResponseNorm", "SyncBatchNorm"), (3,)
    ),
    "GroupNorm": (2, 4),
    "Embedding": (5, 3),
    "EmbeddingBag": (5, 3),
    "MultiheadAttention": (4, 2),
    "Transformer": (4, 2, 1, 1, 4),
    "TransformerEncoderLayer": (4, 2, 4),
    "TransformerDecoderLayer": (4, 2, 4),
    **dict.fromkeys(
        "ReLU ReLU6 GELU SiLU Mish Tanh Sigmoid Softplus Softsign LogSigmoid ELU SELU CELU LeakyReLU PReLU RReLU Hardtanh Hardswish Hardsigmoid Tanhshrink Softshrink Hardshrink Softmin".split(),
        (),
    ),
    **dict.fromkeys("Softmax LogSoftmax GLU".split(), (1,)),
    "Softmax2d": (),
    "Threshold": (0.1, 1.0),
    **dict.fromkeys(
        "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout".split(), ()
    ),
    **dict.fromkeys("Identity Flatten ".split(), ()),
    "Unflatten": (1, (1, 2)),
    "Upsample": ((4, 4),),
    "UpsamplingNearest2d": ((4, 4),),
    **dict.fromkeys(("PixelShuffle", "PixelUnshuffle", "ChannelShuffle"), (2,)),
    "Fold": ((4, 4), 2),
    "Unfold": (2,),
    "FractionalMaxPool2d": (2, 3),
    "LPPool2d": (2, 3),
    "CosineSimilarity": (),
    "PairwiseDistance": (),
    **dict.fromkeys(
        "L1Loss MSELoss CrossEntropyLoss NLLLoss PoissonNLLLoss GaussianNLLLoss KLDivLoss BCELoss "
        "BCEWithLogitsLoss HingeEmbeddingLoss HuberLoss SmoothL1Loss SoftMarginLoss CTCLoss "
        "MultiLabelMarginLoss MultiLabelSoftMarginLoss CosineEmbeddingLoss MultiMarginLoss "
        "MarginRankingLoss TripletMarginLoss TripletMarginWithDistanceLoss".split(),
        (),
    ),
    "AdaptiveLogSoftmaxWithLoss": (4, 8, [2, 4]),
}


def _layers() -> Named:
    for name, given in _LAYERS.items():
        yield f"layer-{name}", partial(_layer, name, given)
    yield "parameter-list", lambda: nn.ParameterList([torch.ones(2), torch.ones(3)])
    yield "parameter-dict", lambda: nn.ParameterDict({"a": torch.ones(2)})
    yield "module-dict", lambda: nn.ModuleDict({"a": nn.Linear(1, 1)})
    yield "module-list", lambda: nn.ModuleList([nn.Linear(1, 1)])


def _layer(name: str, given: tuple[Any, ...]) -> object:
    return getattr(nn, name)(*given)


def _small() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2)
    )


def _models() -> Named:
    yield "sequential", _small
    yield "sequential-named", lambda: nn.Sequential(OrderedDict(a=nn.Linear(1, 2), b=nn.Tanh()))
    yield "state-dict", lambda: _small().state_dict()
    yield (
        "transformer-encoder",
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, activation="gelu"), 2),
    )
    yield (
        "transformer-encoder-function",
        lambda: nn.TransformerEncoderLayer(4, 2, 8, activation=functional.gelu),
    )
    yield (
        "transformer-decoder",
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 1, nn.LayerNorm(4)),
    )
    yield "lstm-bidirectional", lambda: nn.LSTM(2, 3, 2, bidirectional=True, dropout=0.1)
    yield "weight-norm", lambda: nn.utils.weight_norm(nn.Linear(2, 2))
    yield "weight-norm-new", lambda: parametrizations.weight_norm(nn.Linear(2, 2)).state_dict()
    yield "spectral-norm", lambda: nn.utils.spectral_norm(nn.Linear(2, 2))
    yield "pruned", lambda: prune.l1_unstructured(nn.Linear(3, 3), "weight", 0.3)
    yield "pruned-random", lambda: prune.random_unstructured(nn.Linear(3, 3), "weight", 2)
    yield "half", lambda: _small().half()
    yield "frozen", lambda: _small().requires_grad_(requires_grad=False).eval()
    yield "data-parallel", lambda: nn.DataParallel(_small())
    yield "swa", lambda: optim.swa_utils.AveragedModel(_small())
    yield "module-after-step", _after_step
    yield "hooked", _hooked
    yield (
        "activation-checkpoint",
        lambda: {"model": _small(), "classes": ["a", "b"], "transform": None},
    )
    yield (
        "nested-state",
        lambda: {
            "encoder": _small().state_dict(),
            "decoder": {"x": torch.ones(1)},
            "config": {"dim": 3, "act": "relu"},
        },
    )


def _after_step() -> object:
    model = _small()
    optimiser = optim.Adam(model.parameters())
    model(torch.ones(2, 1, 4, 4)).sum().backward()
    optimiser.step()
    return model


def _hooked() -> object:
    model = nn.Linear(2, 2)
    model.register_forward_pre_hook(_hook).remove()
    return model


def _hook(*_: object) -> None:
    return None


def _training() -> Named:
    for name in "Adadelta Adafactor Adagrad Adam AdamW Adamax ASGD NAdam RAdam RMSprop Rprop SGD LBFGS".split():
        yield f"optimiser-{name}", partial(_optimiser, name, stepped=True)
        yield f"optimiser-state-{name}", partial(_optimiser_state, name)
    yield "optimiser-sparse-adam", lambda: optim.SparseAdam([nn.Parameter(torch.ones(2))])
    yield (
        "optimiser-groups",
        lambda: optim.SGD(
            [{"params": [nn.Parameter(torch.ones(1))], "lr": 0.1}], lr=0.2, momentum=0.9
        ),
    )
    schedulers: dict[str, tuple[Any, ...]] = {
        "StepLR": (3,),
        "MultiStepLR": ([1, 2],),
        "ConstantLR": (),
        "LinearLR": (),
        "ExponentialLR": (0.9,),
        "CosineAnnealingLR": (5,),
        "CosineAnnealingWarmRestarts": (5,),
        "PolynomialLR": (),
        "ReduceLROnPlateau": (),
        "OneCycleLR": (0.1, 10),
        "CyclicLR": (0.01, 0.1),
    }
    for name, given in schedulers.items():
        yield f"scheduler-{name}", partial(_scheduler, name, given)
        yield f"scheduler-state-{name}", partial(_scheduler_state, name, given)
    yield "checkpoint", _checkpoint
    yield (
        "checkpoint-whole",
        lambda: {"model": _small(), "optimizer": _optimiser("AdamW", stepped=True), "epoch": 3},
    )
    yield "grad-scaler", lambda: torch.amp.GradScaler("cpu").state_dict()


def _optimiser(name: str, *, stepped: bool = False) -> Any:
    parameter = nn.Parameter(torch.ones(3))
    made = getattr(optim, name)([parameter], lr=0.01)
    if stepped:
        parameter.grad = torch.ones(3)
        made.step(lambda: torch.tensor(1.0)) if name == "LBFGS" else made.step()
    return made


def _optimiser_state(name: str) -> object:
    return _optimiser(name, stepped=True).state_dict()


def _scheduler(name: str, given: tuple[Any, ...]) -> Any:
    return getattr(lr_scheduler, name)(_optimiser("SGD"), *given)


def _scheduler_state(name: str, given: tuple[Any, ...]) -> object:
    return _scheduler(name, given).state_dict()


def _checkpoint() -> object:
    return {
        "epoch": 3,
        "model_state_dict": _small().state_dict(),
        "optimizer_state_dict": _optimiser("Adam", stepped=True).state_dict(),
        "loss": torch.tensor(0.3),
        "rng": torch.get_rng_state(),
        "args": {"lr": 1e-3, "name": "run"},
    }


def _data() -> Named:
    tensors = data.TensorDataset(torch.ones(4, 2), torch.ones(4))
    yield "tensor-dataset", lambda: tensors
    yield "subset", lambda: data.Subset(tensors, [0, 2])
    yield "concat", lambda: data.ConcatDataset([tensors, tensors])
    yield "split", lambda: data.random_split(tensors, [2, 2])
    yield "loader", lambda: data.DataLoader(tensors, batch_size=2)
    yield "loader-shuffled", lambda: data.DataLoader(tensors, batch_size=2, shuffle=True)
    yield (
        "samplers",
        lambda: [
            data.SequentialSampler(tensors),
            data.RandomSampler(tensors),
            data.WeightedRandomSampler([1.0, 2.0], 2),
        ],
    )
    yield (
        "batch-sampler",
        lambda: data.BatchSampler(data.SequentialSampler(tensors), 2, drop_last=False),
    )


def _distributions() -> Named:
    kinds = torch.distributions
    yield "normal", lambda: kinds.Normal(torch.zeros(2), torch.ones(2))
    yield (
        "categorical",
        lambda: [kinds.Categorical(torch.ones(3)), kinds.Bernoulli(0.5), kinds.Beta(1.0, 2.0)],
    )
    yield "independent", lambda: kinds.Independent(kinds.Normal(torch.zeros(2), torch.ones(2)), 1)
    yield (
        "transformed",
        lambda: kinds.TransformedDistribution(kinds.Normal(0.0, 1.0), [kinds.ExpTransform()]),
    )
    yield (
        "mixture",
        lambda: kinds.MixtureSameFamily(
            kinds.Categorical(torch.ones(2)), kinds.Normal(torch.zeros(2), torch.ones(2))
        ),
    )
    yield "multivariate", lambda: kinds.MultivariateNormal(torch.zeros(2), torch.eye(2))


def _quantised() -> Named:
    yield (
        "quantised-tensor",
        lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 10, torch.quint8),
    )
    yield "quantised-signed", lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)
    yield (
        "quantised-channel",
        lambda: torch.quantize_per_channel(
            torch.ones(2, 2), torch.ones(2), torch.zeros(2, dtype=torch.int64), 0, torch.qint8
        ),
    )
    yield (
        "dynamic-quantised",
        lambda: torch.ao.quantization.quantize_dynamic(
            nn.Sequential(nn.Linear(2, 2)), {nn.Linear}, torch.qint8
        ),
    )
    yield (
        "dynamic-quantised-state",
        lambda: torch.ao.quantization.quantize_dynamic(
            nn.Sequential(nn.Linear(2, 2)), {nn.Linear}, torch.qint8
        ).state_dict(),
    )
    yield "static-quantised", _static
    yield "qconfig", lambda: torch.ao.quantization.get_default_qconfig("fbgemm")
    yield (
        "observer",
        lambda: [torch.ao.quantization.MinMaxObserver(), torch.ao.quantization.HistogramObserver()],
    )
    yield "fake-quantise", torch.ao.quantization.FakeQuantize


def _static() -> object:
    model = nn.Sequential(
        torch.ao.quantization.QuantStub(),
        nn.Linear(2, 2),
        nn.ReLU(),
        torch.ao.quantization.DeQuantStub(),
    ).eval()
    model.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    prepared = torch.ao.quantization.prepare(model)
    prepared(torch.ones(2, 2))
    return torch.ao.quantization.convert(prepared)


def _vision() -> Named:
    try:
        import torchvision
    except (ImportError, RuntimeError):  # it was built for another PyTorch
        return
    for name in "resnet18 densenet121 mobilenet_v3_small efficientnet_b0 squeezenet1_0 shufflenet_v2_x0_5 vit_b_32 swin_t convnext_tiny regnet_x_400mf googlenet mnasnet0_5".split():
        yield f"vision-{name}", partial(torchvision.models.get_model, name)
    yield (
        "vision-detection",
        lambda: torchvision.models.get_model(
            "ssdlite320_mobilenet_v3_large", weights=None, weights_backbone=None
        ),
    )
    yield (
        "vision-rcnn",
        lambda: torchvision.models.get_model(
            "fasterrcnn_mobilenet_v3_large_320_fpn", weights=None, weights_backbone=None
        ),
    )
    yield (
        "vision-segmentation",
        lambda: torchvision.models.get_model(
            "lraspp_mobilenet_v3_large", weights=None, weights_backbone=None
        ),
    )
    import torchvision.transforms.v2

    kinds = torchvision.transforms
    yield (
        "transforms",
        lambda: kinds.Compose(
            [
                kinds.Resize(8),
                kinds.CenterCrop(4),
                kinds.ToTensor(),
                kinds.Normalize([0.5], [0.5]),
                kinds.RandomHorizontalFlip(),
                kinds.ColorJitter(0.1),
                kinds.RandomRotation(3),
            ]
        ),
    )
    yield (
        "transforms-v2",
        lambda: torchvision.transforms.v2.Compose(
            [
                torchvision.transforms.v2.Resize(8),
                torchvision.transforms.v2.ToDtype(torch.float32, scale=True),
                torchvision.transforms.v2.RandAugment(),
            ]
        ),
    )
    yield "weights-enum", lambda: torchvision.models.ResNet18_Weights.DEFAULT
