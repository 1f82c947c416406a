# SPDX-License-Identifier: Apache-2.0
"""What is asked for: scenarios, arrivals, settings, and the files that hold them."""
