"""Names that a loader imports and calls: which are dangerous, which are a library's own."""

from __future__ import annotations

import builtins
import re
from enum import Enum
from urllib.parse import unquote

from assay.scanning.pickle.imports import ImportPolicy, Safety
from assay.scanning.scanners import known_names as known
from assay.scanning.scanners.dotted_names import attribute_name, import_name

DOTTED = re.compile(r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+\Z")


class Reach(Enum):
    """What importing a name and calling it can do."""

    LIBRARY = "what a library for models does"
    UNKNOWN = "unknown"
    REVIEW = "reads files or the network"
    DANGEROUS = "runs code"


_DANGEROUS = (
    known.EXECUTES
    | known.COMPILES
    | known.BUILDS_CODE
    | known.RUNS_FILES
    | known.SHELLS
    | known.NATIVE
    | known.BUILDS_NATIVE
    | known.DESTROYS
    | known.HOOKS
    | known.COPIES
    | frozenset(
        "builtins.open builtins.__import__ builtins.getattr builtins.setattr builtins.delattr "
        "builtins.globals builtins.vars builtins.input builtins.breakpoint builtins.type "
        "importlib.import_module importlib.reload importlib.__import__ hydra.utils.get_method "
        "hydra.utils.get_class hydra.utils.get_object hydra._internal.utils._locate pydoc.locate "
        "pkgutil.resolve_name pickle.loads pickle.load pickle.Unpickler dill.loads dill.load "
        "cloudpickle.loads cloudpickle.load marshal.loads marshal.load operator.methodcaller "
        "operator.attrgetter torch.hub.load torch.utils.collect_env.run os.putenv os.kill "
        "os.fork os.environ.update os.environ.setdefault sys.exit sys.modules.update "
        "sys.path.insert sys.path.append webbrowser.open pip.main logging.config.dictConfig "
        "logging.config.fileConfig jsonpickle.decode yaml.unsafe_load yaml.load "
        "torch.package.PackageImporter code.interact antigravity.geohash test.support".split()
    )
)
_UNPICKLES = frozenset(name for name, kind in known.LOADS.items() if kind == "pickle")
_REVIEWED = frozenset(known.LOADS) | known.SENDS | known.FETCHES | frozenset(known.DOWNLOADS)
_HARMLESS = re.compile(
    r"(?:builtins\.(?:dict|list|tuple|set|frozenset|int|float|str|bool|bytes|complex|range|slice|"
    r"len|sum|min|max|abs|round|sorted|zip|enumerate|print|object|map|filter|any|all)|"
    r"os\.(?:path\.\w+|getcwd|cpu_count|getenv|environ\.get|getpid)|pathlib\.\w+|datetime\.\w+|"
    r"logging\.(?!os|sys|config)\w+|collections\.\w+|functools\.(?:partial|lru_cache|cache)|"
    r"math\.\w+|random\.\w+|typing\.\w+|enum\.\w+|itertools\.\w+|time\.(?:time|sleep|strftime)|"
    r"uuid\.uuid4|re\.compile|copy\.(?:deep)?copy|string\.Template|decimal\.\w+|fractions\.\w+|"
    r"types\.SimpleNamespace|operator\.(?:add|mul|itemgetter)|json\.loads|statistics\.\w+|"
    r"multiprocessing\.cpu_count|tempfile\.(?:mkdtemp|gettempdir|TemporaryDirectory)|"
    r"dataclasses\.\w+|argparse\.Namespace|threading\.Lock|queue\.Queue|socket\.gethostname|"
    r"platform\.\w+|sys\.(?:stdout|stderr)|warnings\.\w+)\Z"
)
_STANDARD = frozenset(
    "os sys subprocess builtins importlib socket shutil ctypes marshal pty runpy pickle code "
    "multiprocessing asyncio concurrent types gc inspect dis ast signal imp pkgutil site timeit "
    "cProfile profile pdb bdb trace doctest unittest http urllib ftplib smtplib telnetlib "
    "webbrowser tempfile shelve dbm zipimport codecs operator functools platform".split()
)
_LIBRARIES = frozenset(
    "torch torchvision torchaudio torchtext torchmetrics torchdata transformers diffusers peft "
    "accelerate datasets tokenizers sentence_transformers huggingface_hub safetensors timm "
    "lightning pytorch_lightning lightning_fabric hydra omegaconf numpy scipy sklearn pandas "
    "tensorflow tensorflow_probability keras jax jaxlib flax optax orbax haiku nemo nemo_toolkit "
    "monai einops albumentations cv2 PIL skimage matplotlib seaborn wandb mlflow tensorboard "
    "tensorboardX comet_ml neptune clearml aim optuna ray nevergrad xgboost lightgbm catboost "
    "spacy nltk gensim fairseq fairseq2 espnet espnet2 speechbrain whisper kaldi detectron2 "
    "mmengine mmcv mmdet mmseg mmpretrain mmcls ultralytics segmentation_models_pytorch "
    "torch_geometric dgl rdkit deepspeed fairscale xformers flash_attn bitsandbytes apex "
    "megatron gym gymnasium stable_baselines3 pettingzoo rich tqdm loguru pydantic attrs fire "
    "open_clip clip ldm sgm taming kornia librosa soundfile audiomentations nussl asteroid "
    "pyannote s3prl funasr modelscope trl unsloth axolotl langchain langchain_core "
    "langchain_community langchain_openai llama_index haystack vllm onnx onnxruntime optimum "
    "evaluate jiwer sacrebleu rouge_score bert_score faiss pyro botorch gpytorch tianshou rllib "
    "dm_control mujoco lerobot diffusion_policy robomimic gluonts darts neuralforecast "
    "pytorch_forecasting sktime statsmodels prophet joblib dask pyarrow polars h5py zarr fsspec "
    "boto3 google azure sqlalchemy aiohttp httpx fastapi".split()
)


def reach(dotted: str, policy: ImportPolicy) -> Reach:
    """What a name can do for a loader that imports and calls it."""
    parts = unquote(dotted).strip().replace(":", ".").split(".")
    if len(parts) == 1 and parts[0] in _BUILTINS:
        parts = ["builtins", *parts]
    name = import_name(parts[0])
    for part in parts[1:]:
        name = attribute_name(name, part)
    if name in _DANGEROUS or name in _UNPICKLES or any(map(_is_internal, parts)):
        return Reach.DANGEROUS
    if _HARMLESS.match(name):
        return Reach.LIBRARY
    if name in _REVIEWED:
        return Reach.REVIEW
    root = name.partition(".")[0]
    module, _, last = name.rpartition(".")
    dangerous = bool(module) and policy.judge(module, last).safety is Safety.DANGEROUS
    if root in _STANDARD:
        return Reach.DANGEROUS if dangerous else Reach.UNKNOWN
    if root in _LIBRARIES:
        return Reach.LIBRARY
    return Reach.REVIEW if dangerous else Reach.UNKNOWN


def _is_internal(part: str) -> bool:
    """Whether an attribute leads to the interpreter's internals."""
    return part.startswith("__") and part.endswith("__") and part not in _PLAIN_DUNDERS


_BUILTINS = frozenset(dir(builtins))
_PLAIN_DUNDERS = frozenset({"__init__", "__main__", "__version__"})
