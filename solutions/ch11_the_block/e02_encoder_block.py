r"""### The block, in either order

Write the module `EncoderBlock(model, heads, hidden, dropout, norm_first)`. It changes
its rows twice, by attention to themselves and by a feed-forward layer with a ReLU:

$$ x \leftarrow x + \operatorname{drop}(f(\operatorname{norm}(x)))
   \qquad \text{or} \qquad
   x \leftarrow \operatorname{norm}(x + \operatorname{drop}(f(x))), $$

the first if `norm_first` is true. Each change has a norm of its own. Entries of what is
about to be added are dropped with probability `dropout` in training, and **nothing else
is dropped**, neither weights of attention nor hidden entries.

Name the parts as PyTorch's layer does, so that weights can be copied from there:
`self_attn`, an `nn.MultiheadAttention`; `linear1` and `linear2`, `nn.Linear`; `norm1`
and `norm2`, `nn.LayerNorm`. Other parts must have no weights. Batch comes first, and
there is no mask. With the same weights, in evaluation, your block must equal
`nn.TransformerEncoderLayer` in both orders.
"""

import numpy as np
import torch
from torch import nn

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
)
from attn_course.grading import close, probe

exercise(
    level="core",
    minutes=30,
    hints=(
        "Four cases look like a lot: two halves, two orders. Which of the two formulas "
        "do both halves share, and what differs between the halves?",
        "Make six parts in `__init__`, the dropout among them. In `forward`, what goes "
        "into attention is x or its norm; what comes out is dropped and added to x. "
        "Attention returns two things.",
        "For each half: `seen = norm(x) if norm_first else x`, then x plus the dropped "
        "change of `seen`, then the norm again if it was not first. And PyTorch's "
        "attention takes batches in the second place unless told otherwise.",
    ),
)


