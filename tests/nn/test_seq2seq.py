"""Recurrent sequence to sequence: no view of the future or of padding; it learns."""

import itertools

import pytest
import torch
from torch.nn import functional

from attn_course.nn import RNNEncoderDecoder, Seq2Seq

SCORES = ["additive", "dot", "general", "concat"]
SOURCE = torch.tensor([[7, 5, 8, 3, 2, 0], [8, 2, 0, 0, 0, 0], [3, 4, 6, 5, 7, 2]])
TARGET = torch.tensor([[1, 6, 9, 10], [1, 4, 2, 0], [1, 5, 3, 8]])
EXACT = {"rtol": 1e-12, "atol": 1e-14}


def make(name, vocab=11):
    torch.manual_seed(2)
    sizes = {"source_vocab": 9, "target_vocab": vocab, "model": 4, "hidden": 5}
    if name == "none":
        return RNNEncoderDecoder(**sizes).double()
    return Seq2Seq(**sizes, score=name).double()


EVERY = pytest.mark.parametrize("name", [*SCORES, "none"])


@EVERY
def test_logits_depend_on_what_was_read_and_on_nothing_later(name):
    model = make(name)
    before = model(SOURCE, TARGET)
    assert before.shape == (3, 4, 11)
    for position in range(4):
        changed = TARGET.clone()
        changed[:, position] = (TARGET[:, position] + 5) % 11
        after = model(SOURCE, changed)
        same = (before == after).all(dim=-1).all(dim=0)
        assert same.tolist() == [n < position for n in range(4)]


@EVERY
def test_neither_padding_nor_neighbours_change_anything(name):
    model = make(name)
    wanted = model(SOURCE, TARGET)
    wide = functional.pad(SOURCE, (0, 3))
    torch.testing.assert_close(model(wide, TARGET), wanted, **EXACT)
    alone = model(SOURCE[1:2, :2], TARGET[1:2])
    torch.testing.assert_close(alone[0], wanted[1], **EXACT)


@pytest.mark.parametrize("name", SCORES)
def test_weights_are_shared_out_over_the_real_source(name):
    logits, weights = make(name)(SOURCE, TARGET, return_weights=True)
    torch.testing.assert_close(logits, make(name)(SOURCE, TARGET), rtol=0, atol=0)
    assert weights.shape == (3, 4, 6)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 4).double(), **EXACT)
    assert (weights.mT[SOURCE == 0] == 0).all()


def test_without_attention_there_are_no_weights():
    assert make("none")(SOURCE, TARGET, return_weights=True)[1] is None
    assert make("none").decode(SOURCE, 3, return_weights=True)[1] is None


def test_without_attention_the_source_is_one_vector():
    model = make("none")
    read = model.encoder(SOURCE)
    state = model.decoder.start(read)
    assert state.summary.shape == (3, 5)
    blank = read._replace(states=torch.full_like(read.states, torch.nan), real=None)
    for tokens in TARGET.T:
        logits, state, _ = model.decoder.step(tokens, state, blank)
        assert logits.isfinite().all()


@EVERY
def test_greedy_writes_what_the_logits_say_one_by_one(name):
    model = make(name)
    written = model.decode(SOURCE, 7)
    read = torch.ones(3, 1, dtype=torch.long)
    for _ in range(written.shape[1]):
        following = model(SOURCE, read)[:, -1].argmax(dim=-1, keepdim=True)
        read = torch.cat([read, following], dim=1)
    for got, wanted in zip(written.tolist(), read[:, 1:].tolist(), strict=True):
        stop = wanted.index(2) + 1 if 2 in wanted else len(wanted)
        assert got == wanted[:stop] + [0] * (len(wanted) - stop)


def test_writing_ends_where_all_rows_have_ended():
    model = make("additive")
    with torch.no_grad():
        model.decoder.readout.logits.weight.zero_()
        model.decoder.readout.logits.weight[2] = 1.0
        model.decoder.readout.pairs.bias += 5  # the end is what it always says
    written, weights = model.decode(SOURCE, 7, return_weights=True)
    assert written.tolist() == [[2]] * 3
    assert weights.shape == (3, 1, 6)


@EVERY
def test_a_wide_beam_finds_the_likeliest_of_all_that_end(name):
    model = make(name, vocab=4)  # padding, start, end and one word
    paths = [
        (*path, 2)
        for size in range(3)
        for path in itertools.product((0, 1, 3), repeat=size)
    ]
    found = model.decode(SOURCE, 3, width=64, alpha=0.0)
    for row, source in zip(found.tolist(), SOURCE, strict=True):
        totals = []
        for path in paths:
            read = torch.tensor([[1, *path[:-1]]])
            logs = model(source[None], read)[0].log_softmax(dim=-1)
            totals.append(sum(logs[n, token].item() for n, token in enumerate(path)))
        best = paths[totals.index(max(totals))]
        assert row == [*best, *[0] * (len(row) - len(best))]


def test_searching_says_where_it_looked_too():
    written, weights = make("dot").decode(SOURCE, 4, width=3, return_weights=True)
    assert weights.shape == (3, written.shape[1], 6)


@EVERY
def test_saved_and_read_it_gives_the_same_logits(name):
    model = make(name)
    torch.manual_seed(9)
    other = type(model)(**model.config).double()
    assert not torch.equal(other(SOURCE, TARGET), model(SOURCE, TARGET))
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(SOURCE, TARGET), model(SOURCE, TARGET))


@EVERY
def test_it_learns_a_few_pairs_by_teacher_forcing(name):
    model = make(name).float()
    wanted = torch.tensor([[6, 9, 10, 2], [4, 2, 0, 0], [5, 3, 8, 2]])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        logits = model(SOURCE, TARGET)
        loss = functional.cross_entropy(logits.mT, wanted, ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert all(p.grad is not None for p in model.parameters())
    assert losses[-1] < 0.1 * losses[0]
    assert model.decode(SOURCE, 9).tolist() == wanted.tolist()  # padded, not longer


def test_tokens_are_left_alone():
    before = SOURCE.clone(), TARGET.clone()
    make("additive")(SOURCE, TARGET)
    make("additive").decode(SOURCE, 3, width=2)
    assert torch.equal(SOURCE, before[0])
    assert torch.equal(TARGET, before[1])


@EVERY
@pytest.mark.parametrize(
    ("target", "message"),
    [
        (TARGET[:2], r"a target for each source, so \(3, 1 or more\), got \(2, 4\)"),
        (TARGET[:, :0], r"\(3, 1 or more\), got \(3, 0\)"),
        (TARGET + 1, "ids from 0 to 10, got 1 to 11"),
        (TARGET.double(), "whole numbers"),
        (TARGET[0], "whole numbers of shape"),
    ],
)
def test_refuses_targets_that_do_not_fit(name, target, message):
    with pytest.raises(ValueError, match=message):
        make(name)(SOURCE, target)


def test_refuses_scores_and_lengths_that_are_none():
    with pytest.raises(ValueError, match="Seq2Seq: wanted score from"):
        Seq2Seq(9, 11, model=4, hidden=5, score="cosine")
    with pytest.raises(ValueError, match="decode: wanted most as a whole number"):
        make("dot").decode(SOURCE, 0)
