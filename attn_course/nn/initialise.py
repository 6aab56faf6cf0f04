r"""Initial weights: how large the numbers are before anything is learnt.

PyTorch's own choice for a linear layer is uniform, with variance 1 / (3 * inputs). The
functions here replace it, in all linear layers and embeddings of a model.

References
----------
X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
neural networks", AISTATS 2010, section 4.2.1 (Xavier).
A. Radford et al., "Language Models are Unsupervised Multitask Learners", OpenAI, 2019,
section 2.3 (layers that write to the residual stream start smaller).
"""

from torch import nn

from attn_course.nn import expect

WRITERS = ("out_proj", "linear2")  # what they give is added to the residual stream


def xavier_(model: nn.Module) -> nn.Module:
    r"""Draw linear weights so that signals and gradients keep their size; biases 0.

    .. math::  w \sim U(-a, a), \qquad a = \sqrt{6 / (\text{inputs} + \text{outputs})}

    Embeddings, and weights tied to them, stay as they are. The model is changed, and
    returned.

    Examples
    --------
    >>> import torch
    >>> layer = xavier_(torch.nn.Linear(2, 4))
    >>> layer.weight.abs().max() <= 1, layer.bias.tolist()
    (tensor(True), [0.0, 0.0, 0.0, 0.0])
    """
    tables = {m.weight for m in model.modules() if isinstance(m, nn.Embedding)}
    for module in model.modules():
        if isinstance(module, nn.Linear) and module.weight not in tables:
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model


def gpt2_(model: nn.Module, layers: int, *, std: float = 0.02) -> nn.Module:
    r"""Draw all weights from a normal distribution, the residual ones smaller.

    .. math::

       w \sim N(0, \sigma^2), \qquad
       w_\text{residual} \sim N\bigl(0, \sigma^2 / 2N\bigr)

    N is the number of layers: 2N terms are added up in the residual stream, and so the
    sum keeps its size whatever the depth. Residual are the layers named `out_proj` and
    `linear2`. Biases are 0. The model is changed, and returned.

    Examples
    --------
    >>> from attn_course.nn import LanguageModel
    >>> model = gpt2_(LanguageModel(vocab=300, layers=8), layers=8)
    >>> block = model.blocks.layers[0]
    >>> for linear in (block.self_attn.q_proj, block.self_attn.out_proj):
    ...     print(f"{linear.weight.std().item():.3f}")
    0.020
    0.005
    """
    expect.counts("gpt2_", layers=layers)
    expect.positive("gpt2_", std=std)
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            residual = name.rpartition(".")[2] in WRITERS
            scale = (2 * layers) ** -0.5 if residual else 1.0
            nn.init.normal_(module.weight, std=std * scale)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    return model
