"""Two decoders, one step each: which state asks, and where the answer goes."""

import numpy as np
import pytest
import torch

from attn_course.functional import (
    CellWeights,
    additive_scores,
    bahdanau_step,
    general_scores,
    gru_cell,
    lstm_cell,
    luong_combine,
    luong_step,
)

rng = np.random.default_rng(0)
MEMORY = rng.normal(size=(2, 7, 6))  # batch, source positions, memory
TOKEN = rng.normal(size=(2, 3))
HIDDEN, CELL = rng.normal(size=(2, 2, 5))
REAL = np.array([[True] * 7, [True] * 4 + [False] * 3])
W_QUERY, W_KEY = rng.normal(size=(5, 11)), rng.normal(size=(6, 11))
VECTOR = rng.normal(size=11)
W_GENERAL, W_COMBINE = rng.normal(size=(5, 6)), rng.normal(size=(11, 4))


def additive(query, keys):
    hidden = np.tanh((query @ W_QUERY)[..., None, :] + (keys @ W_KEY)[..., None, :, :])
    return hidden @ VECTOR


def general(query, keys):
    return query @ W_GENERAL @ np.swapaxes(keys, -1, -2)


def random_weights(gates, inputs, dtype=np.float64):
    sizes = [(inputs, gates * 5), (5, gates * 5), *[gates * 5] * 2]
    return CellWeights(*(rng.normal(size=size).astype(dtype) for size in sizes))


GRU = random_weights(3, 3 + 6)
LSTM = random_weights(4, 3)
BAHDANAU = {"cell": lambda x, s: gru_cell(x, s, GRU), "score": additive}
LUONG = {
    "cell": lambda x, s: lstm_cell(x, s, LSTM),
    "score": general,
    "weight": W_COMBINE,
}


def load(module, weights):
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    module.load_state_dict(
        {n: torch.tensor(w.T) for n, w in zip(names, weights, strict=True)}
    )
    return module


