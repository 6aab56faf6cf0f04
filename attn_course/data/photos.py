"""Two photographs in colour: a temple in China, and a flower.

References
----------
`china.jpg` by danielbuechele and `flower.jpg` by vultilion, both from Flickr and under
CC BY 2.0; a part of scikit-learn, whose folder `datasets/images` has the addresses. Its
readme names danielbuechele for both, but gives addresses of vultilion for the flower.
"""

import numpy as np
from jaxtyping import Float


def photos() -> dict[str, Float[np.ndarray, "rows columns colours"]]:
    """Return the photographs by name: red, green and blue from 0 to 1.

    Needs scikit-learn and Pillow, which are imported here and not before. New arrays
    come back at each call.

    Examples
    --------
    >>> {name: photo.shape for name, photo in photos().items()}
    {'china': (427, 640, 3), 'flower': (427, 640, 3)}
    """
    from sklearn.datasets import load_sample_image

    names = "china", "flower"
    return {name: load_sample_image(f"{name}.jpg") / 255 for name in names}
