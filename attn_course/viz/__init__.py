"""Figures: an Axes and arrays in, the Axes out; and the same figures in words."""

from .curves import curves as curves
from .curves import fit as fit
from .describe import describe_curves as describe_curves
from .describe import describe_path as describe_path
from .describe import describe_weights as describe_weights
from .heatmap import heatmap as heatmap
from .kill_matrix import describe_kill_matrix as describe_kill_matrix
from .kill_matrix import kill_matrix as kill_matrix
from .simplex import simplex as simplex
from .simplex import to_plane as to_plane
