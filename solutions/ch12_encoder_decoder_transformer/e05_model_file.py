r"""### What has to be in the file

A model in memory is a dict with three entries:

- `"config"`: what it was made with, a dict from names to whole numbers, floats, texts,
  True, False or None;
- `"tokens"`: its vocabulary, a list of different texts; token `i` of the model is the
  text at place `i`;
- `"weights"`: a dict from names to float32 arrays of any shape, numbers with no axis
  and arrays with no entry among them. Any entry may be nan or infinite.

Write the class `ModelFile` with two methods. `write(model)` returns **one text** that
can be stored in a file, in JSON, and changes nothing in the model. `read(text)` makes
the model again from such a text, and from nothing else: another program, started
tomorrow, has a `ModelFile` of its own.

A third method, `copy`, is there already and uses yours. What comes back must be the
same model: an equal config, tokens in their order, weights of dtype float32 with the
same shapes and bits, and all names in the order in which they stood. A model that comes
back *almost* the same will write other sentences now and then, and nobody will know
why.
"""

import json

import numpy as np

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
    minutes=20,
    hints=(
        "Which of the three entries can `json.dumps` write as they are, and what has "
        "to be said of an array so that it can be made again?",
        "An array is its numbers and its shape. `tolist()` gives numbers that JSON can "
        "write without loss; of an array with no entry, only the shape is left.",
        "Write for each weight a dict of the shape and the flat list. Reading makes "
        "`np.array(..., dtype=np.float32)` of the list and gives it its shape.",
    ),
)


@answer
class ModelFile:
    """Writes a model as a text, and reads it again.

    model  a dict with "config", "tokens" and "weights"
    text   what `write` returned, here or in another program
    """

    def write(self, model):
        """The model as a text in JSON."""
        ### BEGIN SOLUTION
        weights = {
            name: {"shape": table.shape, "entries": table.ravel().tolist()}
            for name, table in model["weights"].items()
        }
        return json.dumps({**model, "weights": weights})
        ### END SOLUTION

    def read(self, text):
        """The model that the text says."""
        ### BEGIN SOLUTION
        model = json.loads(text)
        for name, table in model["weights"].items():
            entries = np.array(table["entries"], dtype=np.float32)
            model["weights"][name] = entries.reshape(table["shape"])
        return model
        ### END SOLUTION

    def copy(self, model):
        """The model as another object of this class reads it."""
        return type(self)().read(self.write(model))


@inputs
def draw(rng):
    """No argument; then a model that is written and read again."""
    words = list("the model that you saved is not what you trained".split()[:5])
    model = {
        "config": {"heads": 2, "rate": 0.1, "norm": None, "tied": True},
        "tokens": [str(word) for word in rng.permutation(words)],
        "weights": {
            "embed": rng.normal(size=(5, 3)).astype(np.float32),
            "bias": rng.normal(size=3).astype(np.float32),
        },
    }
    return (), ("copy", model)


@alternative
class AsBytes:
    """The bytes of each array as hexadecimal digits."""

    def write(self, model):
        weights = [
            [name, table.tobytes().hex(), list(table.shape)]
            for name, table in model["weights"].items()
        ]
        return json.dumps([model["config"], model["tokens"], weights], indent=1)

    def read(self, text):
        config, tokens, rows = json.loads(text)
        weights = {}
        for name, digits, shape in rows:
            entries = np.frombuffer(bytes.fromhex(digits), dtype=np.float32)
            weights[name] = entries.reshape(shape).copy()
        return {"config": config, "tokens": tokens, "weights": weights}

    def copy(self, model):
        return type(self)().read(self.write(model))


@probe
def round_trip(ModelFile, config, tokens, weights):
    """What another object reads from the text, and whether the model was left alone.

    config   dict
    tokens   list of texts
    weights  dict from names to pairs of a shape and a flat list of numbers
    """
    tables = {
        name: np.array(entries, dtype=np.float32).reshape(shape)
        for name, (shape, entries) in weights.items()
    }
    model = {"config": dict(config), "tokens": list(tokens), "weights": dict(tables)}
    before = {name: table.copy() for name, table in tables.items()}
    try:
        text = ModelFile().write(model)
        json.loads(text)
    except (TypeError, ValueError) as wrong:
        return {"failed": f"`write` should return a text in JSON: {wrong}"}
    if not isinstance(text, str):
        kind = type(text).__name__
        return {"failed": f"`write` should return a text, and returns {kind}"}
    alone = (model["config"], model["tokens"]) == (config, tokens)
    for name, table in before.items():
        now = model["weights"].get(name)
        alone &= isinstance(now, np.ndarray) and now.tobytes() == table.tobytes()
    again = ModelFile().read(json.dumps(json.loads(text)))
    tables = {name: np.asarray(table) for name, table in again["weights"].items()}
    return {
        "failed": "",
        "left alone": bool(alone),
        "config": repr(again["config"]),
        "tokens": list(again["tokens"]),
        "names": list(tables),
        "types": [str(table.dtype) for table in tables.values()],
        "shapes": [str(table.shape) for table in tables.values()],
        "bits": [table.tobytes().hex() for table in tables.values()],
    }


