"""Yearly sunspot numbers, 1700 to 2008.

References
----------
Data set `sunspots` of statsmodels, "Yearly (1700-2008) data on sunspots from the
National Geophysical Data Center"; statsmodels states that it is public domain.
"""

import numpy as np
from jaxtyping import Float


def sunspots() -> tuple[Float[np.ndarray, " years"], Float[np.ndarray, " years"]]:
    """Return the years and the mean number of sunspots in each.

    Needs statsmodels, of which the data are a part; it is imported here and not
    before. Years are consecutive. New arrays come back at each call.

    Examples
    --------
    >>> years, numbers = sunspots()
    >>> len(years), int(years[0]), float(numbers[0])
    (309, 1700, 5.0)
    """
    from statsmodels.datasets import sunspots as source

    table = source.load_pandas().data
    return (
        table["YEAR"].to_numpy(dtype=float, copy=True),
        table["SUNACTIVITY"].to_numpy(dtype=float, copy=True),
    )