def test_bahdanaus_step_agrees_with_torch_one_sentence_at_a_time():
    cell = load(torch.nn.GRUCell(9, 5, dtype=torch.float64), GRU)
    got = bahdanau_step(HIDDEN, TOKEN, MEMORY, allowed=REAL, **BAHDANAU)
    for b in range(2):
        source = torch.tensor(MEMORY[b][REAL[b]])
        state, token = torch.tensor(HIDDEN[b]), torch.tensor(TOKEN[b])
        scores = [
            torch.tensor(VECTOR)
            @ torch.tanh(torch.tensor(W_QUERY.T) @ state + torch.tensor(W_KEY.T) @ m)
            for m in source
        ]
        weights = torch.stack(scores).softmax(0)
        context = weights @ source
        with torch.no_grad():
            after = cell(torch.cat([token, context]), state)
        for ours, wanted in zip(got, (after, context), strict=False):
            np.testing.assert_allclose(ours[b], wanted, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(got[2][b][REAL[b]], weights, rtol=1e-10)


def test_luongs_step_agrees_with_torch_one_sentence_at_a_time():
    cell = load(torch.nn.LSTMCell(3, 5, dtype=torch.float64), LSTM)
    (hidden, memory), attentional, weights = luong_step(
        (HIDDEN, CELL), TOKEN, MEMORY, allowed=REAL, **LUONG
    )
    for b in range(2):
        source = torch.tensor(MEMORY[b][REAL[b]])
        state = torch.tensor(HIDDEN[b]), torch.tensor(CELL[b])
        with torch.no_grad():
            after, kept = cell(torch.tensor(TOKEN[b]), state)
        shares = (source @ (torch.tensor(W_GENERAL.T) @ after)).softmax(0)
        joined = torch.cat([shares @ source, after])
        wanted = torch.tanh(torch.tensor(W_COMBINE.T) @ joined)
        for ours, theirs in (
            (hidden[b], after),
            (memory[b], kept),
            (attentional[b], wanted),
            (weights[b][REAL[b]], shares),
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_bahdanau_looks_before_the_token_is_known_and_luong_after():
    other = TOKEN + 1
    before, after = (
        bahdanau_step(HIDDEN, token, MEMORY, **BAHDANAU) for token in (TOKEN, other)
    )
    np.testing.assert_array_equal(before[2], after[2])
    assert (before[0] != after[0]).any()
    before, after = (
        luong_step((HIDDEN, CELL), token, MEMORY, **LUONG) for token in (TOKEN, other)
    )
    assert (abs(before[2] - after[2]) > 1e-4).any()


def test_what_bahdanau_reads_moves_the_state_and_what_luong_reads_does_not():
    other = MEMORY + 1
    before, after = (
        bahdanau_step(HIDDEN, TOKEN, m, **BAHDANAU) for m in (MEMORY, other)
    )
    assert (before[0] != after[0]).any()
    before, after = (
        luong_step((HIDDEN, CELL), TOKEN, m, **LUONG) for m in (MEMORY, other)
    )
    np.testing.assert_array_equal(before[0], after[0])
    assert (before[1] != after[1]).any()


@pytest.mark.parametrize("name", ["bahdanau", "luong"])
def test_padding_is_neither_read_nor_weighed(name):
    padded = np.where(REAL[..., None], MEMORY, 1e6)
    clean, dirty = (one_step(name, m) for m in (MEMORY, padded))
    for one, other in zip(clean[1:], dirty[1:], strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(clean[2][~REAL], 0)
    np.testing.assert_allclose(clean[2].sum(-1), 1, rtol=1e-14)


def one_step(name, memory, allowed=REAL):
    if name == "luong":
        return luong_step((HIDDEN, CELL), TOKEN, memory, allowed=allowed, **LUONG)
    return bahdanau_step(HIDDEN, TOKEN, memory, allowed=allowed, **BAHDANAU)


@pytest.mark.parametrize("name", ["bahdanau", "luong"])
def test_a_source_of_padding_alone_reads_zeros(name):
    step = one_step(name, MEMORY, np.zeros((2, 7), dtype=bool))
    np.testing.assert_array_equal(step[2], 0)
    if name == "bahdanau":
        np.testing.assert_array_equal(step[1], 0)
    assert np.isfinite(step[1]).all()


def test_takes_the_scores_of_the_package():
    def score(query, keys):
        return additive_scores(query, keys, W_QUERY, W_KEY, VECTOR)

    packaged = {**BAHDANAU, "score": score}
    ours, plain = (
        bahdanau_step(HIDDEN, TOKEN, MEMORY, **k) for k in (packaged, BAHDANAU)
    )
    np.testing.assert_allclose(ours[2], plain[2], rtol=1e-11)
    packaged = {**LUONG, "score": lambda q, k: general_scores(q, k, W_GENERAL)}
    state = HIDDEN, CELL
    ours, plain = (luong_step(state, TOKEN, MEMORY, **k) for k in (packaged, LUONG))
    np.testing.assert_allclose(ours[2], plain[2], rtol=1e-10, atol=1e-14)


def test_combining_puts_the_context_first():
    context, hidden = MEMORY[:, 0], HIDDEN
    got = luong_combine(context, hidden, W_COMBINE)
    wanted = np.tanh(context @ W_COMBINE[:6] + hidden @ W_COMBINE[6:])
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


def test_one_sentence_needs_no_batch_axis():
    whole = one_step("bahdanau", MEMORY)
    alone = bahdanau_step(HIDDEN[1], TOKEN[1], MEMORY[1], allowed=REAL[1], **BAHDANAU)
    for one, row in zip(alone, whole, strict=True):
        np.testing.assert_allclose(one, row[1], rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype_and_its_inputs(dtype):
    hidden, token, memory = (a.astype(dtype) for a in (HIDDEN, TOKEN, MEMORY))
    copies = hidden.copy(), token.copy(), memory.copy()
    weights, combine = random_weights(3, 3, dtype), W_COMBINE.astype(dtype)
    kind = {
        "cell": lambda x, s: gru_cell(x[..., :3], s, weights),
        "score": lambda q, k: q @ np.swapaxes(k[..., :5], -1, -2),
    }
    for got in bahdanau_step(hidden, token, memory, **kind):
        assert got.dtype == dtype
    for got in luong_step(hidden, token, memory, weight=combine, **kind):
        assert got.dtype == dtype
    for array, copy in zip((hidden, token, memory), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", ["bahdanau", "luong"])
def test_refuses_a_source_that_does_not_fit(name):
    for memory, allowed, message in (
        (MEMORY[:1], None, r"inputs of shape \(1, 3\), got \(2, 3\)"),
        (MEMORY[0, 0], None, "memory with at least 2 axes"),
        (MEMORY, np.ones((2, 7)), "boolean mask"),
        (MEMORY, np.ones(4, dtype=bool), r"broadcasts to the scores \(2, 7\)"),
        (MEMORY * np.nan, None, "finite memory"),
    ):
        with pytest.raises(ValueError, match=message):
            one_step(name, memory, allowed)


def test_refuses_states_and_weights_that_do_not_fit():
    def add(x, s):
        return x.sum(-1, keepdims=True) + s

    def last(query, keys):
        return keys

    with pytest.raises(ValueError, match="state with at least 1 axes"):
        bahdanau_step(np.array(1.0), TOKEN, MEMORY, **BAHDANAU)
    with pytest.raises(ValueError, match=r"state of shape \(2, 5\), got \(5,\)"):
        bahdanau_step(HIDDEN[0], TOKEN, MEMORY, **BAHDANAU)
    with pytest.raises(ValueError, match=r"`score` returns of shape \(2, 1, 7\)"):
        luong_step(HIDDEN, TOKEN, MEMORY, cell=add, score=last, weight=W_COMBINE)
    with pytest.raises(ValueError, match=r"hidden of shape \(2, 5\), got \(1, 5\)"):
        luong_combine(MEMORY[:, 0], HIDDEN[:1], W_COMBINE)
    with pytest.raises(ValueError, match=r"weight of shape \(11, 11\), got \(4, 11\)"):
        luong_combine(MEMORY[:, 0], HIDDEN, W_COMBINE.T)
