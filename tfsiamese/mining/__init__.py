"""Encoder + pairs -> harder pairs."""

from tfsiamese.mining.hard_negatives import mine_hard_negatives
from tfsiamese.mining.mined import MinedNegatives
from tfsiamese.mining.settings import MiningSettings

__all__ = ["MinedNegatives", "MiningSettings", "mine_hard_negatives"]
