r"""The training loop: updates, validation after each epoch, and when to stop.

The test set has no place here: what decides when to stop is the validation set, and
what has decided something cannot measure it.

References
----------
L. Prechelt, "Early Stopping - But When?", in: Neural Networks: Tricks of the Trade,
Springer, 1998 (patience).
R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural
networks", ICML 2013, section 3.2 (clipping the norm of the gradient).
"""

import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from attn_course.nn import expect
from attn_course.nn.batches import Batches
from attn_course.nn.files import read_whole, write_whole
from attn_course.nn.history import History

Data = Iterable | Batches
Loss = Callable[[nn.Module, Any], Float[torch.Tensor, "..."]]


def fit(
    model: nn.Module,
    training: Data,
    validation: Data | None,
    loss: Loss,
    *,
    optimiser: torch.optim.Optimizer,
    epochs: int,
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
    patience: int | None = None,
    clip: float | None = None,
    seed: int = 0,
    progress: bool = True,
    checkpoint: str | os.PathLike | None = None,
) -> History:
    """Train the model, and leave it with its best weights in evaluation mode.

    Parameters
    ----------
    training, validation
        What can be gone through once an epoch: a list of batches, a DataLoader, or a
        function that is given a `torch.Generator`, such as `shuffled` returns.
        Without a validation set the last weights are kept, else those of the epoch
        with the lowest validation loss.
    loss
        Maps (model, batch) to the losses of its items, which are averaged here. A mean
        taken before counts as one item, so that every batch weighs the same.
    schedule
        Changes the learning rate after each update.
    patience
        Stop after so many epochs without a better validation loss. Default: never.
    clip
        The largest norm of the gradient of all parameters together; a longer one is
        scaled down to it. Default: no limit.
    seed
        Of dropout and of the order of batches, anew in each epoch. Torch's own
        generator is put back afterwards. Initial weights are the caller's affair.
    progress
        Whether to show a bar, in a notebook or on a terminal; elsewhere there is none.
    checkpoint
        A file that is written after each epoch. Where it exists, the run goes on from
        there, to the same end as if it had never been interrupted.

    Raises
    ------
    FloatingPointError
        If a loss is nan or infinite; it says where.
    ValueError
        If there is nothing to train on, or `patience` has no validation set to look at.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> x = torch.linspace(-1, 1, 20)[:, None]
    >>> model = torch.nn.Linear(1, 1)
    >>> history = fit(
    ...     model,
    ...     [(x, 3 * x + 1)],
    ...     None,
    ...     lambda model, batch: (model(batch[0]) - batch[1]) ** 2,
    ...     optimiser=torch.optim.SGD(model.parameters(), lr=0.5),
    ...     epochs=30,
    ... )
    >>> round(model.weight.item(), 2), round(model.bias.item(), 2)
    (3.0, 1.0)
    >>> len(history.training)
    30
    """
    _expect(epochs, patience, clip, validation)
    movers = {"model": model, "optimiser": optimiser, "schedule": schedule}
    history, best = _resumed(checkpoint, movers, seed)
    with torch.random.fork_rng(), _bar(epochs, len(history.training), progress) as bar:
        for epoch in range(len(history.training), epochs):
            if patience is not None and history.stale >= patience:
                break
            model.train()
            data = _once(training, _seeded(seed, epoch))
            steps = _updates(model, data, loss, optimiser, schedule, clip, epoch)
            history.steps += [mean for mean, _ in steps]
            history.training.append(_mean("fit", steps))
            if validation is not None:
                history.validation.append(evaluate(model, validation, loss))
                if history.best == epoch:
                    best = {k: v.clone() for k, v in model.state_dict().items()}
            _write(checkpoint, movers, seed, history, best)
            bar.set_postfix(_latest(history))
            bar.update()
    if best is not None:
        model.load_state_dict(best)
    model.eval()
    return history


