"""Vision Transformer: patches, the class token, and what positions are for."""

import numpy as np
import pytest
import torch
from torch.nn import functional

import attn_course.functional as numpy_side
from attn_course.nn import VisionTransformer, patchify

torch.manual_seed(0)
IMAGES = torch.rand(3, 6, 6, 2, dtype=torch.float64)  # 9 patches of 2 by 2, 2 colours
MODEL = VisionTransformer(
    side=6, patch=2, classes=5, colours=2, model=8, heads=2, layers=2
).double()
EXACT = {"rtol": 1e-12, "atol": 1e-14}


def test_patches_are_those_of_numpy():
    images = torch.rand(3, 6, 8, 2, dtype=torch.float64)
    wanted = numpy_side.patchify(images.numpy(), 2)
    np.testing.assert_array_equal(patchify(images, 2).numpy(), wanted)


def test_patches_and_their_layer_are_a_convolution_that_steps_a_patch():
    weight = MODEL.embed.weight.view(8, 2, 2, 2)  # [model, rows, columns, colours]
    maps = functional.conv2d(
        IMAGES.permute(0, 3, 1, 2), weight.permute(0, 3, 1, 2), MODEL.embed.bias, 2
    )
    rows = MODEL.embed(patchify(IMAGES, 2))
    torch.testing.assert_close(rows, maps.flatten(2).mT, **EXACT)


def test_the_order_of_patches_matters_through_positions_alone():
    order = torch.randperm(9)
    places = torch.cat([torch.zeros(1, dtype=torch.long), order + 1])
    rows = patchify(IMAGES, 2)[:, order]
    grid = rows.view(3, 3, 3, 2, 2, 2).transpose(2, 3)
    mixed = grid.reshape(3, 6, 6, 2)
    assert (MODEL(mixed) - MODEL(IMAGES)).abs().max() > 1e-6
    moved = VisionTransformer(**MODEL.config).double()
    moved.load_state_dict(MODEL.state_dict())
    with torch.no_grad():
        moved.positions.weight.copy_(MODEL.positions.weight[places])
    torch.testing.assert_close(moved(mixed), MODEL(IMAGES), **EXACT)


def test_the_answer_is_read_off_the_class_token():
    rows = MODEL.encode(IMAGES)
    assert rows.shape == (3, 10, 8)
    torch.testing.assert_close(MODEL(IMAGES), MODEL.head(rows[:, 0]), **EXACT)


def test_every_pixel_can_change_the_answer():
    images = IMAGES.clone().requires_grad_()
    MODEL(images).square().sum().backward()
    assert (images.grad != 0).all()


def test_images_of_a_batch_do_not_see_each_other():
    torch.testing.assert_close(MODEL(IMAGES)[1:2], MODEL(IMAGES[1:2]), **EXACT)


def test_saved_and_read_it_gives_the_same_logits():
    torch.manual_seed(5)
    other = VisionTransformer(**MODEL.config).double()
    assert not torch.equal(other(IMAGES), MODEL(IMAGES))
    other.load_state_dict(MODEL.state_dict())
    assert torch.equal(other(IMAGES), MODEL(IMAGES))


def test_it_learns_a_few_images():
    torch.manual_seed(0)
    model = VisionTransformer(side=6, patch=3, classes=4, model=16, heads=2)
    images, labels = torch.rand(8, 6, 6, 1), torch.arange(8) % 4
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(40):
        loss = functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize("shape", [(3, 6, 6), (3, 6, 8, 2), (3, 6, 6, 1), (6, 6, 2)])
def test_refuses_images_of_another_shape(shape):
    with pytest.raises(
        ValueError, match=r"wanted images of shape \('batch', 6, 6, 2\)"
    ):
        MODEL(torch.zeros(shape, dtype=torch.float64))


def test_refuses_patches_that_do_not_fill_the_side():
    with pytest.raises(ValueError, match="a side that falls into 4 pixels a patch"):
        VisionTransformer(side=6, patch=4, classes=5)
    with pytest.raises(ValueError, match="a side that falls into 4 pixels a patch"):
        patchify(IMAGES, 4)
    with pytest.raises(ValueError, match="wanted images of shape"):
        patchify(IMAGES[0], 2)
    with pytest.raises(ValueError, match="wanted classes as a whole number"):
        VisionTransformer(side=6, patch=2, classes=0)
