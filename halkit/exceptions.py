"""The warnings that halkit raises on its own account.

A fit that stops before it has converged raises scikit-learn's own
:class:`sklearn.exceptions.ConvergenceWarning`.
"""

__all__ = [
    "AccuracyWarning",
    "IntegrityWarning",
    "OverfitWarning",
    "PriorWarning",
    "UnderdeterminedWarning",
]


class AccuracyWarning(UserWarning):
    """A number may be less accurate than asked for; the message says what to change."""


class IntegrityWarning(UserWarning):
    """A file has no digest: damage may have changed its numbers unnoticed."""


class OverfitWarning(UserWarning):
    """A potential describes its data by a state that the data do not hold."""


class PriorWarning(UserWarning):
    """A prior moves a number by more than its error; the message says what to change."""


class UnderdeterminedWarning(UserWarning):
    """The data cannot tell apart the parts of the potential that were asked for."""
