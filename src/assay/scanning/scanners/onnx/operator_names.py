"""Names of operators and of their domains.

Source: the operators of ONNX 1.23 in all versions, with those its first versions and TensorRT's
parser have besides, and the operators ONNX Runtime 1.32 brings under its own domain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ONNX = frozenset(
    (
        "ATen Abs Acos Acosh Add Affine AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh "
        "Attention AveragePool BatchNormalization BatchedNMSDynamic_TRT BatchedNMS_TRT Bernoulli "
        "BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Caffe2Op Cast "
        "CastLike CausalConvWithState Ceil Celu CenterCropPad Clip Col2Im Compress Concat "
        "ConcatFromSequence Constant ConstantFill ConstantOfShape Conv ConvInteger ConvTranspose "
        "Cos Cosh Crop CropAndResize_TRT CumProd CumSum DFT DeformConv DepthToSpace "
        "DequantizeLinear Det DisentangledAttention_TRT Div Dropout DynamicQuantizeLinear "
        "DynamicSlice EfficientNMS_Explicit_TF_TRT EfficientNMS_Implicit_TF_TRT "
        "EfficientNMS_ONNX_TRT EfficientNMS_TRT Einsum Elu Equal Erf Exp Expand EyeLike Fallback "
        "Flatten Floor GRU GRUUnit Gather GatherElements GatherND Gelu Gemm GivenTensorFill "
        "GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridAnchor_TRT "
        "GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax "
        "Identity If ImageDecoder ImageScaler InstanceNormalization InstanceNormalization_TRT IsInf "
        "IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual LinearAttention Log "
        "LogSoftmax Loop LoopIndexTensor LpNormalization LpPool MatMul MatMulInteger Max MaxPool "
        "MaxRoiPool MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix MemcpyFromHost "
        "MemcpyToHost Min Mish Mod Mul MultilevelCropAndResize_TRT Multinomial "
        "MultiscaleDeformableAttnPlugin_TRT NMS_TRT Neg NegativeLogLikelihoodLoss NonMaxSuppression "
        "NonZero Not OneHot Optional OptionalGetElement OptionalHasElement Or PRelu Pad "
        "ParametricSoftplus Pow PyramidROIAlign_TRT QLinearConv QLinearMatMul QuantizeLinear "
        "RMSNormalization RNN ROIAlign_TRT RandomNormal RandomNormalLike RandomUniform "
        "RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp "
        "ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu "
        "Reshape Resize ReverseSequence RoiAlign RotaryEmbedding Round STFT Scale ScaledTanh Scan "
        "Scatter ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty "
        "SequenceErase SequenceInsert SequenceLength SequenceMap Shape Shrink Sigmoid Sign "
        "SimplifiedLayerNormalization Sin Sinh Size SkipLayerNormalization Slice Softmax "
        "SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze "
        "StringConcat StringNormalizer StringSplit Sub Sum SwiGLU Swish Tan Tanh TensorScatter "
        "TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where "
        "Xor"
    ).split()
)
_LEARNING = frozenset(
    (
        "ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer "
        "Imputer LabelEncoder LinearClassifier LinearRegressor Normalizer OneHotEncoder "
        "SVMClassifier SVMRegressor Scaler TreeEnsemble TreeEnsembleClassifier "
        "TreeEnsembleRegressor ZipMap"
    ).split()
)
_PREVIEW = frozenset(("FlexAttention").split())
_TRAINING = frozenset(("Adagrad Adam Gradient Momentum").split())
_MICROSOFT = frozenset(
    (
        "Attention AttnLSTM BeamSearch BiasAdd BiasDropout BiasGelu BiasSoftmax BiasSplitGelu "
        "BifurcationDetector BitmaskBiasDropout BitmaskDropout BranchwiseRMSNorm CDist "
        "CausalConvWithState ComplexMul ComplexMulConj ConvStateReplay ConvTransposeWithDynamicPads "
        "CropAndResize DecoderAttention DecoderMaskedMultiHeadAttention DecoderMaskedSelfAttention "
        "DequantizeBFP DequantizeLinear DequantizeWithOrder DynamicQuantizeLSTM "
        "DynamicQuantizeMatMul DynamicSparseAttention DynamicTimeWarping EPContext "
        "EmbedLayerNormalization EngramGate ExpandDims FastGelu FusedConv FusedGemm FusedMatMul "
        "FusedMatMulActivation GatedAdd GatedDeltaNet GatedDeltaNetStateReplay GatedRMSNorm "
        "GatedRelativePositionBias GatherBlockQuantized GatherND GatherPacked Gelu GemmFastGelu "
        "GemmFloat8 GemmaRotaryEmbedding GreedySearch GridSample GroupNorm GroupQueryAttention "
        "HyperConnectionLowRankMix HyperConnectionPostMix HyperConnectionPreMix Inverse Irfft "
        "IsAllFinite LinearAttention LinearAttentionGate LongformerAttention MRotaryEmbedding "
        "Mamba2Verify MatMulBlockQuantizedFp4Weight MatMulBlockQuantizedFp8Weight MatMulBnb4 "
        "MatMulFpQ4 MatMulInteger16 MatMulIntegerToFloat MatMulNBits MatMulNBitsMlp "
        "MatMulNBitsQLoRA MatMulNBitsQkv MatMulPacked MaxpoolWithMask MoE MoEGroupRouter MoEPacked "
        "MulInteger MultiHeadAttention MurmurHash3 NGramHashMapping NGramRepeatBlock NhwcConv "
        "NhwcFusedConv NhwcMaxPool PackedAttention PackedMultiHeadAttention "
        "PackedSparseAttentionIndexer PackedSparseAttentionIndexerMerge Pad PagedAttention "
        "QAttention QEmbedLayerNormalization QGemm QLinearAdd QLinearAveragePool QLinearConcat "
        "QLinearConv QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean "
        "QLinearSigmoid QLinearSoftmax QLinearWhere QMoE QOrderedAttention QOrderedGelu "
        "QOrderedLayerNormalization QOrderedLongformerAttention QOrderedMatMul QuantizeBFP "
        "QuantizeLinear QuantizeWithOrder QuickGelu RMSNormRotary Range ReduceSumInteger "
        "RelativePositionBias RemovePadding RestorePadding Rfft RotaryEmbedding RouterGateUpProj "
        "SampleOp Sampling ScaledSiLU SkipGroupNorm SkipLayerNormalization "
        "SkipSimplifiedLayerNormalization Snpe SparseAttention SparseAttentionIndexer "
        "SparsePagedAttention SparseToDenseMatMul SpeculativePrefixCommit SwiGLU Tokenizer "
        "TorchEmbedding TransposeMatMul Trilu UnfoldTensor Unique VarlenCausalConvWithState "
        "VarlenNGramHashMapping WhisperBeamSearch WordConvEmbedding"
    ).split()
)

STANDARD: Mapping[str, frozenset[str]] = {
    "": _ONNX,
    "ai.onnx.ml": _LEARNING,
    "ai.onnx.preview": _PREVIEW,
    "ai.onnx.training": _TRAINING,
    "ai.onnx.preview.training": _TRAINING,
}
"""Names by domain, for the domains of ONNX itself; `ai.onnx` is ""."""

MICROSOFT = _MICROSOFT
"""Of `com.microsoft`, which other builds of ONNX Runtime extend."""

_OTHERS = re.compile(
    r"com\.microsoft(?:\.(?:nchwc|internal\.nhwc|experimental|mlfeaturizers|dml|gpu|js|shl|extensions))?|"
    r"com\.ms\.internal\.nhwc|"
    r"ai\.onnx\.contrib|org\.pytorch\.(?:aten|_caffe2)|org\.openvinotoolkit|"
    r"(?:qonnx|finn)\.custom_op(?:\.\w+)*|onnx\.brevitas|ai\.graphcore|com\.qti\.aisw|com\.amd(?:\.\w+)*|"
    r"ai\.amd(?:\.\w+)*|com\.xilinx(?:\.\w+)*|com\.habana|com\.nvidia(?:\.\w+)*|trt(?:\.plugins)?|"
    r"TRT|vitis\.customop|com\.intel(?:\.\w+)*"
)


def is_known_domain(domain: str) -> bool:
    """Whether a runtime or compiler that is known brings the operators of a domain."""
    return _OTHERS.fullmatch(domain) is not None


PYTHON = frozenset("PyOp PythonOp PythonOpGrad PyFunc PyFunction PyCustomOp PyLambda".split())
"""Operators that call Python: ONNX Runtime's language interoperation and its training."""

NETWORK = frozenset("AzureAudioToText AzureTextToText AzureTritonInvoker OpenAIAudioToText".split())
"""Operators of ONNX Runtime's extensions that send their input to a server."""

COMPILED = frozenset("EPContext Snpe TRTEngine TensorRTEngine DlcNode".split())
"""Operators that are a compiled part of a model."""
