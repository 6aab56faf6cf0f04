"""Glimpses: nothing is seen beside the windows, and the gradient is unbiased."""

import itertools

import pytest
import torch

from attn_course.nn import GlimpseModel, glimpse_loss

torch.manual_seed(0)
IMAGES = torch.rand(5, 4, 4, dtype=torch.float64)
LABELS = torch.tensor([0, 2, 1, 1, 0])
MODEL = GlimpseModel(side=4, crop=3, classes=3, hidden=7, glimpses=2).double()
EXACT = {"rtol": 1e-10, "atol": 1e-13}


def test_steps_are_those_of_the_formulas():
    places = torch.randint(4, (5, 2))
    seen = MODEL(IMAGES, places)
    for n in range(5):
        state = torch.zeros(7, dtype=torch.float64)
        for step, place in enumerate(places[n].tolist()):
            shares = MODEL.location(state).softmax(dim=0)
            got = seen.log_probabilities[n, step]
            torch.testing.assert_close(got, shares[place].log(), **EXACT)
            torch.testing.assert_close(
                seen.baselines[n, step], MODEL.baseline(state)[0], **EXACT
            )
            row, column = divmod(place, 2)
            window = IMAGES[n, row : row + 3, column : column + 3].flatten()
            where = torch.tensor([2 * row - 1, 2 * column - 1]).double()
            both = MODEL.what(window) + MODEL.where(where)
            state = torch.relu(MODEL.core(state) + MODEL.glimpse(both.clamp(min=0)))
        torch.testing.assert_close(seen.logits[n], MODEL.answer(state), **EXACT)


def test_pixels_outside_the_windows_do_not_matter():
    torch.manual_seed(0)
    model = GlimpseModel(side=8, crop=3, classes=10, hidden=32, glimpses=2).double()
    images = torch.rand(1, 8, 8, dtype=torch.float64)
    places = torch.tensor([[0, 6 * 2 + 3]])  # upper left; row 2, column 3
    covered = torch.zeros(8, 8, dtype=torch.bool)
    covered[0:3, 0:3] = covered[2:5, 3:6] = True
    other = torch.where(covered, images, torch.rand(8, 8, dtype=torch.float64))
    assert torch.equal(model(other, places).logits, model(images, places).logits)
    image = images.clone().requires_grad_()
    model(image, places).logits.square().sum().backward()
    assert ((image.grad[0] != 0) == covered).all()


def test_what_comes_first_knows_nothing_of_the_image():
    seen, other = MODEL(IMAGES), MODEL(1 - IMAGES)
    assert torch.equal(seen.baselines[:, 0], other.baselines[:, 0])
    shares = MODEL.location(torch.zeros(7, dtype=torch.float64)).log_softmax(0)
    torch.testing.assert_close(
        seen.log_probabilities[:, 0], shares[seen.places[:, 0]], **EXACT
    )


def test_places_are_drawn_as_often_as_their_probability_says():
    with torch.no_grad():
        many = IMAGES[:1].expand(20_000, -1, -1)
        generator = torch.Generator().manual_seed(0)
        first = MODEL(many, generator=generator).places[:, 0]
        shares = MODEL.location(torch.zeros(7, dtype=torch.float64)).softmax(0)
    counts = first.bincount(minlength=4) / 20_000
    torch.testing.assert_close(counts.double(), shares, rtol=0, atol=0.015)  # 4 sigma


def test_one_seed_gives_one_draw():
    first, again = (
        MODEL(IMAGES, generator=torch.Generator().manual_seed(3)).places
        for _ in range(2)
    )
    assert torch.equal(first, again)


