"""NumPy reference implementations: stateless, one concept a file.

Leading axes are batches; float32 stays float32. In every mask True means "may
attend", and where nothing may be attended to the weights are zeros.
"""

from .adaptive_span import span_attend as span_attend
from .adaptive_span import span_mask as span_mask
from .attention import attend as attend
from .band import window_attend as window_attend
from .block_sparse import block_layout as block_layout
from .block_sparse import block_sparse_attend as block_sparse_attend
from .block_sparse import expand_layout as expand_layout
from .cells import CellWeights as CellWeights
from .cells import gru_cell as gru_cell
from .cells import lstm_cell as lstm_cell
from .cells import rnn_cell as rnn_cell
from .entropy import entropy as entropy
from .gated import gate_output as gate_output
from .gated import gated_pool as gated_pool
from .gumbel import gumbel_noise as gumbel_noise
from .gumbel import gumbel_softmax as gumbel_softmax
from .hard import argmax_read as argmax_read
from .hard import draw as draw
from .hard import sampled_read as sampled_read
from .hard import straight_through as straight_through
from .hard import straight_through_gradient as straight_through_gradient
from .hierarchical import Pool as Pool
from .hierarchical import attention_pool as attention_pool
from .hierarchical import count_pairs as count_pairs
from .hierarchical import hierarchical_pool as hierarchical_pool
from .kernel import gaussian_scores as gaussian_scores
from .kernel import leave_one_out_error as leave_one_out_error
from .kernel import nadaraya_watson as nadaraya_watson
from .linear import LinearState as LinearState
from .linear import elu1 as elu1
from .linear import linear_attend as linear_attend
from .linear import linear_attend_recurrent as linear_attend_recurrent
from .local import gaussian_window as gaussian_window
from .local import local_m_mask as local_m_mask
from .local import local_p_attend as local_p_attend
from .local import local_p_mask as local_p_mask
from .local import predicted_centres as predicted_centres
from .recurrent import bidirectional as bidirectional
from .recurrent import run as run
from .recurrent_gradients import jacobian_norms as jacobian_norms
from .recurrent_gradients import spectral_radius as spectral_radius
from .recurrent_gradients import step_jacobians as step_jacobians
from .recurrent_gradients import with_spectral_radius as with_spectral_radius
from .reinforce import expected_gradient as expected_gradient
from .reinforce import log_probability_gradient as log_probability_gradient
from .reinforce import reinforce_gradient as reinforce_gradient
from .scores import dot_scores as dot_scores
from .segment_memory import extend_memory as extend_memory
from .segment_memory import relative_shift as relative_shift
from .segment_memory import xl_attend as xl_attend
from .segment_memory import xl_scores as xl_scores
from .sentinel import sentinel_attend as sentinel_attend
from .sentinel import softmax_off_by_one as softmax_off_by_one
from .softmax import log_softmax as log_softmax
from .softmax import logsumexp as logsumexp
from .softmax import softmax as softmax
from .training import Mean as Mean
from .training import best_epoch as best_epoch
from .training import split as split
