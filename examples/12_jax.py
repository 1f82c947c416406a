# SPDX-License-Identifier: Apache-2.0
"""A JAX function, compiled for a few batch sizes. Needs the extras `jax` and `demo`."""

import sys
from typing import Any

import numpy as np

import loadgen as lg

try:
    import jax
    import jax.numpy as jnp
    from sklearn.datasets import load_digits

    from loadgen.sut.jax import JaxSUT
except ImportError as error:
    print(f"this example needs: pip install 'loadgen[jax,demo]' ({error})")
    sys.exit()

images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32)
seen, held_out = slice(0, 1_300), slice(1_300, None)


def scores(weights: Any, x: Any) -> Any:
    """Ten figures an image, the highest for the digit that it is."""
    return jnp.maximum(x @ weights[0], 0) @ weights[1]


def loss(weights: Any) -> Any:
    """Cross-entropy of what is learned from."""
    likely = jax.nn.log_softmax(scores(weights, images[seen]))
    return -likely[jnp.arange(len(likely)), labels[seen]].mean()


keys = jax.random.split(jax.random.key(0))
shapes = (64, 64), (64, 10)
weights = [jax.random.normal(key, shape) / 8 for key, shape in zip(keys, shapes, strict=True)]
step = jax.jit(
    lambda w: [part - slope / 2 for part, slope in zip(w, jax.grad(loss)(w), strict=True)]
)
for _ in range(300):
    weights = step(weights)

# A batch of 3 is filled up to 8, so that nothing is compiled while the clock runs.
sut = JaxSUT(lambda x: scores(weights, x).argmax(1), pad_to=[1, 8, 32], name="digits")

result = lg.run(sut, images[held_out], lg.Server(target_qps=500), min_duration_s=1)
print(result.summary())

accuracy = lg.run(sut, images[held_out], lg.Offline(), mode="accuracy")
right = np.mean(np.array(accuracy.outputs_by_index()) == labels[held_out])
print(f"\n{100 * right:.1f} % of {accuracy.n_completed} digits are right")
