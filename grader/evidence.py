"""The evidence: what a rubric looks at, taken from the names of a notebook, each thing worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, LearningCurves
from dropnorm.language import _
from grader import trained
from grader.bands import Band, band
from grader.criteria.class_loss import is_cross_entropy, takes_rows
from grader.criteria.layout import BENDING, Alignment, Layout, align
from grader.facts import ModelFacts
from grader.fit_settings import SETTINGS, Given, read
from grader.other_names import model_of_another_name
from grader.prepared import Data, difference, found_in, one_hot
from grader.retraining import Stop, ended, retrained
from grader.runs import losses_alone
from grader.spec import ModelSpec
from grader.spec_rules import LOGITS

LOSSES = (LOGGED, AT_INFERENCE, trained.VALIDATION)


@dataclass(eq=False)
class Evidence:
    """What is judged.

    Attributes:
        exercise: the exercise's declaration.
        names: the notebook's names (IPython's user namespace), as found; never changed.
        error: the exception of the cell that should have made what is judged, or None.
        compile_error: the exception of the cell that should have compiled the model, or None.
        fit_error: the exception of the cell that should have trained it, where that is another cell, or None.
    """

    exercise: Any
    names: Mapping[str, Any]
    error: BaseException | None = None
    compile_error: BaseException | None = None
    fit_error: BaseException | None = None

    @classmethod
    def of(cls, exercise: str, names: Mapping[str, Any], *errors: BaseException | None) -> Evidence:
        """The evidence for an exercise by its name (``spotify_model``). Raises KeyError for an unknown one."""
        from grader.exercises import EXERCISES  # the exercises' criteria look at evidence: only here the circle closes

        return cls(EXERCISES[exercise], names, *errors)

    @property
    def model(self) -> Any:
        """What the model's name holds, or None."""
        return self.answer(self.exercise.model_name)

    def answer(self, name: str) -> Any:
        """What a name holds, or None; the three dots of a template are nothing, either."""
        value = self.names.get(name)
        return None if value is ... else value

    @property
    def history(self) -> Any:
        """What the history's name holds, or None."""
        return self.names.get(self.exercise.history_name)

    # What follows up to `data`, with `facts`, `told`, `series`, `steps_taken`, `labels` and what was found of the rows,
    # is all that a criterion is told of the notebook: values that `grader.account` can write down.

    @property
    def has_model(self) -> bool:
        """Whether the model's name holds anything."""
        return self.model is not None

    @property
    def has_history(self) -> bool:
        """Whether the history's name holds anything."""
        return self.history is not None

    def knows(self, name: str) -> bool:
        """Whether the notebook has such a name, whatever it holds."""
        return name in self.names

    def holds(self, name: str) -> bool:
        """Whether a name holds anything."""
        return self.answer(name) is not None

    @property
    def history_kind(self) -> str:
        """The type of what the history's name holds."""
        return type(self.history).__name__

    @property
    def history_of_another(self) -> str | None:
        """Where the history is that of another model, its name or nothing; None where it is the model's own."""
        told = self.told
        if told is None or told.model is None or told.model is self.model:
            return None
        names = (name for name, value in self.names.items() if value is told.model and not name.startswith("_"))
        return next(names, "")

    @cached_property
    def given(self) -> Given:
        """What the settings for `fit` say."""
        return read(self.answer(SETTINGS), self.reference.fit)

    @property
    def loss_given(self) -> str:
        """A loss that is none of Keras', in words."""
        given = getattr(self.model, "loss", None)
        if type(given).__module__.startswith("keras.") and hasattr(given, "get_config"):
            return _("{loss}, with settings of your own").format(loss=given.name.replace("_", " "))
        if isinstance(given, str):
            return _("`{loss}`, which is none of Keras' losses").format(loss=given)
        return _("one of your own")

    @property
    def bias_given_as_text(self) -> str | None:
        """The text that a layer was given for the switch of its bias, as it was written, or None."""
        given = (getattr(layer, "use_bias", None) for layer in self.model._flatten_layers())
        return next((repr(each) for each in given if isinstance(each, str)), None)

    def model_of_another_name(self) -> str | None:
        """The name of a Keras model that the notebook neither makes nor asks for elsewhere, or None."""
        return model_of_another_name(self.names, self.exercise)

    @cached_property
    def data(self) -> Data:
        """The exercise's own split, from the data set itself. Raises DataError."""
        return self.exercise.data()

    @cached_property
    def facts(self) -> ModelFacts:
        """What the model does. Raises ObservationError where the name holds nothing that can be looked at."""
        from grader.tracing import observe  # imports TensorFlow

        return observe(self.model, self.data.X_train)

    @property
    def reference(self) -> ModelSpec:
        """The network and the training that the exercise asks for."""
        return self.exercise.reference

    @cached_property
    def alignment(self) -> Alignment:
        """The model's layers beside the reference's."""
        return align(Layout.of(self.reference.operations), Layout.of(self.facts.operations))

    @cached_property
    def told(self) -> trained.History | None:
        """What the history tells, or None where it is nothing that could hold curves."""
        return trained.read_history(self.history)

    @cached_property
    def notebook_data(self) -> Data | None:
        """The notebook's own split, or None where it is not there."""
        return found_in(self.names, self.data, self.exercise.arrays)

    @cached_property
    def data_difference(self) -> str | None:
        """The misconception in how the notebook prepared its data, or None."""
        return None if self.notebook_data is None else difference(self.data, self.notebook_data)

    @cached_property
    def validated_on(self) -> str | None:
        """The part on which the validation losses were taken: ``validation``, ``training``, ``split 0.2``, or None.

        The parts are the notebook's own; where they differ from the exercise's, both count by the same names.
        """
        if self.told is None or self.facts.compiled is None:
            return None
        own = self.notebook_data or self.data
        parts = own.parts
        if self.data_difference:
            parts = {**{f"{name} ": part for name, part in parts.items()}, **self.data.parts}
        parts = {**parts, **trained.tails(trained.steps_counted(self.told, self.model), own.X_train, own.y_train)}
        found = trained.evaluated_on(self.told, self.model, parts, self._loss_compiled)
        # Perhaps compiled anew with another loss than the exercise's, in which it trained. And where softmax meets a
        # loss that expects scores, Keras finds the scores in `fit`, and not always afterwards.
        if found is None and (self.compiled_anew or (self.ends_in_softmax and LOGITS in self.facts.compiled.loss)):
            found = trained.evaluated_on(self.told, self.model, parts, self._loss_asked)
        found = (found or "").strip()
        if self.trained_further and found != "validation":
            return None  # the losses are not those of the model as it is now: agreement would be chance
        return found or None

    @cached_property
    def penalty(self) -> float:
        """What regularizers add to each logged loss, by the weights at the end; 0 where nothing or no number is."""
        added = trained.penalty(self.model) if self.facts.penalized else 0.0
        return added if np.isfinite(added) else 0.0

    @cached_property
    def trained_further(self) -> bool:
        """Whether the optimizer took more steps than the history tells of."""
        told, steps = self.told, self.steps_taken
        return bool(steps and told and told.steps and steps > told.steps * told.epochs)

    @property
    def trained_before(self) -> tuple[str, ...]:
        """With what the model was trained before it was compiled as it is now, as far as that was noted; each once."""
        from dropnorm.training import trained_with  # imports TensorFlow

        noted = trained_with(self.model)
        return tuple(dict.fromkeys(noted[:-1])) if self.steps_taken else ()

    @property
    def compiled_anew(self) -> bool:
        """Whether the optimizer has taken no step, though the history tells of some."""
        return self.told is not None and self.told.epochs > 0 and self.steps_taken == 0

    @property
    def steps_taken(self) -> int | None:
        """How many steps the model's optimizer has taken since it was compiled; None where there is none."""
        return trained.iterations(self.model)

    @cached_property
    def trained_as_told(self) -> bool:
        """Whether curves that are no longer a History's may be this model's: whole epochs, and a loss that is found.

        The validation loss is found on one of the parts, or the training loss at inference is that of the model now.
        Where there is no validation loss, or none that is a number, the optimizer's whole epochs must do.
        """
        if trained.steps_counted(self.told, self.model) is None:
            return self.validated_on is not None
        validation = self.told.series.get(trained.VALIDATION, np.array([]))
        if not np.isfinite(validation).any() or self.validated_on is not None:
            return True
        own = self.notebook_data or self.data
        return trained.measured_at_inference(self.told, self.model, own.X_train, own.y_train)

    @cached_property
    def losses_now(self) -> tuple[float, float]:
        """The exercise's loss of the model as it is now, on the training part and on the validation part."""
        data = self.notebook_data if self.data_difference else self.data
        return tuple(self._loss_asked(self.model, *data.parts[part]) for part in ("training", "validation"))

    def _loss_asked(self, model: Any, X: np.ndarray, y: np.ndarray) -> float:
        """The loss in which the exercise's curves are, at inference: the mean absolute error, or the cross-entropy."""
        if not self.data.kinds:
            return trained.mean_absolute_error(model, X, y)
        return trained.cross_entropy(model, X, y, scores=not self.output_functions)

    def _loss_compiled(self, model: Any, X: np.ndarray, y: np.ndarray) -> float:
        """The loss that the model is compiled with, of labels in the form that it takes."""
        one_unit_a_kind = self.facts.shapes[:1] == ((self.data.kinds,),)
        if self.data.kinds and one_unit_a_kind and takes_rows(self.facts.compiled.loss):
            y = np.eye(self.data.kinds, dtype=np.float32)[np.asarray(y).astype(int)]
        return trained.compiled_loss(model, X, y)

    @property
    def output_functions(self) -> tuple[str, ...]:
        """The activations behind the last Dense layer."""
        return tuple(step.settings.get("function", "") for step in self.alignment.seen.places[-1].of(*BENDING))

    @property
    def ends_in_softmax(self) -> bool:
        """Whether the last thing that the network does to its output is a softmax."""
        return self.output_functions[-1:] == ("softmax",)

    @property
    def labels(self) -> str | None:
        """The form of the notebook's labels: ``one-hot`` or ``numbers``; None where they are not there."""
        targets = self.names.get(self.exercise.arrays[1])
        if targets is None:
            return None
        return "one-hot" if one_hot(targets, self.data.kinds) else "numbers"

    @cached_property
    def curves(self) -> LearningCurves | None:
        """The curves, where they are those of this model and this validation part in the exercise's loss; else None."""
        compiled = self.facts.compiled
        asked = self.reference.compile.loss
        same_loss = compiled is not None and (
            compiled.loss == asked or (is_cross_entropy(asked) and is_cross_entropy(compiled.loss))
        )
        if self.told is None or not same_loss or self.validated_on != "validation":
            return None
        return None if self.told.curves is None else losses_alone(self.told.curves, self.penalty)

    @cached_property
    def gap(self) -> float:
        """The generalization gap at the end, in the target's unit: of the curves, or of the model as it is now."""
        training, validation = self.losses_now
        curves = self.curves
        if curves is None or curves.loss_at_inference is None or self.trained_further:
            return validation - training
        unchanged = np.isclose(curves.loss_at_inference[0, -1], training, rtol=trained.SAME_LOSS)
        return float(curves.gap[0]) if unchanged else validation - training

    @cached_property
    def last_val_loss(self) -> float:
        """The validation loss at the end, in the target's unit: of the curves, or of the model as it is now."""
        if self.curves is not None and not self.trained_further:
            return float(self.curves.last("val_loss")[0])
        return self.losses_now[1]

    @cached_property
    def best_val_loss(self) -> float:
        """The lowest validation loss, in the target's unit: of the curves, or that of the model as it is now."""
        if self.curves is not None and not self.trained_further:
            return float(self.curves.best_val_loss[0])
        return self.losses_now[1]

    @property
    def judged_series(self) -> Mapping[str, np.ndarray]:
        """The series whose shape is judged, the losses without a penalty; empty where there are none."""
        if self.told is None:
            return {}
        losses = {name: self.told.series[name] - self.penalty for name in LOSSES if name in self.told.series}
        return {**self.told.series, **losses}

    @property
    def logged_losses(self) -> np.ndarray:
        """The logged training losses, ``(epochs,)``; empty where there are none."""
        return self.judged_series.get(LOGGED, np.array([]))

    def retrained(self, spec: ModelSpec, stop: Stop | None = None) -> LearningCurves:
        """The curves of a spec that is trained anew from three seeds: those that count. Raises DataError, SpecError."""
        return retrained(spec, self.exercise, stop)

    def ended(self, spec: ModelSpec, stop: Stop) -> bool:
        """Whether early stopping ends all three trainings of a spec. Raises DataError, SpecError."""
        return ended(spec, self.exercise, stop)

    def band(self, statistic: str) -> Band | None:
        """The fitted band of a statistic on the data in use; None where it separates nothing. Raises BandError."""
        return band(self.exercise.name, self.exercise.source(), statistic)

    def series(self, history_name: str) -> Mapping[str, np.ndarray]:
        """The series of another history of this notebook, by its name; empty where there is none."""
        told = trained.read_history(self.names.get(history_name))
        return {} if told is None else told.series
