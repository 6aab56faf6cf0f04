"""save and load: bit-equal outputs, the vocabulary, whole files, and no code."""

import pickle

import pytest
import torch
from torch import nn

from attn_course.nn import LanguageModel, Transformer, configured, load, save
from attn_course.nn import files as files_module

VOCABULARY = {"tokens": ["<pad>", "ä", "中"], "merges": [["a", "b"], ["ab", "c"]]}
TOKENS = torch.tensor([[3, 1, 4], [1, 5, 2]])


class Mine(nn.Module):
    @configured
    def __init__(self, inner, *, width, **options):
        super().__init__()
        self.inner, self.linear = inner, nn.Linear(7, width)
        self.register_buffer("seen", torch.tensor(0))

    def forward(self, tokens):
        return self.linear(self.inner(tokens))


def models():
    torch.manual_seed(0)
    sizes = {"model": 12, "heads": 3, "layers": 2}
    learned = {"positions": "learned", "longest": 9, "norm": "rms", "groups": 1}
    return [
        LanguageModel(7, **sizes),
        LanguageModel(7, **sizes, **learned, tied=False, dropout=0.1),
        Transformer(7, 11, **sizes, norm_first=False),
        LanguageModel(7, **sizes).double(),
        LanguageModel(7, **sizes).bfloat16(),
    ]


@pytest.mark.parametrize("model", models())
def test_what_comes_back_gives_the_same_to_the_last_bit(model, tmp_path):
    inputs = (TOKENS, TOKENS) if isinstance(model, Transformer) else (TOKENS,)
    wanted = model.eval()(*inputs)
    save(model, tmp_path / "model.pt", vocabulary=VOCABULARY)
    again, vocabulary = load(tmp_path / "model.pt")
    assert type(again) is type(model)
    assert again.config == model.config
    assert not again.training
    assert vocabulary == VOCABULARY
    assert torch.equal(again(*inputs), wanted)
    assert again(*inputs).dtype == wanted.dtype


def test_tied_weights_are_still_tied(tmp_path):
    model = models()[0]
    save(model, tmp_path / "model.pt")
    again, vocabulary = load(tmp_path / "model.pt")
    assert again.output.weight is again.embed.weight
    assert vocabulary is None


def test_a_class_of_ones_own_with_a_model_inside(tmp_path):
    model = Mine(models()[0], width=5, note="x", sizes=[1, 2]).eval()
    save(model, tmp_path / "mine.pt")
    again, _ = load(tmp_path / "mine.pt", Mine)
    assert torch.equal(again(TOKENS), model(TOKENS))
    assert again.config["sizes"] == [1, 2]
    with pytest.raises(ValueError, match="or one that is given, got 'Mine'"):
        load(tmp_path / "mine.pt")


def test_a_write_that_breaks_leaves_the_old_file(tmp_path, monkeypatch):
    model, path = models()[0], tmp_path / "model.pt"
    save(model, path)
    before = path.read_bytes()

    def breaks(contents, file):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(files_module.torch, "save", breaks)
    with pytest.raises(OSError, match="disk full"):
        save(model, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.pt"]


def test_refuses_a_file_that_holds_code(tmp_path):
    class Harm:
        def __reduce__(self):
            return print, ("code was run",)

    torch.save({"described": Harm()}, tmp_path / "harm.pt")
    with pytest.raises(pickle.UnpicklingError):
        load(tmp_path / "harm.pt")


def test_refuses_what_is_not_plain_data_and_writes_nothing(tmp_path):
    path = tmp_path / "model.pt"
    with pytest.raises(ValueError, match="keeps its arguments in `config`, got Linear"):
        save(nn.Linear(2, 3), path)
    with pytest.raises(ValueError, match=r"wanted plain data, got .*set"):
        save(models()[0], path, vocabulary={"words": {1, 2}})
    with pytest.raises(ValueError, match="keys that are not strings"):
        save(models()[0], path, vocabulary={0: "a"})
    with pytest.raises(ValueError, match="wanted plain data"):
        save(Mine(models()[0], width=5, slope=float("nan")), path)
    assert not path.exists()


def test_refuses_a_function_in_place_of_a_class(tmp_path):
    Mine.__name__, name = "fit", Mine.__name__
    try:
        save(Mine(models()[0], width=5), tmp_path / "mine.pt")
    finally:
        Mine.__name__ = name
    with pytest.raises(ValueError, match=r"wanted a class of attn_course.nn .* 'fit'"):
        load(tmp_path / "mine.pt")
