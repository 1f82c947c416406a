# SPDX-License-Identifier: Apache-2.0
"""Servers that speak OpenAI's protocol, as systems under test.

`system` has what users make; a run's event loop is `loop`, one sample's request and answer are
`answer`, what they say is `messages`, how they travel `connections` and `events`; `probe` asks the
server before the clock runs, and `client_time` is what all this costs. Needs the extra ``http``.
"""

from loadgen.sut.openai.system import OpenAISUT

__all__ = ["OpenAISUT"]