@check(points=1)
def comes_back_whole(ModelFile):
    """A small model comes back: its config, its tokens in their order, its weights."""
    config = {"heads": 2, "rate": 0.1, "norm": None, "tied": True, "order": "pre"}
    tokens = ["<pad>", "zwei", "eins", "Ä", "a b", '"', "7"]
    weights = {"embed": ((3, 2), [1.5, -2.0, 0.25, 4, 1e-3, 6]), "bias": ((2,), [7, 8])}
    got = round_trip(ModelFile, config, tokens, weights)
    assert not got["failed"], got["failed"]
    assert got["left alone"], "`write` has changed the model it was given"
    close(got["config"], repr(config), "config")
    assert got["tokens"] == tokens, f"the tokens came back as {got['tokens']}"
    assert got["names"] == ["embed", "bias"], f"weights that came back: {got['names']}"
    shapes = got["shapes"]
    assert shapes == ["(3, 2)", "(2,)"], f"wanted (3, 2) and (2,), got {shapes}"
    assert got["types"] == ["float32"] * 2, f"wanted float32, got {got['types']}"
    numbers = (np.array(row, dtype=np.float32) for _, row in weights.values())
    bits = [row.tobytes().hex() for row in numbers]
    assert got["bits"] == bits, "some entries came back changed, or in another order"


@check(points=1)
def every_bit_counts(ModelFile):
    """Tenths, a third, tiny and huge numbers: not rounded, not cut, not narrower."""
    numbers = [0.1, 1 / 3, 1e-42, 3.4e38, -0.0, 16777217.0, 1e-8, 2049.0, 1.0009765]
    for number in numbers:
        wanted = np.array([[number]], dtype=np.float32)
        got = round_trip(ModelFile, {}, ["a"], {"w": ((1, 1), [number])})
        assert not got["failed"], got["failed"]
        said = f"{number!r} did not come back with all its bits"
        assert got["bits"] == [wanted.tobytes().hex()], said


@check(points=1)
def odd_shapes(ModelFile):
    """A number without an axis, an array without an entry, nan and infinity."""
    odd = [np.nan, np.inf, -np.inf, 1.0]
    weights = {"scale": ((), [2.5]), "none": ((0, 3), []), "odd": ((1, 4), odd)}
    got = round_trip(ModelFile, {"n": 0}, ["x"], weights)
    assert not got["failed"], got["failed"]
    wanted = ["()", "(0, 3)", "(1, 4)"]
    assert got["shapes"] == wanted, f"wanted shapes {wanted}, got {got['shapes']}"
    assert got["types"] == ["float32"] * 3, f"wanted float32, got {got['types']}"
    bits = np.array(odd, dtype=np.float32).tobytes().hex()
    assert got["bits"][2] == bits, "nan and infinity did not come back as they were"


@check(points=2, hidden=True)
def large_random_models(ModelFile, rng):
    """Models with random names, tokens, shapes and entries, bit for bit."""
    for _ in range(3):
        sizes = enumerate(rng.integers(9, size=4).tolist())
        config = {f"size {i}": size for i, size in sizes}
        config |= {"rate": float(rng.normal()), "norm": None, "tied": False}
        tokens = [chr(code) for code in rng.permutation(np.arange(97, 500))[:40]]
        weights = {}
        for axes, n in zip((2, 1, 3, 0, 4), rng.permutation(30), strict=False):
            shape = tuple(rng.integers(1, 6, size=axes).tolist())
            table = rng.normal(size=shape).astype(np.float32)
            weights[f"layer {n}"] = shape, table.ravel().tolist()
        got = round_trip(ModelFile, config, tokens, weights)
        assert not got["failed"], got["failed"]
        assert got["left alone"], "`write` has changed the model it was given"
        close(got["config"], repr(config), "config")
        assert got["tokens"] == tokens, "the tokens did not come back in their order"
        names = [*weights]
        assert got["names"] == names, f"wanted weights {names}, got {got['names']}"
        shapes = [str(shape) for shape, _ in weights.values()]
        assert got["shapes"] == shapes, f"wanted shapes {shapes}, got {got['shapes']}"
        assert got["types"] == ["float32"] * 5, f"wanted float32, got {got['types']}"
        tables = (np.array(row, dtype=np.float32) for _, row in weights.values())
        bits = [table.tobytes().hex() for table in tables]
        assert got["bits"] == bits, "the entries are not the same to the last bit"


def _tables(model, change=np.asarray):
    return {
        name: [table.shape, np.ravel(change(table)).tolist()]
        for name, table in model["weights"].items()
    }


