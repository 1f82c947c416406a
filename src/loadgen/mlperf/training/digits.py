# SPDX-License-Identifier: Apache-2.0
"""Handwritten digits: a small convolutional network learns to read images of 8 x 8 pixels.

scikit-learn ships 1,797 images. Three quarters are trained on, the others are the test; an epoch is
a block. The target is 97.5 % read right, which takes 8 to 40 epochs by the luck of the seed. On a
CPU, and on one thread, so that a seed gives the same run again. Needs the extra `training`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from loadgen.errors import needs_extra
from loadgen.mlperf.training.convergence import Reference
from loadgen.mlperf.training.task import TARGETS, TrainingTask, reference_of

try:
    import torch
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from torch import nn
except ImportError as error:
    raise needs_extra("training", error) from None

__all__ = ["Digits"]

_HELD_OUT: Final = 0.25
_WHITE: Final = 16.0
"""Pixels are 0 to 16."""
_SIDE: Final = 8
_CLASSES: Final = 10
_EPOCHS: Final = 100


class Digits(TrainingTask):
    """The training benchmark ``digits``.

    Parameters
    ----------
    batch_size : int
    """

    name = "digits"
    metric = TARGETS[name]["quality_metric"]
    target = TARGETS[name]["quality_target"]
    train_samples = 1347
    eval_samples = 450
    max_samples = _EPOCHS * train_samples
    hyperparameters: Mapping[str, Any] = {
        "opt_name": "adam",
        "opt_base_learning_rate": 0.003,
        "opt_adam_beta_1": 0.9,
        "opt_adam_beta_2": 0.999,
        "opt_adam_epsilon": 1e-8,
    }
    framework = f"PyTorch {torch.__version__}"

    def __init__(self, batch_size: int = 32) -> None:
        self.batch_size = batch_size

    @classmethod
    def reference(cls) -> Reference:
        """Return the convergence points of this package: batches of 32 (50 runs), 64, 128 (20)."""
        return reference_of(cls.name)

    def init(self, seed: int) -> None:
        """Make the network; one step on an image of noise has PyTorch ready."""
        self._threads = torch.get_num_threads()
        torch.set_num_threads(1)
        self._make(seed)
        self._step(torch.rand(1, 1, _SIDE, _SIDE), torch.zeros(1, dtype=torch.int64))
        self._make(seed)

    def load(self) -> None:
        """Read the images."""
        images, labels = load_digits(return_X_y=True)
        parts = train_test_split(
            images / _WHITE, labels, test_size=_HELD_OUT, random_state=0, stratify=labels
        )
        shape = (-1, 1, _SIDE, _SIDE)
        self._seen, self._held_out = (
            torch.tensor(part, dtype=torch.float32).reshape(shape) for part in parts[:2]
        )
        self._seen_labels, self._labels = map(torch.tensor, parts[2:])

    def train(self) -> int:
        """Train on each image once, in an order that is drawn."""
        self._model.train()
        order = torch.randperm(len(self._seen), generator=self._draws)
        for some in order.split(self.batch_size):
            self._step(self._seen[some], self._seen_labels[some])
        return len(self._seen)

    def evaluate(self) -> float:
        """Return the share of the other images that are read right."""
        self._model.eval()
        with torch.no_grad():
            answers = self._model(self._held_out).argmax(1)
        return int((answers == self._labels).sum()) / len(self._labels)

    def stop(self) -> None:
        """Allow as many threads as before."""
        if hasattr(self, "_threads"):
            torch.set_num_threads(self._threads)

    def _make(self, seed: int) -> None:
        """Make a network and its optimizer; all that is drawn follows from the seed."""
        torch.manual_seed(seed)
        self._draws = torch.Generator().manual_seed(seed)
        self._model = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, _CLASSES),
        )  # fmt: skip
        known = self.hyperparameters
        self._optimizer = torch.optim.Adam(
            self._model.parameters(),
            lr=known["opt_base_learning_rate"],
            betas=(known["opt_adam_beta_1"], known["opt_adam_beta_2"]),
            eps=known["opt_adam_epsilon"],
        )

    def _step(self, images: Any, labels: Any) -> None:
        self._optimizer.zero_grad()
        nn.functional.cross_entropy(self._model(images), labels).backward()
        self._optimizer.step()
