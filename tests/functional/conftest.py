"""What judges a backward pass: finite differences, and the autograd of PyTorch."""

import numpy as np
import pytest
import torch

from attn_course.functional import numerical_gradient, relative_error


@pytest.fixture(scope="session")
def check_backward():
    """Check that a backward pass agrees with both judges, argument by argument."""

    def check(forward, backward, theirs, *arrays):
        output = forward(*arrays)
        upstream = np.random.default_rng(1).normal(size=np.shape(output))
        ours = backward(upstream, *arrays)
        ours = ours if isinstance(ours, tuple) else (ours,)
        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        value = theirs(*tensors)
        np.testing.assert_allclose(output, value.detach(), rtol=1e-10, atol=1e-12)
        value.backward(torch.tensor(upstream))
        for i, (got, tensor) in enumerate(zip(ours, tensors, strict=True)):

            def loss(array, i=i):
                changed = (*arrays[:i], array, *arrays[i + 1 :])
                return (upstream * forward(*changed)).sum()

            assert got.shape == arrays[i].shape
            slope = numerical_gradient(loss, arrays[i])
            zero = abs(got - slope).max(initial=0) < 1e-9  # where all is rounding
            assert zero or relative_error(got, slope) < 1e-6
            np.testing.assert_allclose(got, tensor.grad, rtol=1e-10, atol=1e-12)

    return check
