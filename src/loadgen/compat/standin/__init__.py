# SPDX-License-Identifier: Apache-2.0
"""A folder for sys.path, where ``import mlperf_loadgen`` finds the drop-in.

For processes that a script starts with multiprocessing: they get its sys.path, and import the
script again. Not for this process, where `loadgen.compat.install` does it.
"""
