"""What happened while a model was trained."""

from dataclasses import dataclass, field


@dataclass
class History:
    """Losses of a training run, in the order in which they came.

    `steps` has the mean loss of each update. `training` and `validation` have one mean
    over all items for each epoch; that of the training set is taken while the weights
    change, so it lags behind that of the validation set.

    Examples
    --------
    >>> history = History(validation=[3.0, 1.0, 2.0, 2.5])
    >>> history.best, history.stale
    (1, 2)
    """

    steps: list[float] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)

    @property
    def best(self) -> int | None:
        """The epoch with the lowest validation loss, the first of equals, from 0."""
        if not self.validation:
            return None
        return self.validation.index(min(self.validation))

    @property
    def stale(self) -> int:
        """How many epochs have gone by since the best one."""
        return 0 if self.best is None else len(self.validation) - 1 - self.best
