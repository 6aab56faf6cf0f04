"""What a module was made with, kept as plain data, so that it can be made again."""

import functools
import inspect
from collections.abc import Callable


def configured(init: Callable) -> Callable:
    """Decorate `__init__` so that the module keeps its arguments in `config`.

    Defaults are written out, and keywords gathered by ``**options`` stand beside the
    others. What is kept is what was given: to be saved, it must be numbers, strings,
    None, lists or dicts of those, or modules that are themselves configured.

    Examples
    --------
    >>> from torch import nn
    >>> class Double(nn.Module):
    ...     @configured
    ...     def __init__(self, width, *, bias=True, **options):
    ...         super().__init__()
    >>> Double(3, slope=0.5).config
    {'width': 3, 'bias': True, 'slope': 0.5}
    """
    signature = inspect.signature(init)
    gathered = [
        p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD
    ]

    @functools.wraps(init)
    def keeping(self, *args, **kwargs):
        init(self, *args, **kwargs)
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        arguments = dict(list(bound.arguments.items())[1:])  # without self
        for name in gathered:
            arguments |= arguments.pop(name)
        object.__setattr__(self, "config", arguments)

    return keeping
