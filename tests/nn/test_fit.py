"""fit: a loop written by hand, early stopping, seeds, interruptions, and bad losses."""

import copy
import warnings

import pytest
import torch
from torch import nn

from attn_course.nn import History, evaluate, fit, shuffled
from attn_course.nn.fit import _bar

generator = torch.Generator().manual_seed(0)
X = torch.randn(11, 3, generator=generator)
Y = torch.randn(11, 2, generator=generator)
BATCHES = [(X[:5], Y[:5]), (X[5:8], Y[5:8]), (X[8:], Y[8:])]
OTHER = [(X[:2] + 1, Y[:2]), (X[2:7] + 1, Y[2:7])]


def squares(model, batch):
    x, y = batch
    return (model(x) - y) ** 2


def made(dropout=0.0):
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Linear(3, 7), nn.Tanh(), nn.Dropout(dropout), nn.Linear(7, 2)
    )


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=0.02)


def halving(optimiser):
    return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 0.9**step)


def same(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_is_the_loop_one_would_write_by_hand():
    ours, theirs = made(), made()
    optimiser = adam(ours)
    history = fit(
        ours,
        BATCHES,
        None,
        squares,
        optimiser=optimiser,
        schedule=halving(optimiser),
        clip=0.5,
        epochs=4,
    )
    optimiser = adam(theirs)
    schedule, steps, epochs = halving(optimiser), [], []
    for _ in range(4):
        total = 0.0
        for x, y in BATCHES:
            loss = ((theirs(x) - y) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
            optimiser.step()
            schedule.step()
            steps.append(loss.item())
            total += loss.item() * len(x)
        epochs.append(total / 11)
    assert same(ours, theirs)
    assert history.steps == steps
    assert history.training == pytest.approx(epochs, rel=1e-12)
    assert history.validation == []
    assert not ours.training


def test_the_best_weights_are_those_of_the_lowest_validation_loss():
    seen, model = [], made()

    def watched(model, batch):
        if not model.training and batch is OTHER[0]:
            seen.append(copy.deepcopy(model.state_dict()))
        return squares(model, batch)

    optimiser = torch.optim.SGD(model.parameters(), lr=0.9)  # so large that it jumps
    history = fit(model, BATCHES, OTHER, watched, optimiser=optimiser, epochs=9)
    assert len(history.training) == len(history.validation) == len(seen) == 9
    assert history.best < 8
    best = made()
    best.load_state_dict(seen[history.best])
    assert same(model, best)
    assert evaluate(model, OTHER, squares) == history.validation[history.best]
    assert history.validation[history.best] == min(history.validation)


def test_patience_ends_the_run_and_only_validation_counts():
    losses = iter([5.0, 3.0, 4.0, 3.0, 3.5, 0.0])  # 3 again is no better than 3

    def told(model, batch):
        value = squares(model, batch).mean()
        return value if model.training else value * 0 + next(losses)

    model = made()
    history = fit(
        model, BATCHES, OTHER[:1], told, optimiser=adam(model), epochs=9, patience=3
    )
    assert history.validation == [5.0, 3.0, 4.0, 3.0, 3.5]
    assert (history.best, history.stale) == (1, 3)
    assert history.training == sorted(history.training, reverse=True)


def test_a_mean_over_batches_is_a_mean_over_items():
    model = made()
    wanted = torch.cat([squares(model, batch) for batch in OTHER]).mean().item()
    assert evaluate(model, OTHER, squares) == pytest.approx(wanted, rel=1e-6)
    assert model.training


def run(seed=0, epochs=5, **options):
    model = made(dropout=0.5)
    optimiser = adam(model)
    history = fit(
        model,
        shuffled(X, Y, size=4),
        OTHER,
        options.pop("loss", squares),
        optimiser=optimiser,
        schedule=halving(optimiser),
        epochs=epochs,
        seed=seed,
        **options,
    )
    return model, history


def test_a_seed_repeats_a_run_and_leaves_torchs_generator_alone():
    (first, history), (second, again), (third, _) = run(), run(), run(seed=1)
    assert same(first, second)
    assert history == again
    assert not same(first, third)
    model = made()
    state = torch.random.get_rng_state()
    fit(model, BATCHES, None, squares, optimiser=adam(model), epochs=1)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_data_loader_will_do_and_is_seeded_too():
    rows = torch.utils.data.TensorDataset(X, Y)
    runs = []
    for noise in (1, 2):
        model = made()
        loader = torch.utils.data.DataLoader(rows, batch_size=4, shuffle=True)
        torch.manual_seed(noise)
        fit(model, loader, OTHER, squares, optimiser=adam(model), epochs=2, seed=3)
        runs.append(model)
    assert same(*runs)


def test_no_two_epochs_draw_the_same():
    _, history = run()
    order = [history.steps[i : i + 3] for i in range(0, 15, 3)]
    assert len({tuple(losses) for losses in order}) == 5


def test_goes_on_where_it_was_interrupted_as_if_it_had_not_been(tmp_path):
    path = tmp_path / "run.pt"
    whole, history = run()
    calls = []

    def interrupted(model, batch):
        calls.append(batch)
        if len(calls) == 12:  # in the third epoch, five calls each
            raise KeyboardInterrupt
        return squares(model, batch)

    with pytest.raises(KeyboardInterrupt):
        run(checkpoint=path, loss=interrupted)
    resumed, again = run(checkpoint=path)
    assert same(whole, resumed)
    assert again == history
    finished, once_more = run(checkpoint=path)
    assert same(whole, finished)
    assert once_more == history
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def test_a_bar_is_shown_on_a_terminal_and_nowhere_else(capsys):
    run(epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _bar(3, 0, progress=False).disable
        assert _bar(3, 0, progress=True).disable  # this is no terminal
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_stops_at_a_loss_that_is_no_number_and_says_where(bad):
    model, calls = made(), []

    def breaks(model, batch):
        calls.append(copy.deepcopy(model.state_dict()))
        return squares(model, batch) * (bad if len(calls) == 5 else 1)

    with pytest.raises(FloatingPointError, match=f"got {bad} in epoch 1, batch 1"):
        fit(model, BATCHES, None, breaks, optimiser=adam(model), epochs=3)
    last = made()
    last.load_state_dict(calls[-1])
    assert same(model, last)  # no update with what is no number


def test_refuses_nothing_to_train_on_and_patience_without_validation(tmp_path):
    model = made()
    options = {"optimiser": adam(model), "epochs": 3}
    with pytest.raises(ValueError, match="fit: wanted at least one batch each"):
        fit(model, iter(BATCHES), None, squares, **options)
    with pytest.raises(ValueError, match="a validation set to be patient with"):
        fit(model, BATCHES, None, squares, patience=2, **options)
    with pytest.raises(ValueError, match="patience as a whole number above zero"):
        fit(model, BATCHES, BATCHES, squares, patience=0, **options)
    with pytest.raises(ValueError, match="a positive clip, got 0"):
        fit(model, BATCHES, None, squares, clip=0, **options)
    with pytest.raises(ValueError, match="epochs as a whole number above zero"):
        fit(model, BATCHES, None, squares, optimiser=adam(model), epochs=0)
    run(epochs=1, checkpoint=tmp_path / "run.pt")
    with pytest.raises(ValueError, match=r"wanted the seed of .*run\.pt, 0, got 7"):
        run(epochs=1, seed=7, checkpoint=tmp_path / "run.pt")


def test_a_history_without_validation_has_no_best_epoch():
    assert (History().best, History().stale) == (None, 0)
