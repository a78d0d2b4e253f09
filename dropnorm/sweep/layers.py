"""The layers of a network that is trained by NumPy: what Keras' layers of the same names compute, into kept buffers.

Every layer has ``forward(x, training)`` and ``backward(gradient)``; both may overwrite the array that they are given,
and return an array ``(rows, units)`` of the layer's own. Rows are cut to the batch at hand, so that the last, short
batch uses the same buffers. One run's buffers fit a core's cache, which is why runs are trained one after the other
and not stacked.

Two pairs are computed as one, for a third of the passes over the activations:

- `NormalizedDense` is BatchNormalization with the Dense layer behind it, unless the inputs are many more than a
  batch's rows (`runs.WIDE`): then scaling the rows takes less time. With the centred inputs ``c`` and
  ``s = γ/σ`` it computes ``c (s ∘ W) + (β W + b)``: the scaling is done on the weights, not on the rows. In its
  gradient, the mean over rows of ``∂x̂ ∘ x̂`` is the row sum of ``(cᵀ ∂z) ∘ W`` over ``σ``, which the weights' own
  gradient has at hand.
- `ReluDropout` is the activation with the Dropout behind it: one gate, 0 or ``1/(1 − rate)``, serves both directions.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dropnorm.sweep.masks import MaskStream


class Parameters:
    """All weights of a network in one vector, and their gradients in another: the optimizer's work is a few passes."""

    def __init__(self, dtype: np.typing.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self._initial: list[np.ndarray] = []

    def reserve(self, value: np.ndarray) -> int:
        """Keep room for an array of weights; returns its number, for `weights_and_gradients`."""
        self._initial.append(np.asarray(value, self.dtype))
        return len(self._initial) - 1

    def weights_and_gradients(self) -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
        """The two vectors ``(weights,)``, and a view of both for each array reserved, in its shape."""
        values = np.concatenate([value.ravel() for value in self._initial])
        gradients = np.zeros_like(values)
        views, start = [], 0
        for value in self._initial:
            end = start + value.size
            views.append((values[start:end].reshape(value.shape), gradients[start:end].reshape(value.shape)))
            start = end
        return values, gradients, views


class Layer:
    """What all layers have. A layer without weights reserves none and has nothing to fold for inference."""

    def reserve(self, parameters: Parameters) -> None:
        """Reserve room for the layer's weights, in the order of Keras' ``trainable_variables``."""

    def place(self, views: Iterator[tuple[np.ndarray, np.ndarray]]) -> None:
        """Take the views of the room that was reserved."""

    def forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        """What the layer makes of a batch ``(rows, inputs)``."""
        raise NotImplementedError

    def backward(self, gradient: np.ndarray, wanted: bool = True) -> np.ndarray | None:
        """The loss' gradient by the layer's inputs, from that by its outputs; the weights' gradients are kept.

        ``wanted`` is False for the first layer of a network: nobody asks for the gradient by the data.
        """
        raise NotImplementedError

    def before_inference(self) -> None:
        """Called once before rows are evaluated in inference mode with the weights as they are."""

    def named(self) -> list[dict[str, np.ndarray]]:
        """The weights by Keras' names and in its order: one entry for each Keras layer with weights that this is."""
        return []


class Dense(Layer):
    """``x W + b``; Glorot's uniform initialisation, as in Keras (Glorot & Bengio 2010: ±√(6 / (inputs + units))).

    Without ``use_bias`` the bias is no weight of the network and stays at zero.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        rows: int,
        weights: np.random.Generator,
        dtype: np.dtype,
        use_bias: bool = True,
    ) -> None:
        limit = np.sqrt(6.0 / (inputs + units))
        self.initial = weights.uniform(-limit, limit, (inputs, units)).astype(np.float32).astype(dtype)
        self.use_bias = use_bias
        self.bias, self.bias_gradient = np.zeros(units, dtype), np.zeros(units, dtype)
        self.output, self.input_gradient = np.empty((rows, units), dtype), np.empty((rows, inputs), dtype)
        self.ones = np.ones(rows, dtype)

    def reserve(self, parameters: Parameters) -> None:
        parameters.reserve(self.initial)
        if self.use_bias:
            parameters.reserve(self.bias)

    def place(self, views: Iterator[tuple[np.ndarray, np.ndarray]]) -> None:
        self.kernel, self.kernel_gradient = next(views)
        if self.use_bias:
            self.bias, self.bias_gradient = next(views)

    def forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        self.x, out = x, self.output[: len(x)]
        np.matmul(x, self.kernel, out=out)
        out += self.bias
        return out

    def backward(self, gradient: np.ndarray, wanted: bool = True) -> np.ndarray | None:
        np.matmul(self.x.T, gradient, out=self.kernel_gradient)
        np.matmul(self.ones[: len(gradient)], gradient, out=self.bias_gradient)
        return np.matmul(gradient, self.kernel.T, out=self.input_gradient[: len(gradient)]) if wanted else None

    def named(self) -> list[dict[str, np.ndarray]]:
        return [{"kernel": self.kernel} | ({"bias": self.bias} if self.use_bias else {})]


class Moments:
    """Mean and variance of a batch's columns, and their moving averages, as BatchNormalization keeps them."""

    def __init__(self, units: int, rows: int, momentum: float, epsilon: float, dtype: np.dtype) -> None:
        self.old, self.new, self.epsilon = dtype.type(momentum), dtype.type(1 - momentum), dtype.type(epsilon)
        self.moving_mean, self.moving_variance = np.zeros(units, dtype), np.ones(units, dtype)
        self.share = np.empty(rows, dtype)
        self.squares = np.empty((rows, units), dtype)

    def centre(self, x: np.ndarray) -> np.ndarray:
        """Take the mean from the columns of ``x``, in place; returns ``1/σ``, ``(units,)``, and moves the averages."""
        share = self.share[: len(x)]
        share.fill(1.0 / len(x))
        mean = share @ x
        x -= mean
        variance = share @ np.multiply(x, x, out=self.squares[: len(x)])
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving *= self.old
            moving += value * self.new
        return 1.0 / np.sqrt(variance + self.epsilon)

    def inverse_deviation(self) -> np.ndarray:
        """``1/σ`` of the moving variance, for inference."""
        return 1.0 / np.sqrt(self.moving_variance + self.epsilon)

    def named(self) -> dict[str, np.ndarray]:
        """The moving averages by Keras' names."""
        return {"moving_mean": self.moving_mean, "moving_variance": self.moving_variance}


class BatchNorm(Layer):
    """``γ (x − mean) / √(variance + ε) + β``, with the batch's moments in training, the moving ones at inference."""

    def __init__(self, units: int, rows: int, momentum: float, epsilon: float, dtype: np.dtype) -> None:
        self.units, self.moments = units, Moments(units, rows, momentum, epsilon, dtype)
        self.output, self.products = np.empty((rows, units), dtype), np.empty((rows, units), dtype)
        self.ones = np.ones(rows, dtype)

    def reserve(self, parameters: Parameters) -> None:
        parameters.reserve(np.ones(self.units))
        parameters.reserve(np.zeros(self.units))

    def place(self, views: Iterator[tuple[np.ndarray, np.ndarray]]) -> None:
        (self.gamma, self.gamma_gradient), (self.beta, self.beta_gradient) = next(views), next(views)

    def before_inference(self) -> None:
        self.scale = self.gamma * self.moments.inverse_deviation()
        self.shift = self.beta - self.moments.moving_mean * self.scale

    def forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        out = self.output[: len(x)]
        if not training:
            np.multiply(x, self.scale, out=out)
            out += self.shift
            return out
        self.inverse = self.moments.centre(x)
        x *= self.inverse
        self.normal = x
        np.multiply(x, self.gamma, out=out)
        out += self.beta
        return out

    def backward(self, gradient: np.ndarray, wanted: bool = True) -> np.ndarray | None:
        rows, normal, ones = len(gradient), self.normal, self.ones[: len(gradient)]
        np.matmul(ones, gradient, out=self.beta_gradient)
        products = np.multiply(gradient, normal, out=self.products[:rows])
        np.matmul(ones, products, out=self.gamma_gradient)
        if not wanted:
            return None
        gradient -= self.beta_gradient / rows
        normal *= self.gamma_gradient / rows
        gradient -= normal
        gradient *= self.gamma * self.inverse
        return gradient

    def named(self) -> list[dict[str, np.ndarray]]:
        return [{"gamma": self.gamma, "beta": self.beta, **self.moments.named()}]


class NormalizedDense(Layer):
    """`BatchNorm` and the `Dense` behind it, computed as one."""

    def __init__(self, dense: Dense, rows: int, momentum: float, epsilon: float, dtype: np.dtype) -> None:
        self.dense, self.inputs = dense, dense.initial.shape[0]
        self.moments = Moments(self.inputs, rows, momentum, epsilon, dtype)
        self.folded = np.empty_like(dense.initial)
        self.cross = np.empty_like(dense.initial)

    def reserve(self, parameters: Parameters) -> None:
        parameters.reserve(np.ones(self.inputs))
        parameters.reserve(np.zeros(self.inputs))
        self.dense.reserve(parameters)

    def place(self, views: Iterator[tuple[np.ndarray, np.ndarray]]) -> None:
        (self.gamma, self.gamma_gradient), (self.beta, self.beta_gradient) = next(views), next(views)
        self.dense.place(views)

    def before_inference(self) -> None:
        self.inverse = self.moments.inverse_deviation()
        self._fold(self.beta - self.moments.moving_mean * self.gamma * self.inverse)

    def forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        if training:
            self.inverse = self.moments.centre(x)
            self.centred = x
            self._fold(self.beta)
        out = self.dense.output[: len(x)]
        np.matmul(x, self.folded, out=out)
        out += self.offset
        return out

    def _fold(self, beta: np.ndarray) -> None:
        self.scale = self.gamma * self.inverse
        np.multiply(self.dense.kernel, self.scale[:, None], out=self.folded)
        self.offset = beta @ self.dense.kernel + self.dense.bias

    def backward(self, gradient: np.ndarray, wanted: bool = True) -> np.ndarray | None:
        dense, rows, centred = self.dense, len(gradient), self.centred
        np.matmul(centred.T, gradient, out=self.cross)
        np.matmul(dense.ones[:rows], gradient, out=dense.bias_gradient)
        np.multiply(self.cross, self.scale[:, None], out=dense.kernel_gradient)
        dense.kernel_gradient += self.beta[:, None] * dense.bias_gradient
        np.matmul(dense.kernel, dense.bias_gradient, out=self.beta_gradient)
        np.einsum("io,io->i", self.cross, dense.kernel, out=self.gamma_gradient)
        self.gamma_gradient *= self.inverse
        if not wanted:
            return None
        out = np.matmul(gradient, self.folded.T, out=dense.input_gradient[:rows])
        centred *= self.gamma_gradient * self.inverse * self.scale / rows
        out -= centred
        out -= self.beta_gradient * self.scale / rows
        return out

    def named(self) -> list[dict[str, np.ndarray]]:
        return [{"gamma": self.gamma, "beta": self.beta, **self.moments.named()}, *self.dense.named()]


class ReluDropout(Layer):
    """``max(x, 0)``, then Dropout of ``rate`` (0: none): kept entries are multiplied by ``1/(1 − rate)``."""

    def __init__(self, units: int, rows: int, rate: float, masks: MaskStream | None, dtype: np.dtype) -> None:
        self.rate, self.masks, self.kept_scale = rate, masks, dtype.type(1.0 / (1.0 - rate))
        self.gate, self.open = np.empty((rows, units), dtype), np.empty((rows, units), bool)
        # The larger of two arrays is found twice as fast as that of an array and a number.
        self.zeros = np.zeros((rows, units), dtype)

    def forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        if training:
            gate, opened = self.gate[: len(x)], self.open[: len(x)]
            np.greater(x, 0, out=opened)
            if self.masks is not None:
                np.logical_and(opened, self.masks.draw(x.shape), out=opened)
            np.copyto(gate, opened)
            if self.masks is not None:
                gate *= self.kept_scale
                np.maximum(x, self.zeros[: len(x)], out=x)
                return np.multiply(x, gate, out=x)
        return np.maximum(x, self.zeros[: len(x)], out=x)

    def backward(self, gradient: np.ndarray, wanted: bool = True) -> np.ndarray | None:
        gradient *= self.gate[: len(gradient)]
        return gradient


class Dropout(Layer):
    """Dropout that does not stand behind a relu: on the inputs, or behind BatchNormalization."""

    def __init__(self, rate: float, masks: MaskStream, dtype: np.dtype) -> None:
        self.masks, self.kept_scale = masks, dtype.type(1.0 / (1.0 - rate))

    def forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        if not training:
            return x
        self.gate = np.multiply(self.masks.draw(x.shape), self.kept_scale)
        return np.multiply(x, self.gate, out=x)

    def backward(self, gradient: np.ndarray, wanted: bool = True) -> np.ndarray | None:
        gradient *= self.gate
        return gradient
