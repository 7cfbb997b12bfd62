"""What goes on in a thread beside everything else of a soak, until it is stopped."""

from __future__ import annotations

import threading


class UntilStopped:
    """`go_on` is run in a thread and ends soon after `stopping` is set. `failure`: what it died of;
    `stop` raises it."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def go_on(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    def _run(self) -> None:
        try:
            self.go_on()
        except BaseException as failure:
            self.failure = failure
