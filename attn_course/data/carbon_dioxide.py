"""Carbon dioxide in the air at Mauna Loa, week by week from 1958 to 2001.

References
----------
C. D. Keeling and T. P. Whorf, "Atmospheric CO2 concentrations derived from flask air
samples at sites in the SIO network", in "Trends: A Compendium of Data on Global
Change", Carbon Dioxide Information Analysis Center, 2004. Data set `co2` of
statsmodels, which states that it is public domain.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Shaped


class CarbonDioxide(NamedTuple):
    """Saturdays, parts per million, and whether they were measured or filled in.

    Examples
    --------
    >>> CarbonDioxide._fields
    ('weeks', 'ppm', 'measured')
    """

    weeks: Shaped[np.ndarray, " weeks"]
    ppm: Float[np.ndarray, " weeks"]
    measured: Bool[np.ndarray, " weeks"]


def carbon_dioxide() -> CarbonDioxide:
    """Return the 2,284 weeks, of which 59 were not measured.

    Needs statsmodels, which is imported here and not before. A week that was not
    measured gets a value on the straight line between its neighbours in time, and
    False in `measured`: leave it out of scores. That line knows the week after the gap,
    so a forecast that starts inside a gap would have seen the future. Weeks are in
    order, for a split by time.

    Examples
    --------
    >>> air = carbon_dioxide()
    >>> len(air.weeks), int((~air.measured).sum())
    (2284, 59)
    >>> str(air.weeks[0]), float(air.ppm[0])
    ('1958-03-29', 316.1)
    """
    from statsmodels.datasets import co2

    table = co2.load_pandas().data
    ppm = table["co2"].to_numpy(dtype=float, copy=True)
    weeks = table.index.to_numpy().astype("datetime64[D]")
    measured = ~np.isnan(ppm)
    days = weeks.astype(int)
    ppm[~measured] = np.interp(days[~measured], days[measured], ppm[measured])
    return CarbonDioxide(weeks, ppm, measured)