def evaluate(model: nn.Module, data: Data, loss: Loss) -> float:
    """Return the mean loss over all items, in evaluation mode and without gradients.

    `data` and `loss` are those of `fit`. The model's mode is put back.

    Examples
    --------
    >>> import torch
    >>> batches = [torch.ones(3), torch.full((1,), 5.0)]
    >>> evaluate(torch.nn.Identity(), batches, lambda model, batch: model(batch))
    2.0
    """
    was, steps = model.training, []
    model.eval()
    with torch.no_grad():
        for place, batch in enumerate(_once(data, torch.Generator().manual_seed(0))):
            losses = loss(model, batch)
            steps.append(
                (_finite("evaluate", losses, f"batch {place}").item(), losses.numel())
            )
    model.train(was)
    return _mean("evaluate", steps)


def _updates(model, data, loss, optimiser, schedule, clip, epoch):
    """Go through the data once; return the mean loss and the count of each batch."""
    steps = []
    for place, batch in enumerate(data):
        losses = loss(model, batch)
        mean = _finite("fit", losses, f"epoch {epoch}, batch {place}")
        optimiser.zero_grad()
        mean.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimiser.step()
        if schedule is not None:
            schedule.step()
        steps.append((mean.item(), losses.numel()))
    return steps


def _finite(who, losses, where):
    mean = losses.mean()
    if losses.numel() and mean.isfinite():
        return mean
    got = mean.item() if losses.numel() else "no item at all"
    raise FloatingPointError(
        f"{who}: wanted a finite loss, got {got} in {where} (counted from 0)"
    )


def _mean(who, steps):
    if not steps:
        raise ValueError(
            f"{who}: wanted at least one batch each time, got none; an iterator can be "
            "gone through only once, so give a list or a function"
        )
    means, counts = map(np.array, zip(*steps, strict=True))
    return float(means @ counts / counts.sum())


def _once(data, generator):
    return data(generator) if callable(data) else data


def _seeded(seed, epoch):
    """Seed torch for one epoch; return a generator for the order of its batches."""
    dropout, order = np.random.SeedSequence((seed, epoch)).generate_state(2)
    torch.manual_seed(int(dropout))
    return torch.Generator().manual_seed(int(order))


def _resumed(checkpoint, movers, seed):
    if checkpoint is None or not Path(checkpoint).exists():
        return History(), None
    kept = read_whole(checkpoint)
    if kept["seed"] != seed:
        raise ValueError(
            f"fit: wanted the seed of {checkpoint}, {kept['seed']}, got {seed}"
        )
    for name, mover in movers.items():
        if mover is not None:
            mover.load_state_dict(kept[name])
    return History(**kept["history"]), kept["best"]


def _write(checkpoint, movers, seed, history, best):
    if checkpoint is not None:
        kept = {
            name: None if mover is None else mover.state_dict()
            for name, mover in movers.items()
        }
        rest = {"seed": seed, "history": asdict(history), "best": best}
        write_whole({**kept, **rest}, checkpoint)


def _bar(epochs, done, progress):
    """Make a progress bar; None as `disable` hides it where there is no terminal.

    Whoever runs notebooks for their outputs can hide all bars by TQDM_DISABLE=1.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # it would miss ipywidgets, which it can do without
        from tqdm.auto import tqdm
    hidden = not progress or os.environ.get("TQDM_DISABLE") == "1"
    disable = True if hidden else None
    return tqdm(total=epochs, initial=done, unit="epoch", disable=disable)


def _latest(history):
    shown = {"training": history.training, "validation": history.validation}
    return {name: losses[-1] for name, losses in shown.items() if losses}


def _expect(epochs, patience, clip, validation):
    expect.counts("fit", epochs=epochs)
    if patience is not None:
        expect.counts("fit", patience=patience)
    if clip is not None:
        expect.positive("fit", clip=clip)
    if patience is not None and validation is None:
        raise ValueError("fit: wanted a validation set to be patient with, got None")