@answer
class EncoderBlock(nn.Module):
    """Self-attention and a feed-forward layer, each added to what comes in.

    x        (batch, positions, model)  float tensor
    returns  (batch, positions, model)  float tensor
    """

    def __init__(self, model, heads, hidden, dropout, norm_first):
        ### BEGIN SOLUTION
        super().__init__()
        self.norm_first = norm_first
        self.self_attn = nn.MultiheadAttention(model, heads, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(model, hidden), nn.Linear(hidden, model)
        self.norm1, self.norm2 = nn.LayerNorm(model), nn.LayerNorm(model)
        self.drop = nn.Dropout(dropout)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        seen = self.norm1(x) if self.norm_first else x
        x = x + self.drop(self.self_attn(seen, seen, seen, need_weights=False)[0])
        x = x if self.norm_first else self.norm1(x)
        seen = self.norm2(x) if self.norm_first else x
        x = x + self.drop(self.linear2(torch.relu(self.linear1(seen))))
        return x if self.norm_first else self.norm2(x)
        ### END SOLUTION


@inputs
def draw(rng):
    """A block without dropout, weights for it, and rows."""
    heads, width = rng.permutation(np.arange(2, 5))[:2]
    model, hidden = int(heads * width), int(rng.integers(13, 17))
    layer = nn.TransformerEncoderLayer(model, int(heads), hidden)
    weights = {
        name: torch.from_numpy(rng.normal(size=tuple(part.shape)) / 2).float()
        for name, part in layer.state_dict().items()
    }
    x = torch.from_numpy(rng.normal(size=(3, 5, model)) * 2).float()
    made = (model, int(heads), hidden, 0.0, bool(rng.integers(2)))
    return made, ("load_state_dict", weights), ("forward", x)


@probe
def evaluated(EncoderBlock, x, weights, heads, dropout, norm_first):
    """What a block with these weights makes of x once training is over.

    x  (batch, positions, model)  float
    """
    hidden = len(weights["linear1.bias"])
    block = EncoderBlock(x.shape[-1], heads, hidden, dropout, norm_first).double()
    block.load_state_dict({n: torch.from_numpy(w) for n, w in weights.items()})
    block.eval()
    torch.manual_seed(0)
    with torch.no_grad():
        return block(torch.from_numpy(x)).numpy()


@probe
def training(EncoderBlock, x, weights, heads, dropout, norm_first):
    """What it makes of x in training.

    x  (batch, positions, model)  float
    """
    hidden = len(weights["linear1.bias"])
    block = EncoderBlock(x.shape[-1], heads, hidden, dropout, norm_first).double()
    block.load_state_dict({n: torch.from_numpy(w) for n, w in weights.items()})
    block.train()
    torch.manual_seed(0)
    with torch.no_grad():
        return block(torch.from_numpy(x)).numpy()


@check(points=2)
def like_torch(EncoderBlock, rng):
    """In both orders the numbers of `nn.TransformerEncoderLayer`, after training."""
    got, wanted = [], []
    for norm_first, (model, heads, hidden) in ((True, (12, 3, 20)), (False, (8, 2, 9))):
        sizes, options = (model, heads, hidden, 0.4), {"batch_first": True}
        theirs = nn.TransformerEncoderLayer(*sizes, norm_first=norm_first, **options)
        weights = {
            name: rng.normal(size=tuple(part.shape)) / 2
            for name, part in theirs.state_dict().items()
        }
        theirs = theirs.double().eval()
        theirs.load_state_dict({n: torch.from_numpy(w) for n, w in weights.items()})
        x = 2 * rng.normal(size=(3, 5, model)) + rng.normal(size=(3, 5, 1))
        with torch.no_grad():
            wanted.append(theirs(torch.from_numpy(x)).numpy())
        got.append(evaluated(EncoderBlock, x, weights, heads, 0.4, norm_first))
    close(got[0], wanted[0], "rows with norm_first=True")
    close(got[1], wanted[1], "rows with norm_first=False")


@check(points=1)
def what_is_added_is_dropped(EncoderBlock):
    """Attention adds 1, the other layer 10: half of either is dropped, or all of it."""
    model, hidden = 8, 9
    x = np.arange(6.0 * 7 * model).reshape(6, 7, model) % 11
    layer = nn.TransformerEncoderLayer(model, 2, hidden)
    weights = {n: np.zeros(tuple(w.shape)) for n, w in layer.state_dict().items()}
    weights["norm1.weight"] += 1.0
    weights["norm2.weight"] += 1.0
    weights["self_attn.in_proj_bias"][2 * model :] = 1.0
    weights["self_attn.out_proj.weight"] += np.eye(model)
    weights["linear1.bias"] += 1.0
    weights["linear2.weight"] += 10 / hidden
    half = np.asarray(training(EncoderBlock, x, weights, 2, 0.5, True))
    none = training(EncoderBlock, x, weights, 2, 0.0, True)
    biases = "self_attn.in_proj_bias", "linear2.bias"
    uneven = {n: np.arange(float(len(weights[n]))) % 5 for n in biases}
    normed = training(EncoderBlock, x, weights | uneven, 2, 1 - 1e-9, False)
    assert half.shape == x.shape, f"wanted shape {x.shape}, got shape {half.shape}"
    values = sorted({float(v) + 0.0 for v in np.round(half - x, 6).ravel()})
    assert values == [0.0, 2.0, 20.0, 22.0], (
        "with norm_first=True half of the 1s and half of the 10s are dropped, the rest "
        f"doubled: wanted 0, 2, 20 and 22 to be added to x, got {values[:6]}"
    )
    close(none, x + 11, "rows with norm_first=True and dropout 0")
    wanted = torch.from_numpy(x)
    for _ in range(2):  # nothing is left to be added: two norms, one upon the other
        wanted = nn.functional.layer_norm(wanted, (model,))
    name = "rows with norm_first=False and all that is added dropped"
    close(normed, wanted.numpy(), name)


@check(points=2, hidden=True)
def like_the_course(EncoderBlock, rng):
    """Other sizes, both orders each, against the course's own function."""
    from attn_course.functional import BlockWeights, MultiHeadWeights, transformer_block

    cases = [(first, *size) for first in (True, False) for size in ((1, 6), (4, 3))]
    for norm_first, heads, width in cases:
        model, hidden = heads * width, 10
        layer = nn.TransformerEncoderLayer(model, heads, hidden)
        w = {n: rng.normal(size=tuple(p.shape)) for n, p in layer.state_dict().items()}
        w = {n: part / 2 for n, part in w.items()}
        maps = (
            *np.split(w["self_attn.in_proj_weight"], 3),
            w["self_attn.out_proj.weight"],
        )
        biases = *np.split(w["self_attn.in_proj_bias"], 3), w["self_attn.out_proj.bias"]
        feed = w["linear1.weight"].T, w["linear1.bias"]
        reference = BlockWeights(
            MultiHeadWeights(*(m.T for m in maps), *biases),
            (w["norm1.weight"], w["norm1.bias"]),
            (*feed, w["linear2.weight"].T, w["linear2.bias"]),
            (w["norm2.weight"], w["norm2.bias"]),
        )
        x = 2 * rng.normal(size=(2, 5, model))
        wanted = transformer_block(x, reference, heads, norm_first=norm_first)
        got = evaluated(EncoderBlock, x, w, heads, 0.3, norm_first)
        close(got, wanted, f"rows with norm_first={norm_first}")


def _parts(self, model, heads, hidden, share, norm_first, **attention):
    """Make the parts of a block; the wrong answers below start from it."""
    nn.Module.__init__(self)
    self.norm_first, self.share = norm_first, share
    attention = {"batch_first": True} | attention
    self.self_attn = nn.MultiheadAttention(model, heads, **attention)
    self.linear1, self.linear2 = nn.Linear(model, hidden), nn.Linear(hidden, model)
    self.norm1, self.norm2 = nn.LayerNorm(model), nn.LayerNorm(model)
    self.drop = nn.Dropout(share)


def _run(self, x, pre=None, post=None, *, bend=torch.relu, norms=None, inner=None):
    """Both halves, each joined to x by one of two rules."""

    def attention(x):
        return self.self_attn(x, x, x)[0]

    def feed(x):
        bent = bend(self.linear1(x))
        return self.linear2(inner(bent) if inner else bent)

    rule = (pre or _pre) if self.norm_first else (post or _post)
    one, two = norms or (self.norm1, self.norm2)
    return rule(rule(x, attention, one, self.drop), feed, two, self.drop)


def _pre(x, change, norm, drop):
    return x + drop(change(norm(x)))


def _post(x, change, norm, drop):
    return norm(x + drop(change(x)))


@alternative
class OneRuleForBothHalves(nn.Module):
    """The order is chosen once."""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x)


