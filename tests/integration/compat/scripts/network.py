# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PTH103, PTH118, T201 -- written as such scripts are
"""A query dispatch library whose system under test is behind a socket of this machine."""

import os
import socket
import struct
import sys
import threading

import mlperf_loadgen as lg

NAME = "Network SUT over a socket"
NUMBERS = struct.Struct("<QQ")


def serve(listener):
    """Answer each sample with its index, until the client leaves; say the name for sample 0."""
    connection, _ = listener.accept()
    with connection, connection.makefile("rwb") as stream:
        while True:
            request = stream.read(NUMBERS.size)
            if len(request) < NUMBERS.size:
                return
            stream.write(request)
            stream.flush()


class Client:
    def __init__(self, address):
        self.connection = socket.create_connection(address, timeout=30)
        self.stream = self.connection.makefile("rwb")
        self.lock = threading.Lock()
        self.reader = None
        self.names_asked = 0

    def name(self):
        self.names_asked += 1
        return NAME

    def issue(self, query_samples):
        if self.reader is None:
            self.reader = threading.Thread(target=self.read)
            self.reader.start()
        with self.lock:
            for sample in query_samples:
                self.stream.write(NUMBERS.pack(sample.id, sample.index))
            self.stream.flush()

    def read(self):
        with self.connection.makefile("rb") as answers:
            while True:
                answer = answers.read(NUMBERS.size)
                if len(answer) < NUMBERS.size:
                    return
                sample_id, _ = NUMBERS.unpack(answer)
                lg.QuerySamplesComplete([lg.QuerySampleResponse(sample_id, 0, 0)])

    def close(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.reader.join()
        self.connection.close()


def main():
    outdir = os.path.join(sys.argv[1], "network")
    os.makedirs(outdir)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(30)
    server = threading.Thread(target=serve, args=(listener,))
    server.start()
    client = Client(listener.getsockname())
    qdl = lg.ConstructQDL(client.issue, lambda: None, client.name)
    qsl = lg.ConstructQSL(16, 16, lambda _: None, lambda _: None)
    settings = lg.TestSettings()
    settings.scenario = lg.TestScenario.Server
    settings.server_target_qps = 2000
    settings.server_target_latency_ns = 10**10
    settings.min_duration_ms = 0
    settings.min_query_count = 500
    log_settings = lg.LogSettings()
    log_settings.log_output.outdir = outdir
    lg.StartTestWithLogSettings(qdl, qsl, settings, log_settings)
    lg.DestroyQDL(qdl)
    lg.DestroyQSL(qsl)
    client.close()
    server.join()
    listener.close()
    print("names asked", client.names_asked)


if __name__ == "__main__":
    main()
