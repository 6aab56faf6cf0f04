"""The sunspots: the facts that the page builds on."""

import subprocess
import sys

import numpy as np

from attn_course.data import sunspots


def test_every_year_is_there_once():
    years, numbers = sunspots()
    np.testing.assert_array_equal(years, np.arange(1700, 2009))
    assert numbers.shape == years.shape
    assert years.dtype == numbers.dtype == np.float64


def test_the_record_year_is_1957():
    years, numbers = sunspots()
    assert years[numbers.argmax()] == 1957
    assert numbers.max() == 190.2
    assert numbers.min() == 0


def test_writing_into_one_copy_leaves_the_next_alone():
    sunspots()[1][:] = -1
    assert (sunspots()[1] >= 0).all()


def test_importing_the_loader_does_not_import_statsmodels():
    code = "import attn_course.data, sys; sys.exit('statsmodels' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
