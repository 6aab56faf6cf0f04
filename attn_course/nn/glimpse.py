r"""Recurrent glimpses: decide where to look, see only that, decide again; then answer.

Where to look is drawn, so the answer has no slope with respect to it. It is learnt by
REINFORCE, with a learnt baseline against the noise; all else by backpropagation. Here a
place is one of a grid, drawn from a softmax; in the paper it is drawn from a Gaussian
around a point, and the sensor sees the surroundings at coarser scales, too.

References
----------
V. Mnih, N. Heess, A. Graves and K. Kavukcuoglu, "Recurrent Models of Visual Attention",
NeurIPS 2014, section 3.
R. J. Williams, "Simple Statistical Gradient-Following Algorithms for Connectionist
Reinforcement Learning", Machine Learning 8, 229-256, 1992.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import nn
from torch.nn import functional

from attn_course.nn import expect
from attn_course.nn.configured import configured

Images = Float[torch.Tensor, "batch rows columns"]
Steps = Float[torch.Tensor, "batch glimpses"]
Places = Int[torch.Tensor, "batch glimpses"]


class Glimpsed(NamedTuple):
    """The answer, and for each glimpse its place, log-probability and expected reward.

    Examples
    --------
    >>> Glimpsed._fields
    ('logits', 'places', 'log_probabilities', 'baselines')
    """

    logits: Float[torch.Tensor, "batch classes"]
    places: Places
    log_probabilities: Steps
    baselines: Steps


class GlimpseModel(nn.Module):
    r"""See an image through a small window, a few times.

    .. math::

       l_t \sim \operatorname{softmax}(W_l h_{t-1}), \qquad
       h_t = \operatorname{ReLU}(W_h h_{t-1} + W_g \, g(x_{l_t}, l_t)), \qquad
       b_t = W_b h_{t-1}

    The logits are read off the last state. The baseline of a step does not know its
    place, and so does not bias the gradient.

    Parameters
    ----------
    side, crop
        Pixels of a side of the image, and of the window.
    classes, hidden, glimpses
        Answers, entries of the state, and looks at each image.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> model = GlimpseModel(side=8, crop=3, classes=10, hidden=16, glimpses=4)
    >>> seen = model(torch.rand(2, 8, 8))
    >>> seen.logits.shape, seen.places.shape, model.places
    (torch.Size([2, 10]), torch.Size([2, 4]), 36)
    """

    @configured
    def __init__(
        self, side: int, crop: int, classes: int, *, hidden: int = 64, glimpses: int = 5
    ):
        super().__init__()
        sizes = dict(side=side, crop=crop, classes=classes, hidden=hidden)
        expect.counts("GlimpseModel", glimpses=glimpses, **sizes)
        expect.room("GlimpseModel", side, crop)
        self.side, self.crop, self.glimpses = side, crop, glimpses
        self.across = side - crop + 1  # places of the window, from left to right
        self.places = self.across**2
        self.what = nn.Linear(crop**2, hidden)
        self.where = nn.Linear(2, hidden)
        self.glimpse = nn.Linear(hidden, hidden)
        self.core = nn.Linear(hidden, hidden)
        self.location = nn.Linear(hidden, self.places)
        self.baseline = nn.Linear(hidden, 1)
        self.answer = nn.Linear(hidden, classes)

    def forward(
        self,
        images: Images,
        places: Places | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> Glimpsed:
        """Look and answer; at the given places, or at places that are drawn.

        Place n has the upper left corner of the window in row ``n // across`` and
        column ``n % across``.
        """
        self._check(images, places)
        windows = images.unfold(1, self.crop, 1).unfold(2, self.crop, 1)
        windows = windows.flatten(3).flatten(1, 2)  # [batch, places, pixels]
        state = windows.new_zeros(len(images), self.core.in_features)
        steps = []
        for step in range(self.glimpses):
            log_shares = self.location(state).log_softmax(dim=-1)
            if places is None:
                shares = log_shares.detach().exp()
                place = torch.multinomial(shares, 1, generator=generator)
            else:
                place = places[:, step, None]
            expected = self.baseline(state.detach())
            steps.append((place, log_shares.gather(1, place), expected))
            pixels = windows.take_along_dim(place[..., None], dim=1)[:, 0]
            state = torch.relu(self.core(state) + self._glimpse(pixels, place))
        parts = (torch.cat(part, dim=1) for part in zip(*steps, strict=True))
        return Glimpsed(self.answer(state), *parts)

    def _glimpse(self, pixels, place):
        """Return what was seen, and where, as one vector."""
        corner = torch.cat([place // self.across, place % self.across], dim=1)
        centred = 2 * corner.to(pixels.dtype) / max(1, self.across - 1) - 1
        return self.glimpse(torch.relu(self.what(pixels) + self.where(centred)))

    def _check(self, images, places):
        if images.ndim != 3 or images.shape[1:] != (self.side, self.side):
            raise ValueError(
                f"GlimpseModel: wanted images of shape (batch, {self.side}, "
                f"{self.side}), got {tuple(images.shape)}"
            )
        wanted = len(images), self.glimpses
        if places is not None and (
            places.shape != wanted
            or places.dtype != torch.long
            or not ((places >= 0) & (places < self.places)).all()
        ):
            raise ValueError(
                f"GlimpseModel: wanted places from 0 to {self.places - 1} of shape "
                f"{wanted} and dtype torch.int64, got {tuple(places.shape)} and "
                f"{places.dtype}"
            )


class GlimpseLoss(NamedTuple):
    """What is minimised, its three parts, and the reward, means over the batch.

    Examples
    --------
    >>> GlimpseLoss._fields
    ('total', 'classification', 'policy', 'baseline', 'reward')
    """

    total: Float[torch.Tensor, ""]
    classification: Float[torch.Tensor, ""]
    policy: Float[torch.Tensor, ""]
    baseline: Float[torch.Tensor, ""]
    reward: Float[torch.Tensor, ""]


def glimpse_loss(seen: Glimpsed, labels: Int[torch.Tensor, " batch"]) -> GlimpseLoss:
    r"""Return the loss whose gradient trains all parts of a `GlimpseModel` at once.

    .. math::

       -\log p(y) - \sum_t (R - b_t) \log \pi(l_t) + \sum_t (R - b_t)^2

    R is 1 for a right answer and 0 for a wrong one. In the second term R - b is a
    number, without a gradient: the value of that term means nothing, and its gradient
    is an unbiased estimate of that of the expected reward, with a minus.

    Examples
    --------
    >>> import torch
    >>> model = GlimpseModel(side=4, crop=3, classes=2, hidden=5, glimpses=2)
    >>> loss = glimpse_loss(model(torch.rand(3, 4, 4)), torch.tensor([0, 1, 1]))
    >>> loss.total.backward()
    """
    if labels.shape != seen.logits.shape[:1]:
        raise ValueError(
            f"glimpse_loss: wanted one label for each of {len(seen.logits)} images, "
            f"got shape {tuple(labels.shape)}"
        )
    rewards = (seen.logits.argmax(dim=-1) == labels).to(seen.logits.dtype)[:, None]
    surprise = rewards - seen.baselines
    classification = functional.cross_entropy(seen.logits, labels)
    policy = -(surprise.detach() * seen.log_probabilities).sum(dim=1).mean()
    baseline = surprise.square().sum(dim=1).mean()
    total = classification + policy + baseline
    return GlimpseLoss(total, classification, policy, baseline, rewards.mean())
