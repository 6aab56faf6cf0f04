"""Save a model with everything that is needed to use it again, and no code.

A file holds the name of the model's class, the arguments it was made with, its weights,
and the vocabulary or tokenizer as plain data. Loading runs nothing that stands in the
file: the class is looked up by its name, and only among those of this package and those
that the caller names.
"""

import json
import os

from torch import nn

import attn_course.nn
from attn_course.nn.files import read_whole, write_whole


def save(
    model: nn.Module, path: str | os.PathLike, *, vocabulary: dict | None = None
) -> None:
    """Write the model to a file that is whole or not there.

    Parameters
    ----------
    model
        Keeps what it was made with in `config`; see `configured`.
    vocabulary
        Whatever turns text into tokens and back, as plain data: dicts with strings as
        keys, lists, strings, numbers, None.

    Raises
    ------
    ValueError
        If the model does not say what it was made with, or that or the vocabulary is
        not plain data. Nothing is written then.

    Examples
    --------
    >>> import tempfile
    >>> import torch
    >>> from attn_course.nn import LanguageModel
    >>> model = LanguageModel(vocab=3, model=8, heads=2, layers=1).eval()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, f"{folder}/model.pt", vocabulary={"a": 0, "b": 1, "c": 2})
    ...     again, vocabulary = load(f"{folder}/model.pt")
    >>> vocabulary
    {'a': 0, 'b': 1, 'c': 2}
    >>> tokens = torch.tensor([[0, 2, 1]])
    >>> torch.equal(model(tokens), again(tokens))
    True
    """
    described = {"model": _described(model), "vocabulary": vocabulary}
    try:
        text = json.dumps(described, allow_nan=False)
        plain = json.loads(text)
    except (TypeError, ValueError) as wrong:
        raise ValueError(f"save: wanted plain data, got {wrong}") from None
    if plain != _listed(described):
        raise ValueError(
            "save: wanted plain data, got keys that are not strings in a config or in "
            "the vocabulary"
        )
    write_whole({"described": text, "weights": model.state_dict()}, path)


def load(
    path: str | os.PathLike, *classes: type[nn.Module]
) -> tuple[nn.Module, dict | None]:
    """Read what `save` wrote: the model, in evaluation mode, and the vocabulary.

    Parameters
    ----------
    classes
        Classes of one's own that may stand in the file, beside those of this package.

    Raises
    ------
    ValueError
        If the file names a class that is not among them.

    Examples
    --------
    See `save`.
    """
    kept = read_whole(path)
    described = json.loads(kept["described"])
    model = _rebuilt(described["model"], {kind.__name__: kind for kind in classes})
    weights = kept["weights"]
    model.to(next((w.dtype for w in weights.values() if w.is_floating_point()), None))
    model.load_state_dict(weights)
    return model.eval(), described["vocabulary"]


def _described(model):
    """The class and its arguments; those that are modules, likewise."""
    config = getattr(model, "config", None)
    if not isinstance(config, dict):
        raise ValueError(
            f"save: wanted a model that keeps its arguments in `config`, got "
            f"{type(model).__name__}"
        )
    arguments = {
        name: _described(value) if isinstance(value, nn.Module) else value
        for name, value in config.items()
    }
    return {"class": type(model).__name__, "arguments": arguments}


def _rebuilt(described, classes):
    name = described["class"]
    kind = classes.get(name) or getattr(attn_course.nn, name, None)
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise ValueError(
            f"load: wanted a class of attn_course.nn or one that is given, got {name!r}"
        )
    arguments = {
        key: _rebuilt(value, classes) if _is_module(value) else value
        for key, value in described["arguments"].items()
    }
    return kind(**arguments)


def _is_module(value):
    return isinstance(value, dict) and value.keys() == {"class", "arguments"}


def _listed(value):
    """Tuples become lists, as they do on the way through JSON."""
    if isinstance(value, dict):
        return {key: _listed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(one) for one in value]
    return value
