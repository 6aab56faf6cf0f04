"""NumPy reference implementations: stateless, one concept a file.

Leading axes are batches; float32 stays float32. In every mask True means "may
attend", and where nothing may be attended to the weights are zeros.
"""

from .attention import attend as attend
from .attention import dot_scores as dot_scores
from .entropy import entropy as entropy
from .kernel import gaussian_scores as gaussian_scores
from .kernel import leave_one_out_error as leave_one_out_error
from .kernel import nadaraya_watson as nadaraya_watson
from .softmax import log_softmax as log_softmax
from .softmax import logsumexp as logsumexp
from .softmax import softmax as softmax
from .training import Mean as Mean
from .training import best_epoch as best_epoch
from .training import split as split