def _model(saved, dtype=np.float32):
    weights = {
        name: np.array(entries, dtype=dtype).reshape(shape)
        for name, (shape, entries) in saved["weights"].items()
    }
    return {**saved, "weights": weights}


@misconception(caught_by=comes_back_whole)
class SortedTokens:
    """Your tokens come back in another order, and the model means another word by each
    number. What does place i of the list stand for?"""

    def write(self, model):
        tokens = sorted(set(model["tokens"]))
        return json.dumps({**model, "tokens": tokens, "weights": _tables(model)})

    def read(self, text):
        return _model(json.loads(text))


@misconception(caught_by=comes_back_whole)
class WeightsAlone:
    """Only the weights are in your file. Without config and tokens nobody can tell what
    the numbers are weights of."""

    def write(self, model):
        return json.dumps({"weights": _tables(model)})

    def read(self, text):
        return {"config": {}, "tokens": [], **_model(json.loads(text))}


@misconception(caught_by=comes_back_whole)
class ConfigAsTexts:
    """The entries of your config come back as texts: "2" is not 2, and the text "None"
    is true. JSON has numbers, true, false and null of its own."""

    def write(self, model):
        config = {name: str(value) for name, value in model["config"].items()}
        return json.dumps({**model, "config": config, "weights": _tables(model)})

    def read(self, text):
        return _model(json.loads(text))


@misconception(caught_by=every_bit_counts)
class SixDigits:
    """Your entries are rounded. A float32 needs up to nine digits to come back with all
    its bits; six look right, and are not."""

    def write(self, model):
        tables = {
            name: [table.shape, [float(f"{x:.6g}") for x in table.ravel()]]
            for name, table in model["weights"].items()
        }
        return json.dumps({**model, "weights": tables})

    def read(self, text):
        return _model(json.loads(text))


@misconception(caught_by=every_bit_counts)
class HalfPrecision:
    """Your weights travel in half precision: half the size, and three digits. Fine for
    some uses, if it is said; asked for are the same bits."""

    def write(self, model):
        with np.errstate(over="ignore"):
            tables = _tables(model, lambda table: table.astype(np.float16))
        return json.dumps({**model, "weights": tables})

    def read(self, text):
        return _model(json.loads(text))


@misconception(caught_by=odd_shapes)
class NestedLists:
    """The numbers are all there. Of an array with no entry a list tells nothing about
    its shape: (0, 3) comes back as (0,). What should be written beside the numbers?"""

    def write(self, model):
        tables = {name: table.tolist() for name, table in model["weights"].items()}
        return json.dumps({**model, "weights": tables})

    def read(self, text):
        saved = json.loads(text)
        weights = {
            name: np.array(table, dtype=np.float32)
            for name, table in saved["weights"].items()
        }
        return {**saved, "weights": weights}


@misconception(caught_by=comes_back_whole)
class WiderThanBefore:
    """Your weights come back in float64. Their values are right, and the model will
    compute with other rounding, at half the speed. Say the dtype when you read."""

    def write(self, model):
        return json.dumps({**model, "weights": _tables(model)})

    def read(self, text):
        return _model(json.loads(text), dtype=float)


@misconception(caught_by=comes_back_whole)
class FlatRows:
    """Your arrays come back as flat rows: the numbers are right, and their shape is
    lost. What else has to be in the file?"""

    def write(self, model):
        return json.dumps({**model, "weights": _tables(model)})

    def read(self, text):
        saved = json.loads(text)
        weights = {
            name: np.array(entries, dtype=np.float32)
            for name, (_, entries) in saved["weights"].items()
        }
        return {**saved, "weights": weights}


@misconception(caught_by=comes_back_whole)
class ChangesTheModel:
    """What comes back is right, and the model that was written is broken: you replaced
    its arrays by lists. It may well be trained further after it was saved."""

    def write(self, model):
        tables = _tables(model)
        model["weights"].update(tables)
        return json.dumps(model)

    def read(self, text):
        return _model(json.loads(text))


@misconception(caught_by=odd_shapes)
class NoNan:
    """What is not finite comes back as 0. A model that has gone wrong should say so
    when it is read again, and not look healthy."""

    def write(self, model):
        tables = _tables(model, lambda t: np.nan_to_num(t, posinf=0.0, neginf=0.0))
        return json.dumps({**model, "weights": tables})

    def read(self, text):
        return _model(json.loads(text))


@misconception(caught_by=large_random_models)
class SortedNames:
    """Your names come back in alphabetical order. Look a weight up by name and nothing
    is lost; whoever reads them in order, as a list of parameters, mixes them up."""

    def write(self, model):
        return json.dumps({**model, "weights": _tables(model)}, sort_keys=True)

    def read(self, text):
        return _model(json.loads(text))
