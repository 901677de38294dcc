"""The catalogue of causes, by the part of a network where they stand. The ids are those of the survey of causes."""

from reports.diagnosis.causes import activations, dense, losses, optimizers
from reports.diagnosis.place import Cause

CAUSES: tuple[Cause, ...] = dense.CAUSES + activations.CAUSES + losses.CAUSES + optimizers.CAUSES
