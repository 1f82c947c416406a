# SPDX-License-Identifier: Apache-2.0
"""A real model on real images, and figures by a column of the dataset. Needs the extra `demo`.

`bench.toml` measures the same from the command line.
"""

from typing import Any

from sklearn.datasets import load_digits
from sklearn.svm import SVC

import loadgen as lg

images, labels = load_digits(return_X_y=True)
classify = SVC(gamma=0.001).fit(images[:1_000], labels[:1_000]).predict


class Digits(lg.Dataset):
    """The images that the model has not seen."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(labels) - 1_000

    def __getitem__(self, indices: Any) -> Any:
        """Return some of them."""
        return images[1_000:][indices]

    @property
    def columns(self) -> dict[str, Any]:
        """What is known of each: the digit that is on it."""
        return {"digit": labels[1_000:]}


held_out = Digits()

if __name__ == "__main__":
    result = lg.run(classify, held_out, lg.SingleStream(), min_duration_s=1)
    print(result.summary())
    by_digit = result.by("digit")
    for digit, p90_ns in zip(by_digit["value"], by_digit["p90_ns"], strict=True):
        print(f"digit {digit}: p90 {p90_ns / 1e6:.3f} ms")
