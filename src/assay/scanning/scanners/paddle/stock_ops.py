"""Operators PaddlePaddle itself has.

Source: the operators PaddlePaddle 3.3.1 registers, those of programs as it wrote them before
version 3 (`OpProtoHolder`) and of its newer form (dialect `pd_op`), without the endings
of gradients and of variants that work in place.
"""

from __future__ import annotations

import re

_STOCK = frozenset(
    """
    abs abs_coo abs_csr accuracy accuracy_check acos acos_coo acos_csr acosh acosh_coo acosh_csr ad
    adadelta adagrad adagrad_dense_param_sparse adam adam_dense_param_sparse adamax adamw add
    add_act add_coo_coo add_coo_dense add_csr_csr add_group_norm_silu add_layernorm add_n
    add_n_array add_position_encoding addcmul addmm addmm_coo_coo addmm_coo_dense addmm_csr_csr
    addmm_csr_dense adf affine_channel affine_grid all all_gather all_reduce all_to_all allclose
    alltoall amax amin anchor_generator angle any ap_facade ap_trivial_fusion_begin
    ap_trivial_fusion_end ap_variadic apply_per_channel_scale arange arg_max arg_min argmax argmin
    argsort array_length array_pop array_read array_to_tensor array_write as as_complex as_real
    as_strided asgd asin asin_coo asin_csr asinh asinh_coo asinh_csr assert assign assign_array
    assign_out assign_pos assign_value atan atan2 atan_coo atan_csr atanh atanh_coo atanh_csr
    attention_lstm auc average_accumulates baddbmm barrier batch_fc batch_norm
    batch_normconv2d_bn_fuse_pembedding_1_out batched_gemm batchnorm bce_loss beam_search
    beam_search_decode bernoulli bicubic_interp bicubic_interp_v2 bilinear bilinear_interp
    bilinear_interp_v2 bilinear_tensor_product bincount binomial bipartite_match bitwise_and
    bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor blha_get_max_len
    block_multihead_attention bmm bn_act box_clip box_coder brelu broadcast broadcast_tensors
    build_src_rank_and_local_expert_id c_allreduce_sum c_broadcast c_comm_init
    c_comm_init_multitrainer c_concat c_embedding c_gen_xccl_id c_identity c_scatter
    c_softmax_with_cross_entropy c_softmax_with_multi_label_cross_entropy c_split
    c_sync_calc_stream c_sync_comm_stream c_wait_comm c_wait_compute ca cal_aux_loss
    calc_reduced_attn_scores cast cast_coo cast_csr ceil celu channel_shuffle
    check_finite_and_unscale check_numerics cholesky cholesky_solve chunk_eval class_center_sample
    clip clip_by_norm clip_by_norm_sr co coalesce coalesce_tensor collect_fpn_proposals
    comm_init_all complex concat conditional_block conditional_block_infer conj conv1d conv2d
    conv2d_transpose conv2d_transpose_bias conv3d conv3d_implicit_gemm conv3d_transpose coo_to_csr
    coo_to_dense copy_to copysign correlation cos cosh create_array create_array_like
    create_double_buffer_reader create_py_reader crf_decoding crop crop_tensor cross
    cross_attention cross_entropy cross_entropy2 cross_entropy_with_softmax csr_to_coo csr_to_dense
    ctc_align cuda_graph cudnn_lstm cummax cummin cumprod cumsum cvm data decayed_adagrad
    decode_jpeg deformable_conv deformable_conv_v1 dense_to_coo dense_to_csr depend
    depthwise_conv2d depthwise_conv2d_bias depthwise_conv2d_transpose depthwise_conv3d_bias
    dequantize dequantize_abs_max dequantize_linear dequantize_log det determinant dgc
    dgc_clip_by_norm dgc_clip_by_norm_sr dgc_momentum diag diag_embed diag_v2 diagonal digamma
    dirichlet disable_check_model_nan_inf dist dist_concat distribute_fpn_proposals
    distributed_fused_lamb distributed_fused_lamb_init divide divide_coo_coo divide_csr_csr
    divide_scalar divide_scalar_coo divide_scalar_csr dot dpsgd dr dropout edit_distance eig eigh
    eigvals eigvalsh einsum elementwise_add elementwise_div elementwise_floordiv elementwise_fmax
    elementwise_fmin elementwise_heaviside elementwise_max elementwise_min elementwise_mod
    elementwise_mul elementwise_pow elementwise_sub elu em embedding embedding_grad_add_to
    embedding_sparse embedding_with_eltwise_add embedding_with_scaled_gradient empty empty_like
    enable_check_model_nan_inf equal equal_all erf erfinv exp expand expand_as expand_as_v2
    expand_modality_expert_id expand_v2 expm1 expm1_coo expm1_csr exponential eye
    fake_channel_wise_dequantize_max_abs fake_channel_wise_quantize_abs_max
    fake_channel_wise_quantize_dequantize_abs_max fake_dequantize_max_abs fake_quantize_abs_max
    fake_quantize_dequantize_abs_max fake_quantize_dequantize_moving_average_abs_max
    fake_quantize_moving_average_abs_max fake_quantize_range_abs_max fast_layernorm fast_ln
    fast_rms_norm fast_where faster_tokenizer fc feed fetch fetch_barrier fetch_v2 fft_c2c fft_c2r
    fft_r2c fill fill_any fill_any_like fill_constant fill_constant_batch_size_like fill_diagonal
    fill_diagonal_tensor flash_attn flash_attn_qkvpacked flash_attn_unpadded flash_attn_v3
    flash_attn_v3_varlen flash_attn_varlen_qkvpacked flashmask_attention flashmask_attention_v2
    flatten flatten2 flatten_contiguous_range flip floor floor_divide fmax fmin fold
    fp8_fp8_half_gemm_fused fp8_gemm_blockwise fp8_quant_blockwise frac fractional_max_pool2d
    fractional_max_pool3d frame frobenius_norm ftrl ftrl_sr fuf full full_batch_size_like
    full_int_array full_like full_like_coo full_like_csr full_with_tensor fused_act_dequant
    fused_adam fused_attention fused_batch_norm_act fused_bias_act
    fused_bias_dropout_residual_layer_norm fused_bias_residual_layernorm fused_bn_add_activation
    fused_conv2d fused_conv2d_add_act fused_conv3d fused_dconv_drelu_dbn
    fused_dot_product_attention fused_dropout_add fused_elementwise_add fused_elementwise_div
    fused_elementwise_mul fused_elementwise_sub fused_elemwise_activation
    fused_elemwise_add_activation fused_embedding_eltwise_layernorm fused_embedding_fc_lstm
    fused_fc_elementwise_layernorm fused_feedforward fused_gate_attention fused_gemm_epilogue
    fused_linear_param_grad_add fused_matmul fused_multi_transformer fused_multi_transformer_int8
    fused_partial_rope fused_rms_norm_ext fused_rms_norm_quant fused_rotary_position_embedding
    fused_scale_bias_add_relu fused_scale_bias_relu_conv_bn fused_seqpool_cvm fused_softmax_mask
    fused_softmax_mask_upper_triangle fused_softplus fused_stack_quant fused_stack_transpose_quant
    fused_swiglu_weighted fused_token_prune fused_transpose fused_transpose_split_quant
    fused_transpose_wlch_split_quant fused_weighted_swiglu_act_quant fusion_group fusion_gru
    fusion_lstm fusion_repeated_fc_relu fusion_seqconv_eltadd_relu fusion_seqpool_concat
    fusion_seqpool_cvm_concat fusion_squared_mat_sub fusion_transpose_flatten_concat
    fusion_transpose_flatten_ctranspose_flatten_concat_fuse_pabatch_norm_act_fuse_pass gammaincc
    gammaln gather gather_nd gather_tree gaussian gaussian_inplace gaussian_random ge gelu
    gemm_epilogue generate_proposals generate_proposals_v2 generate_sequence
    get_tensor_from_selected_rows global_gather global_scatter grad_add graph_khop_sampler
    graph_reindex graph_sample_neighbors graph_send_recv graph_send_ue_recv graph_send_uv
    greater_equal greater_than grid_sample grid_sampler group_norm group_norm_silu gru gru_unit
    gumbel_softmax h hard_shrink hard_sigmoid hard_swish hardshrink hardsigmoid hardswish hardtanh
    has_elements hash heaviside hierarchical_sigmoid hinge_loss histogram hsigmoid_loss huber_loss
    i0 i0e i1 i1e identity_loss if im2sequence imag increment index_add index_elementwise_get
    index_elementwise_put index_elementwise_put_with_tensor index_put index_sample index_select
    index_select_strided indices instance_norm int_bincount interp_antialias inverse is_empty
    isclose isfinite isfinite_sr isfinite_v2 isinf isinf_sr isinf_v2 isnan isnan_coo isnan_csr
    isnan_sr isnan_v2 kldiv_loss kron kthvalue l1_norm label_smooth lamb lamb_sr lars_momentum
    layer_norm layer_norm_act layer_norm_relu leaky_relu leaky_relu_coo leaky_relu_csr
    legacy_matmul legacy_reshape lerp less_equal less_than lgamma limit_by_capacity linear_interp
    linear_interp_v2 linear_v2 linspace llm_int8_linear load load_combine lod_array_length
    lod_reset log log10 log1p log1p_coo log1p_csr log2 log_loss log_softmax logcumsumexp
    logical_and logical_not logical_or logical_xor logit logsigmoid logspace logsumexp lookup_table
    lookup_table_dequant lookup_table_grad_sr lookup_table_sparse lookup_table_sparse_grad_sr
    lookup_table_sr lookup_table_v2 lp_pool2d lrn lstm lstsq lu lu_solve lu_unpack ma
    margin_cross_entropy mask_adaptive mask_as_coo mask_as_csr masked_fill masked_matmul
    masked_multihead_attention masked_select match_matrix_tensor matmul matmul_coo_coo
    matmul_coo_dense matmul_csr_csr matmul_csr_dense matmul_v2 matmul_with_flatten matrix_nms
    matrix_power matrix_rank matrix_rank_atol_rtol matrix_rank_tol max max_pool2d_v2
    max_pool2d_with_index max_pool3d_with_index max_with_index maximum maxout maxpool mean mean_all
    median memcpy memcpy_d2h memcpy_d2h_multi_io memcpy_h2d memory_efficient_attention
    merge_selected_rows merged_adam merged_momentum meshgrid min min_with_index minimum mish mode
    moe_combine moe_combine_auto moe_combine_no_weight moe_gate_dispatch
    moe_gate_dispatch_and_quant moe_gate_dispatch_auto moe_gate_dispatch_partial_nosoftmaxtopk
    moe_gate_dispatch_permute moe_permute moe_unpermute momentum momentum_dense_param_sparse
    moving_average_abs_max_scale mp_allreduce_sum mu muf mul multi_dot multi_encoder multi_gru
    multiclass_nms multiclass_nms3 multihead_matmul multinomial multiplex multiply multiply_coo_coo
    multiply_csr_csr multiply_sr mv mv_coo mv_csr nadam nanmedian nansum nce nce_sr nearest_interp
    nearest_interp_v2 nextafter nll_loss nms nonzero nop norm not_equal npu_identity number_count
    numel one_hot one_hot_v2 onednn_to_paddle_layout ones ones_like openvino_engine overlap_add
    p_norm p_recv p_recv_array p_send p_send_array pad pad2d pad3d partial_allgather partial_concat
    partial_recv partial_send partial_sum pixel_shuffle pixel_unshuffle poisson polygamma pool2d
    pool3d pow pow_coo pow_csr prelu print prior_box prod prune_gate_by_capacity psroi_pool
    put_along_axis py_func pylayer pyramid_hash qkv_attention qkv_unpack_mha qr quant_linear
    quantize quantize_linear radam randint random random_routing randperm range range_v2
    rank_attention re read read_file read_from_array real reciprocal recv_v2 reduce reduce_all
    reduce_amax reduce_amin reduce_any reduce_as reduce_max reduce_mean reduce_min reduce_prod
    reduce_scatter reduce_sum reindex_graph relu relu6 relu6_coo relu6_csr relu_coo relu_csr
    remainder renorm repeat_interleave repeat_interleave_with_tensor_index requantize reshape
    reshape2 reshape_coo reshape_csr resnet_basic_block resnet_unit restrict_nonzero reverse rint
    rms_norm rmsprop rmsprop_dense_param_sparse rnn roformer_relative_embedding roi_align roi_pool
    roll round row_conv rprop rrelu rsqrt run_program save save_combine sc scale scale_coo
    scale_csr scale_sr scatter scatter_nd_add searchsorted seed segment_pool select_input
    select_output self_dp_attention selu send send_u_recv send_ue_recv send_uv send_v2
    sequence_conv sequence_expand sequence_mask sequence_pool sequence_softmax sequence_unpad set
    set_value set_value_with_tensor sgd sgd_dense_param_sparse sgd_sparse_param_sparse shadow_feed
    shadow_feed_tensors shadow_output shape shape64 shape64_sr shape_broadcast shape_sr shard_index
    share_buffer share_data share_data_sr share_var shuffle_batch shuffle_channel si sigmoid
    sigmoid_cross_entropy_with_logits sign silu sin sin_coo sin_csr sine_pos sinh sinh_coo sinh_csr
    size skip_layernorm slice slice_array slice_array_dense slice_coo slice_csr slogdet slogdet_v2
    slogdeterminant so soft_relu softmax softmax_coo softmax_csr softmax_with_cross_entropy
    softplus softshrink softsign solve sparse_abs sparse_acos sparse_acosh sparse_add sparse_addmm
    sparse_asin sparse_asinh sparse_atan sparse_atanh sparse_attention sparse_batch_norm
    sparse_cast sparse_coalesce sparse_conv3d sparse_conv3d_implicit_gemm sparse_coo_tensor
    sparse_divide sparse_divide_scalar sparse_expm1 sparse_full_like sparse_fused_attention
    sparse_indices sparse_isnan sparse_leaky_relu sparse_log1p sparse_mask_as sparse_masked_matmul
    sparse_matmul sparse_maxpool sparse_momentum sparse_multiply sparse_mv sparse_pow sparse_relu
    sparse_relu6 sparse_reshape sparse_scale sparse_sin sparse_sinh sparse_slice sparse_softmax
    sparse_sparse_coo_tensor sparse_sqrt sparse_square sparse_subtract sparse_sum
    sparse_sync_batch_norm sparse_tan sparse_tanh sparse_to_dense sparse_to_sparse_coo
    sparse_to_sparse_csr sparse_transpose sparse_values sparse_weight_embedding
    sparse_weight_embedding_sparse spatial_transformer_resblock spectral_norm split split_with_num
    sq sqrt sqrt_coo sqrt_csr sqrt_sr square square_coo square_csr square_sr squared_l2_norm
    squeeze squeeze2 squeeze_excitation_block stack standard_gamma stanh std stft
    straight_through_estimator strided_slice subtract subtract_coo_coo subtract_csr_csr sum sum_coo
    sum_csr svd svdvals swiglu swish sync_batch_norm sync_calc_stream sync_comm_stream
    take_along_axis tan tan_coo tan_csr tanh tanh_coo tanh_csr tanh_shrink tdm_child tdm_sampler
    temporal_shift tensor tensor_array_to_tensor tensor_to_array tensor_unfold tensorrt_engine
    thresholded_relu tile to_dense to_sparse_coo top_k top_k_v2 top_p_sampling topk tr trace
    trans_layout transfer_layout transpose transpose2 transpose_coo transpose_csr trf
    triangular_solve tril tril_indices tril_triu trilinear_interp trilinear_interp_v2 triu
    triu_indices trunc trunc_divide truncated_gaussian_random unbind unf unfold uniform
    uniform_inplace uniform_random uniform_random_batch_size_like uniform_random_batch_size_like_sr
    uniform_random_inplace unique unique_consecutive unpool unpool3d unsqueeze unsqueeze2 unstack
    update_loss_scaling values values_coo values_csr var variable_length_memory_efficient_attention
    variance view_dtype view_shape view_slice viterbi_decode warpctc warprnnt weight_dequantize
    weight_only_linear weight_quantize weighted_sample_neighbors where where_index while
    write_to_array xxx yolo_box yolo_box_head yolo_box_post yolo_loss yolov3_loss zeros zeros_like
""".split()
)
_VARIANT = re.compile(r"(?:_(?:grad|double_grad|triple_grad|xpu|sp|bwd|w_downcast)|_)+\Z")
_FUSED = ("fused_", "fusion_", "c_", "quantize", "dequantize", "fake_", "nccl_", "distributed_")
"""Beginnings of operators its own passes put in."""


def is_stock(op: str) -> bool:
    """Whether PaddlePaddle itself has the operator."""
    base = _VARIANT.sub("", op)
    return op in _STOCK or base in _STOCK or op.startswith(_FUSED)
