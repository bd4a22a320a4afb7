"""Readers of the summary: ``python -m tests.benchmarks.readers URL NUMBER``, until it is ended. Each asks
again as soon as it is answered, and takes nothing that it has already.
"""

from __future__ import annotations

import http.client
import sys
import threading
from urllib.parse import urlsplit

PATH = "/api/v2/summary.json"


def read(url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    while True:
        connection.request("GET", PATH)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            print(f"{PATH} answered {answer.status}", flush=True)
            return


def main() -> None:
    url, number = sys.argv[1], int(sys.argv[2])
    for _ in range(number):
        threading.Thread(target=read, args=(url,), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
