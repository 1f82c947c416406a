# SPDX-License-Identifier: Apache-2.0
"""`KServeSUT`: which samples a request has, and which answer each of them gets.

Not for the protocol (`client`, `http`, `grpc`), nor for arrays (`tensors`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any

from loadgen.errors import LoadGenError
from loadgen.sut.answers import Answers
from loadgen.sut.base import check_arguments
from loadgen.sut.collate import collate
from loadgen.sut.kserve.arguments import (
    batch_size,
    datatypes,
    names,
    no_json,
    parameters_check,
    target,
    text,
    texts,
)
from loadgen.sut.kserve.client import (
    BadResponse,
    Client,
    Output,
    RequestFailed,
    dtype_of,
    tensors_of,
)
from loadgen.sut.kserve.grpc import GrpcClient
from loadgen.sut.kserve.http import HttpClient
from loadgen.sut.kserve.tensors import answers, by_name, encoded, kept, stack
from loadgen.sut.kserve.work import Work
from loadgen.sut.loop import LoopSUT
from loadgen.values import boolean, count_in_words, integer, number, optional, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

__all__ = ["KServeSUT"]

_BINARY = "binary_tensor_data"  # as a server names the extension
_PROBE_S = 30.0  # a server that is there says so at once
_LOOK_EVERY_S = 0.1
_ONE_BY_ONE = "make them alike, or send one a request, with batch=False"


class KServeSUT(LoopSUT):
    """Measures a server by the Open Inference Protocol, as KServe, Triton and MLServer speak it.

    Parameters
    ----------
    url : str
        ``http://host:port``, or ``grpc://host:port``.
    model : str
        Its name there.
    version : str, optional
        None: the server's choice.
    inputs : mapping of str to str, optional
        Names of inputs and their datatypes, such as ``{"image": "FP32"}``. None: as the server's
        metadata of the model say.
    outputs : sequence of str, optional
        Which are asked for. None: all that the server sends.
    binary : bool, optional
        Whether tensors go as bytes, in both directions, or as JSON. None: as bytes where the
        server says that it can, as it always does over gRPC. True: also where it does not say so.
    batch : bool
        Whether tensors have a batch axis, which is the first: a batch is one request then. If not,
        each sample is a request, whose tensors are the sample's own.
    max_batch_size : int, optional
        The most samples of a request. None: a whole batch.
    max_concurrency : int, optional
        The most requests at once; others wait in the client. None: no limit.
    timeout_s : float, s
        Limit of a request, from when it was sent.
    wait_ready_s : float, s
        How long to wait, before the clock starts, for a server and model that are not ready.
    parameters : mapping, optional
        Sent with each request: names to texts, numbers and booleans.
    headers : mapping of str to str, optional
        Sent with each request; over gRPC as its metadata. In no log and no result.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.

    Notes
    -----
    A sample is an array, or whatever turns into one, for a model with one input, or a dict of these
    by name. It is converted to the model's datatype where its values fit; BYTES take texts and
    bytes. An answer is an array, or a dict of several outputs; a single BYTES element is bytes.

    What the server answers with an error, or does not answer, is a failed sample, counted by kind,
    whatever `on_error` says: ``http_400``, ``grpc_INVALID_ARGUMENT``, ``connect_refused``,
    ``connection_lost``, ``timeout``, ``bad_response``. Nothing is sent twice. A server or model
    that is not there or not ready before the clock starts ends the run.

    Examples
    --------
    >>> KServeSUT("localhost:8000", "digits")
    Traceback (most recent call last):
    loadgen.SettingsError: url = 'localhost:8000': needs a URL such as http://127.0.0.1:8000 or ...
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        version: str | None = None,
        inputs: Mapping[str, str] | None = None,
        outputs: Sequence[str] | None = None,
        binary: bool | None = None,
        batch: bool = True,
        max_batch_size: int | None = None,
        max_concurrency: int | None = None,
        timeout_s: float = 600.0,
        wait_ready_s: float = 0.0,
        parameters: Mapping[str, str | float | bool] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        check_arguments(
            problem_of("url", url, target),
            problem_of("model", model, text),
            problem_of("version", version, optional(text)),
            problem_of("inputs", inputs, optional(datatypes)),
            problem_of("outputs", outputs, optional(names)),
            problem_of("binary", binary, optional(boolean)),
            problem_of("batch", batch, boolean),
            problem_of("max_batch_size", max_batch_size, optional(batch_size(batch))),
            problem_of("max_concurrency", max_concurrency, optional(integer(1))),
            problem_of("timeout_s", timeout_s, number(0.001, 1e6)),
            problem_of("wait_ready_s", wait_ready_s, number(0, 1e6)),
            problem_of("parameters", parameters, optional(parameters_check)),
            problem_of("headers", headers, optional(texts)),
        )
        super().__init__(max_concurrency, max_batch_size if batch else 1)
        self.name = model
        self._target = target(url)
        if self._target.scheme == "grpc":
            check_arguments(problem_of("binary", binary, no_json))
        self._connection = (model, version or "", float(timeout_s), dict(headers or {}))
        self._wait_ready_s = float(wait_ready_s)
        self._given = None if inputs is None else dict(inputs)
        self._outputs = tuple(outputs or ())
        self._binary = binary
        self._batch = bool(batch)
        self._parameters = dict(parameters or {})
        self._facts: dict[str, Any] = {}

    def describe(self) -> dict[str, Any]:
        """Return what the server is, how it was asked, and what that cost the client."""
        return self._facts if self._loop is None else {**self._facts, **self._work.facts()}

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        self._facts = {}
        self._client, server, model = await self._connected()
        try:
            self._inputs = self._inputs_of(model)
            says_binary = self._target.scheme == "grpc" or _BINARY in (
                server.get("extensions") or ()
            )
            self._as_bytes = says_binary if self._binary is None else self._binary
            # In JSON outputs are asked for by name: a request without is one for bytes.
            named = () if self._as_bytes else tensors_of(model, "outputs")
            self._asked = self._outputs or tuple(named)
            self._facts = self._facts_of(server, model)
            self._work = Work()
            yield
        finally:
            await self._client.close()

    async def _connected(self) -> tuple[Client, dict[str, Any], dict[str, Any]]:
        """Return a client of a model that is ready, and what server and model say of themselves."""
        kind = GrpcClient if self._target.scheme == "grpc" else HttpClient
        until_s = time.monotonic() + self._wait_ready_s
        while True:
            client = kind(self._target.to, *self._connection)
            try:
                return client, *await client.probe(_PROBE_S)
            except BaseException as error:
                await client.close()
                if not isinstance(error, RequestFailed):
                    raise
                if time.monotonic() > until_s:
                    raise LoadGenError(f"{self._where()}: {error.kind}: {error}") from None
            await asyncio.sleep(_LOOK_EVERY_S)

    def _parts(self, batch: Batch, run: Run) -> Iterator[Batch]:
        size = self._part_size or len(batch)
        for first in range(0, len(batch), size):
            yield batch[first : first + size]

    async def _answer(self, part: Batch, run: Run) -> None:
        try:
            request = self._request(part)
            with self._work.request():
                outputs = await self._client.infer(
                    request, self._asked, self._parameters, self._as_bytes
                )
            part.complete(self._answers(outputs, len(part)))
        except RequestFailed as failure:
            part.fail(failure.kind, str(failure))
        except Exception as error:
            run._sut_raised(error, part)

    def _request(self, part: Batch) -> dict[str, tuple[str, Any]]:
        """Return a request's tensors: datatype and array by name."""
        began_ns = time.thread_time_ns()
        if self._batch:
            samples = collate(part.samples, part.indices.tolist, stack, _ONE_BY_ONE)
        else:
            samples = part.samples
            if isinstance(samples, Mapping):
                samples = {name: column[0] for name, column in samples.items()}
            else:
                samples = samples[0]
        tensors = {}
        for name, value in by_name(samples, list(self._inputs)).items():
            datatype = self._inputs[name]
            tensors[name] = datatype, encoded(name, value, datatype, dtype_of(datatype))
        self._work.encoded(time.thread_time_ns() - began_ns)
        return tensors

    def _answers(self, outputs: list[Output], n: int) -> Answers:
        """Return the answers of a request's samples, which are made when somebody reads them."""
        found = {output.name: output for output in outputs}
        missing = [name for name in self._outputs if name not in found]
        if missing or not found:
            what = f"output {missing[0]!r}" if missing else "outputs"
            raise BadResponse(f"no {what} in the response, which has {', '.join(found) or 'none'}")
        chosen = [found[name] for name in self._outputs or found]
        for name, datatype, shape, _ in chosen:
            if self._batch and shape[:1] != (n,):
                n_asked = count_in_words(n, "sample")
                raise BadResponse(f"output {name!r} has shape {list(shape)} for {n_asked}")
            if dtype_of(datatype) is None:
                raise BadResponse(f"output {name!r} is of an unknown type, {datatype!r}")

        def make() -> Sequence[Any]:
            try:
                arrays = {each.name: kept(each.read(), each.datatype) for each in chosen}
            except Exception as error:
                raise BadResponse(f"outputs that cannot be read: {error}") from error
            return answers(arrays, n if self._batch else None)

        return Answers(n, make)

    def _where(self) -> str:
        return f"{self._target.scheme}://{self._target.to}, model {self.name!r}"

    def _inputs_of(self, model: Mapping[str, Any]) -> dict[str, str]:
        """Return datatypes by name, and refuse what the server contradicts."""
        known = tensors_of(model, "inputs")
        has = ", ".join(f"{name} ({datatype})" for name, datatype in known.items())
        if self._given is None and not known:
            raise LoadGenError(
                f"{self._where()}: the server does not say what inputs it has; give them as"
                " inputs={name: datatype}"
            )
        chosen = known if self._given is None else self._given
        for name, datatype in chosen.items():
            if known.get(name, None if known else datatype) != datatype:
                raise LoadGenError(f"{self._where()}: has no input {name} ({datatype}), but {has}")
            if dtype_of(datatype) is None:
                raise LoadGenError(
                    f"{self._where()}: input {name!r} is {datatype}, which is unknown"
                )
        return chosen

    def _facts_of(self, server: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
        _, version, timeout_s, _ = self._connection
        said = {
            "server": f"{server.get('name', '')} {server.get('version', '')}".strip(),
            "platform": str(model.get("platform", "")),
            "model_version": version or ", ".join(map(str, model.get("versions") or ())),
        }
        return {
            **{name: text for name, text in said.items() if text},
            "url": f"{self._target.scheme}://{self._target.to}",
            "binary": self._as_bytes,
            "batch": self._batch,
            "max_batch_size": self._part_size,
            "max_concurrency": self._max_concurrency,
            "timeout_s": timeout_s,
            "library": f"tritonclient {version_of('tritonclient')}",
        }
