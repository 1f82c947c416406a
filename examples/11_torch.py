# SPDX-License-Identifier: Apache-2.0
"""A PyTorch module in batches. Needs the extras `torch` and `demo`."""

import sys

import numpy as np

import loadgen as lg

try:
    import torch
    from sklearn.datasets import load_digits

    from loadgen.sut.torch import TorchSUT
except ImportError as error:
    print(f"this example needs: pip install 'loadgen[torch,demo]' ({error})")
    sys.exit()

images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32)
seen, held_out = slice(0, 1_300), slice(1_300, None)

torch.manual_seed(0)
torch.set_num_threads(1)  # a processor is left to the generator
model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
weights = list(model.parameters())
for _ in range(300):
    scores = model(torch.from_numpy(images[seen]))
    loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels[seen]))
    with torch.no_grad():
        for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.sub_(slope / 2)

# What `outputs` does is part of what is measured.
sut = TorchSUT(model, outputs=lambda scores, n: scores.argmax(1), max_batch_size=32, name="digits")

result = lg.run(sut, images[held_out], lg.Server(target_qps=500), min_duration_s=1)
print(result.summary())

accuracy = lg.run(sut, images[held_out], lg.Offline(), mode="accuracy")
right = np.mean(np.array(accuracy.outputs_by_index()) == labels[held_out])
print(f"\n{100 * right:.1f} % of {accuracy.n_completed} digits are right")