@alternative
class FromTorchsOwn(nn.TransformerEncoderLayer):
    """PyTorch's layer, with the dropout inside of its halves switched off."""

    def __init__(self, model, heads, hidden, dropout, norm_first):
        super().__init__(
            model, heads, hidden, dropout, batch_first=True, norm_first=norm_first
        )
        self.dropout, self.self_attn.dropout = nn.Identity(), 0.0


@misconception(caught_by=like_torch)
class OrdersExchanged(nn.Module):
    """Your two orders have changed places: with `norm_first` each half sees the norm of
    x, and without it the norm is the last thing done."""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, pre=_post, post=_pre)


@misconception(caught_by=like_torch)
class AlwaysPreNorm(nn.Module):
    """Pre-norm is right. With `norm_first` false the norm moves behind the sum, and
    each half sees x as it is: what looks at the switch in your code?"""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, post=_pre)


@misconception(caught_by=like_torch)
class AlwaysPostNorm(nn.Module):
    """Post-norm is right. With `norm_first` the norm moves in front of each half, and
    the sum is left alone: what looks at the switch in your code?"""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, pre=_post)


@misconception(caught_by=like_torch)
class NormsTheChange(nn.Module):
    """Without `norm_first` you norm the change and add x to that. Follow x with your
    finger through the formula: the sum comes first, the norm is round all of it."""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, post=lambda x, f, norm, drop: x + norm(drop(f(x))))


@misconception(caught_by=like_torch)
class AddsToTheNorm(nn.Module):
    """With `norm_first` you add the change to the *norm* of x, so the stream is
    rescaled all the same. What stands to the left of the plus sign?"""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, pre=lambda x, f, norm, drop: _pre(norm(x), f, _same, drop))


@misconception(caught_by=like_torch)
class SecondSumFromTheStart(nn.Module):
    """Both of your sums add to the x that entered the block, so what attention found is
    dropped from the stream. To what does the second half add?"""

    __init__ = _parts

    def forward(self, x):
        def pre(rows, f, norm, drop):
            return x + drop(f(norm(rows)))

        def post(rows, f, norm, drop):
            return norm(x + drop(f(rows)))

        return _run(self, x, pre, post)


@misconception(caught_by=like_torch)
class NothingIsAdded(nn.Module):
    """Each half of yours replaces x, and the formula adds to it: with a change of zero
    a pre-norm block hands on what it got."""

    __init__ = _parts

    def forward(self, x):
        def pre(x, f, norm, drop):
            return drop(f(norm(x)))

        return _run(self, x, pre, lambda x, f, norm, drop: norm(drop(f(x))))


@misconception(caught_by=like_the_course)
class OneNormForBoth(nn.Module):
    """Both halves use the first norm, and the second one is made and never called. Each
    change has a gain and a shift of its own."""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, norms=(self.norm1, self.norm1))


@misconception(caught_by=like_torch)
class NormsExchanged(nn.Module):
    """Your norms have changed places: the first one belongs to attention, the second
    one to the feed-forward layer."""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, norms=(self.norm2, self.norm1))


