"""Blocks and stacks: torch's own with the same weights, caches, slopes, switches."""

import itertools

import pytest
import torch
from torch import nn

from attn_course.nn import Decoder, DecoderBlock, Encoder, EncoderBlock, Rotary

from .weights import load_block, load_stack, shake

BATCH, SOURCE, TARGET, MODEL, HEADS, HIDDEN = 2, 7, 5, 12, 3, 17
SIZES = {"d_model": MODEL, "nhead": HEADS, "dim_feedforward": HIDDEN}
PLAIN = {"batch_first": True, "dropout": 0.0}
ORDERS = pytest.mark.parametrize("norm_first", [True, False])
REAL = torch.arange(SOURCE) < torch.tensor([[4], [7]])  # [batch, keys]
ALLOWED = REAL[:, None, None, :]
FUTURE = torch.ones(TARGET, TARGET).triu(1).bool()  # as torch has it: True hides


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@ORDERS
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_an_encoder_block_is_torchs(norm_first, activation):
    options = {"norm_first": norm_first, "activation": activation}
    theirs = nn.TransformerEncoderLayer(**SIZES, **PLAIN, **options).double()
    ours = EncoderBlock(MODEL, HEADS, HIDDEN, **options).double()
    shake(theirs)
    load_block(ours, theirs)
    x = normal(BATCH, SOURCE, MODEL)
    torch.testing.assert_close(ours(x), theirs(x))
    masked = theirs(x, src_key_padding_mask=~REAL)
    torch.testing.assert_close(ours(x, allowed=ALLOWED), masked)
    past = theirs(x[:, :TARGET], src_mask=FUTURE)
    torch.testing.assert_close(ours(x[:, :TARGET], causal=True), past)


@ORDERS
def test_a_decoder_block_is_torchs_and_so_are_its_gradients(norm_first):
    theirs = nn.TransformerDecoderLayer(**SIZES, **PLAIN, norm_first=norm_first)
    ours = DecoderBlock(MODEL, HEADS, HIDDEN, norm_first=norm_first).double()
    shake(theirs.double())
    load_block(ours, theirs)
    x, memory = normal(BATCH, TARGET, MODEL), normal(BATCH, SOURCE, MODEL)
    wanted = theirs(x, memory, tgt_mask=FUTURE, memory_key_padding_mask=~REAL)
    got = ours(x, memory, memory_allowed=ALLOWED)
    torch.testing.assert_close(got, wanted)
    target = normal(BATCH, TARGET, MODEL)
    (got * target).sum().backward()
    (wanted * target).sum().backward()
    torch.testing.assert_close(
        ours.feed_forward.linear1.weight.grad, theirs.linear1.weight.grad
    )
    torch.testing.assert_close(
        ours.cross_attn.k_proj.weight.grad,
        theirs.multihead_attn.in_proj_weight.grad.chunk(3)[1],
    )


def test_dropout_is_for_training_only():
    block = EncoderBlock(MODEL, HEADS, dropout=0.5)
    x = torch.randn(BATCH, SOURCE, MODEL)
    assert not torch.allclose(block(x), block(x))
    block.eval()
    assert torch.equal(block(x), block(x))


@ORDERS
@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
def test_stacks_are_those_of_torchs_transformer(norm_first):
    theirs = nn.Transformer(
        **SIZES, **PLAIN, norm_first=norm_first, num_encoder_layers=2
    ).double()
    theirs.decoder.layers = theirs.decoder.layers[:3]
    shake(theirs)
    if not norm_first:  # torch adds a norm at the end; the paper does not
        theirs.encoder.norm = theirs.decoder.norm = None
    encoder = Encoder(MODEL, HEADS, 2, HIDDEN, norm_first=norm_first).double()
    decoder = Decoder(MODEL, HEADS, 3, HIDDEN, norm_first=norm_first).double()
    load_stack(encoder, theirs.encoder)
    load_stack(decoder, theirs.decoder)
    source, target = normal(BATCH, SOURCE, MODEL), normal(BATCH, TARGET, MODEL)
    wanted = theirs(
        source,
        target,
        tgt_mask=FUTURE,
        src_key_padding_mask=~REAL,
        memory_key_padding_mask=~REAL,
    )
    memory = encoder(source, allowed=ALLOWED)
    torch.testing.assert_close(decoder(target, memory, memory_allowed=ALLOWED), wanted)


