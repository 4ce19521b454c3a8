"""The warnings of halkit.

A fit that stops before convergence warns with scikit-learn's
:class:`sklearn.exceptions.ConvergenceWarning`.
"""

__all__ = [
    "AccuracyWarning",
    "ImaginaryPartWarning",
    "IntegrityWarning",
    "MisfitWarning",
    "OverfitWarning",
    "PriorWarning",
    "UnderdeterminedWarning",
    "VersionWarning",
]


class AccuracyWarning(UserWarning):
    """A result may be less accurate than requested; the message says what to change."""


class ImaginaryPartWarning(UserWarning):
    """An imaginary part was dropped, because it is zero within its error."""


class IntegrityWarning(UserWarning):
    """A file has no digest, so damage to its numbers would go unnoticed."""


class MisfitWarning(UserWarning):
    """The fit does not describe its data; the message says what to change."""


class OverfitWarning(UserWarning):
    """The fit has a bound state that the data do not support."""


class PriorWarning(UserWarning):
    """A prior moves a number by more than its error; the message says what to change."""


class UnderdeterminedWarning(UserWarning):
    """The data do not determine all the requested parts of the potential."""


class VersionWarning(UserWarning):
    """A model was kept by another version of halkit or scikit-learn; its numbers may differ."""