def test_the_policy_gradient_is_that_of_the_expected_reward():
    """All 16 pairs of places, weighed by how likely they are: no sampling error."""
    torch.manual_seed(3)
    model = GlimpseModel(**MODEL.config).double()  # any baseline will do
    images, layer = 9 * torch.randn(5, 4, 4, dtype=torch.float64), model.location.weight
    expected_reward, estimate = 0, 0
    for pair in itertools.product(range(4), repeat=2):
        places = torch.tensor([pair] * 5)
        seen = model(images, places)
        loss = glimpse_loss(seen, LABELS)
        right = (seen.logits.argmax(dim=1) == LABELS).double()
        likely = seen.log_probabilities.sum(dim=1).exp()
        expected_reward = expected_reward + (likely * right).mean()
        surprise = right[:, None] - seen.baselines.detach()
        alone = -(surprise * seen.log_probabilities).sum(dim=1)
        torch.testing.assert_close(alone.mean(), loss.policy, **EXACT)
        estimate = (
            estimate
            + torch.autograd.grad(
                (likely.detach() * alone).mean(), layer, retain_graph=True
            )[0]
        )
    wanted = -torch.autograd.grad(expected_reward, layer)[0]
    assert wanted.abs().max() > 1e-3
    torch.testing.assert_close(estimate, wanted, **EXACT)


def test_each_part_of_the_loss_trains_what_it_should():
    def touched(part):
        loss = glimpse_loss(MODEL(IMAGES), LABELS)
        MODEL.zero_grad(set_to_none=True)
        getattr(loss, part).backward()
        return {
            name.split(".")[0]
            for name, weight in MODEL.named_parameters()
            if weight.grad is not None
        }

    assert touched("baseline") == {"baseline"}
    assert "location" not in touched("classification")
    assert "location" in touched("policy")
    assert "baseline" not in touched("policy")
    assert touched("total") == {name for name, _ in MODEL.named_children()}


def test_the_total_is_the_sum_and_the_reward_the_share_of_right_answers():
    seen = MODEL(IMAGES)
    loss = glimpse_loss(seen, LABELS)
    parts = loss.classification + loss.policy + loss.baseline
    torch.testing.assert_close(loss.total, parts, **EXACT)
    right = (seen.logits.argmax(dim=1) == LABELS).double().mean()
    torch.testing.assert_close(loss.reward, right, **EXACT)


def test_it_learns_where_to_look():
    """Only the lower right corner tells the two classes apart."""
    torch.manual_seed(0)
    model = GlimpseModel(side=6, crop=2, classes=2, hidden=16, glimpses=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    rewards = []
    for _ in range(250):
        labels = torch.randint(2, (64,))
        images = torch.zeros(64, 6, 6)
        images[:, 4:, 4:] = labels[:, None, None] * 2.0 - 1
        loss = glimpse_loss(model(images), labels)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        rewards.append(loss.reward.item())
    assert sum(rewards[:10]) / 10 < 0.75
    assert sum(rewards[-10:]) / 10 > 0.95


def test_saved_and_read_it_gives_the_same_logits():
    places = torch.randint(4, (5, 2))
    other = GlimpseModel(**MODEL.config).double()
    other.load_state_dict(MODEL.state_dict())
    assert torch.equal(other(IMAGES, places).logits, MODEL(IMAGES, places).logits)


@pytest.mark.parametrize(
    ("images", "places", "message"),
    [
        (IMAGES[:, :3], None, r"images of shape \(batch, 4, 4\), got \(5, 3, 4\)"),
        (IMAGES[0], None, "images of shape"),
        (IMAGES, torch.full((5, 2), 4), "places from 0 to 3"),
        (IMAGES, torch.full((5, 2), -1), "places from 0 to 3"),
        (IMAGES, torch.zeros(5, 3).long(), r"of shape \(5, 2\)"),
        (IMAGES, torch.zeros(5, 2), "dtype torch.int64, got .* torch.float32"),
    ],
)
def test_refuses_images_and_places_that_do_not_fit(images, places, message):
    with pytest.raises(ValueError, match=f"GlimpseModel: wanted .*{message}"):
        MODEL(images, places)


def test_refuses_windows_and_labels_that_do_not_fit():
    with pytest.raises(ValueError, match="GlimpseModel: wanted at most 4"):
        GlimpseModel(side=4, crop=5, classes=3)
    with pytest.raises(ValueError, match="one label for each of 5 images, got shape"):
        glimpse_loss(MODEL(IMAGES), LABELS[:4])