@misconception(caught_by=like_torch)
class OnlyTheQueriesAreNormed(nn.Module):
    """With `norm_first` your queries come from the norm of x and your keys and values
    from x itself. All three see the same rows."""

    __init__ = _parts

    def forward(self, x):
        if not self.norm_first:
            return _run(self, x)
        x = x + self.drop(self.self_attn(self.norm1(x), x, x)[0])
        change = self.linear2(torch.relu(self.linear1(self.norm2(x))))
        return x + self.drop(change)


@misconception(caught_by=like_torch)
class BatchInTheSecondPlace(nn.Module):
    """Your attention runs across the batch: sample 0 changes when sample 1 does.
    PyTorch's layer takes the positions first unless it is told otherwise."""

    def __init__(self, *sizes):
        _parts(self, *sizes, batch_first=False)

    def forward(self, x):
        return _run(self, x)


@misconception(caught_by=like_the_course)
class NoBend(nn.Module):
    """Nothing bends between your two linear maps, so they are one. Where does the ReLU
    stand?"""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, bend=_same)


@misconception(caught_by=like_the_course)
class AnotherBend(nn.Module):
    """You bend with GELU, which is smooth and dips below zero. The statement wants the
    ReLU, as in the first Transformer."""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, bend=nn.functional.gelu)


@misconception(caught_by=like_torch)
class DropsInTheExam(nn.Module):
    """Ask your block twice and you get two answers, after `eval()` too: tell the layer
    that the exam is not training. What knows of `train` and `eval` by itself?"""

    __init__ = _parts

    def forward(self, x):
        def drop(change):
            return nn.functional.dropout(change, self.share)

        def pre(x, f, norm, _):
            return _pre(x, f, norm, drop)

        return _run(self, x, pre, lambda x, f, norm, _: _post(x, f, norm, drop))


@misconception(caught_by=what_is_added_is_dropped)
class NothingIsDropped(nn.Module):
    """Right once training is over. In training nothing of yours is ever dropped: what
    is about to be added should lose entries first, in both halves."""

    def __init__(self, model, heads, hidden, dropout, norm_first):
        _parts(self, model, heads, hidden, 0.0, norm_first)

    def forward(self, x):
        return _run(self, x)


@misconception(caught_by=what_is_added_is_dropped)
class DropsInOneHalf(nn.Module):
    """Attention's change loses entries, and that of the feed-forward layer is added
    whole. Both changes are dropped in the same way."""

    __init__ = _parts

    def forward(self, x):
        def whole(rule):
            def join(x, f, norm, drop):
                return rule(x, f, norm, drop if norm is self.norm1 else _same)

            return join

        return _run(self, x, whole(_pre), whole(_post))


@misconception(caught_by=what_is_added_is_dropped)
class DropsWithNormFirstOnly(nn.Module):
    """With `norm_first` you drop what is about to be added. In the other order nothing
    of yours is dropped: read the second formula from the inside out."""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, post=lambda x, f, norm, _: _post(x, f, norm, _same))


@misconception(caught_by=what_is_added_is_dropped)
class DropsBehindTheNorm(nn.Module):
    """Without `norm_first` you drop entries of what the norm returns, so the stream
    loses them. Only what is about to be added may lose entries."""

    __init__ = _parts

    def forward(self, x):
        def post(x, f, norm, drop):
            return drop(norm(x + f(x)))

        return _run(self, x, post=post)


@misconception(caught_by=what_is_added_is_dropped)
class DropsTheStream(nn.Module):
    """You drop entries of the *sum*, and with them what the stream held before. Only
    what is about to be added may lose entries."""

    __init__ = _parts

    def forward(self, x):
        def pre(x, f, norm, drop):
            return drop(x + f(norm(x)))

        return _run(self, x, pre, lambda x, f, norm, drop: norm(drop(x + f(x))))


@misconception(caught_by=what_is_added_is_dropped)
class DropsInsideToo(nn.Module):
    """You drop hidden entries as well, as PyTorch's layer does. Asked for here is
    dropout in one place only, on what is about to be added."""

    __init__ = _parts

    def forward(self, x):
        return _run(self, x, inner=self.drop)


@misconception(caught_by=what_is_added_is_dropped)
class DropsWeightsOfAttention(nn.Module):
    """Your attention drops weights too, since it was given `dropout`. Asked for here is
    dropout in one place only, on what is about to be added."""

    def __init__(self, model, heads, hidden, dropout, norm_first):
        _parts(self, model, heads, hidden, dropout, norm_first, dropout=dropout)

    def forward(self, x):
        return _run(self, x)


def _same(x):
    return x