VARIANTS = [
    {"norm_first": False},
    {"norm": "rms", "activation": "swiglu", "groups": 1, "rotary": Rotary(4)},
    {"window": 2, "bias": False},
]


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("cuts", [[], [1, 2, 3, 4], [3], [0, 2, 2, 5]])
def test_steps_of_any_size_are_one_go(options, cuts):
    encoder = Encoder(MODEL, HEADS, 2, HIDDEN, **options).double()
    decoder = Decoder(MODEL, HEADS, 3, HIDDEN, **options).double()
    x, memory = normal(BATCH, TARGET, MODEL), normal(BATCH, SOURCE, MODEL)
    caches, others, parts = None, None, []
    for start, end in itertools.pairwise([0, *cuts, TARGET]):
        first, caches = encoder.step(x[:, start:end], caches)
        second, others = decoder.step(
            x[:, start:end], memory, others, memory_allowed=ALLOWED
        )
        parts.append((first, second))
    ours = [torch.cat(part, dim=1) for part in zip(*parts, strict=True)]
    torch.testing.assert_close(ours[0], encoder(x, causal=True))
    torch.testing.assert_close(ours[1], decoder(x, memory, memory_allowed=ALLOWED))
    assert (len(caches), len(others)) == (2, 3)


def test_a_pre_norm_block_with_silent_halves_is_the_identity():
    block = EncoderBlock(MODEL, HEADS)
    for silent in (block.self_attn.out_proj, block.feed_forward.linear2):
        nn.init.zeros_(silent.weight)
        nn.init.zeros_(silent.bias)
    x = torch.randn(BATCH, SOURCE, MODEL)
    assert torch.equal(block(x), x)


def test_a_decoder_sees_no_future_and_no_padding_but_all_the_rest():
    decoder = Decoder(MODEL, HEADS, 2).double()
    x = normal(BATCH, TARGET, MODEL).requires_grad_()
    memory = normal(BATCH, SOURCE, MODEL).requires_grad_()
    output = decoder(x, memory, memory_allowed=ALLOWED)[0, 2].sum()
    slopes = torch.autograd.grad(output, (x, memory))
    reached = [(slope.abs().sum(-1) > 0).int().tolist() for slope in slopes]
    assert reached == [
        [[1, 1, 1, 0, 0], [0] * 5],
        [[1, 1, 1, 1, 0, 0, 0], [0] * 7],
    ]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_reaches_every_parameter(dtype):
    decoder = Decoder(MODEL, HEADS, 2, norm="rms", activation="swiglu").to(dtype)
    x, memory = torch.randn(2, BATCH, TARGET, MODEL, dtype=dtype)
    output = decoder(x, memory)
    assert output.dtype == dtype
    (output * torch.randn_like(output)).sum().backward()
    for name, parameter in decoder.named_parameters():
        # the bias of the keys shifts all scores of a query alike: softmax cannot see it
        if not name.endswith("k_proj.bias"):
            assert (parameter.grad != 0).any(), name


def test_refuses_what_its_parts_refuse():
    for options, message in (
        ({"norm": "batch"}, "norm from"),
        ({"activation": "tanh"}, "activation from"),
        ({"dropout": -0.1}, "dropout of at least 0"),
        ({"groups": 2}, "falls into 2 groups"),
    ):
        with pytest.raises(ValueError, match=message):
            EncoderBlock(MODEL, HEADS, **options)
    with pytest.raises(ValueError, match="layers as a whole number above zero"):
        Decoder(MODEL, HEADS, 0)
