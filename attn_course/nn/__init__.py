"""PyTorch modules, one concept a file: attention, and what is built of it.

Batch first. In every mask True means "may attend", and a mask broadcasts to
[batch, heads, queries, keys]; a query that may attend to nothing reads zeros. Modules
that are saved with `save` keep the arguments they were made with in `config`.
"""

from .attention import attention as attention
from .attention import masked_softmax as masked_softmax
from .bahdanau import BahdanauDecoder as BahdanauDecoder
from .block import DecoderBlock as DecoderBlock
from .block import EncoderBlock as EncoderBlock
from .configured import configured as configured
from .decoding import Hypothesis as Hypothesis
from .decoding import beam_search as beam_search
from .feed_forward import FeedForward as FeedForward
from .feed_forward import SwiGLU as SwiGLU
from .language_model import LanguageModel as LanguageModel
from .luong import LuongDecoder as LuongDecoder
from .masks import causal_mask as causal_mask
from .masks import padding_mask as padding_mask
from .masks import window_mask as window_mask
from .multihead import Cache as Cache
from .multihead import MultiHeadAttention as MultiHeadAttention
from .norms import LayerNorm as LayerNorm
from .norms import RMSNorm as RMSNorm
from .positions import Learned as Learned
from .positions import Sinusoidal as Sinusoidal
from .recurrent import BiLSTMEncoder as BiLSTMEncoder
from .recurrent import Encoded as Encoded
from .recurrent import GRUEncoder as GRUEncoder
from .relative import ALiBi as ALiBi
from .relative import RelativeBias as RelativeBias
from .rotary import Rotary as Rotary
from .sampling import sample as sample
from .sampling import top_k as top_k
from .sampling import top_p as top_p
from .seq2seq import RNNEncoderDecoder as RNNEncoderDecoder
from .seq2seq import Seq2Seq as Seq2Seq
from .stack import Decoder as Decoder
from .stack import Encoder as Encoder
from .summary import SummaryDecoder as SummaryDecoder
from .transformer import Transformer as Transformer
from .transformer import shift_right as shift_right
