# SPDX-License-Identifier: Apache-2.0
"""Time to train: a task of one's own, several runs, MLPerf's logs. Needs the extra `demo`."""

import numpy as np
from sklearn.datasets import load_digits

from loadgen.mlperf.training import TrainingTask, run_training


class Regression(TrainingTask):
    """Softmax regression that learns to read digits."""

    name = "regression"
    target = 0.9
    train_samples, eval_samples, max_samples = 1_347, 450, 100 * 1_347
    batch_size = 32
    hyperparameters = {"opt_name": "sgd", "opt_base_learning_rate": 0.5}  # noqa: RUF012 - short
    required_runs = 3

    def init(self, seed: int) -> None:
        """Begin anew: off the clock, without the data."""
        self.draws = np.random.default_rng(seed)
        self.weights = self.draws.normal(0, 0.01, (64, 10))

    def load(self) -> None:
        """Read the data: the clock runs."""
        images, labels = load_digits(return_X_y=True)
        self.images, self.labels = images / 16, labels

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return how likely each digit is."""
        scores = np.exp(images @ self.weights)
        result: np.ndarray = scores / scores.sum(axis=1, keepdims=True)
        return result

    def train(self) -> int:
        """Train on each image once, and say how many they were."""
        order = self.draws.permutation(self.train_samples)
        for some in np.array_split(order, self.train_samples // self.batch_size):
            wrong = self.probabilities(self.images[some]) - np.eye(10)[self.labels[some]]
            rate = self.hyperparameters["opt_base_learning_rate"]
            self.weights -= rate * self.images[some].T @ wrong / len(some)
        return self.train_samples

    def evaluate(self) -> float:
        """Return the share of the other images that are read right."""
        answers = self.probabilities(self.images[self.train_samples :]).argmax(axis=1)
        return float(np.mean(answers == self.labels[self.train_samples :]))


if __name__ == "__main__":
    result = run_training(Regression(), "training", resume=False)
    print(result.summary())
