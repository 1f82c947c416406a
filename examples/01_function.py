# SPDX-License-Identifier: Apache-2.0
"""The five lines: a function is the system, a list is the dataset."""

import loadgen as lg

words = ["a", "thing", "of", "beauty", "is", "a", "joy", "for", "ever"]
result = lg.run(lambda some: [w.upper() for w in some], words, lg.SingleStream(), min_duration_s=1)
print(result.summary())
