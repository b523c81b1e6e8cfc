"""Jobs shared among processes, where one that dies or does not end is named rather than waited for."""

import collections
import multiprocessing
import multiprocessing.connection
import os
import time


def _work(f, pipe):
    while True:
        pipe.send(f(pipe.recv()))


class Endless(str):
    """The end of a process whose job took longer than it may."""


def share(f, jobs, processes=None, limit=None):
    """Yields (job, f(job), None) for every job, in the order they are done; (job, None, how the process died) of a job that
    takes its process with it, or is stopped after limit seconds: an Endless. f must not raise."""
    waiting = collections.deque(jobs)
    busy = {}  # pipe → process, job, when it began

    def give(pipe, process):
        if waiting:
            busy[pipe] = process, waiting.popleft(), time.monotonic()
            pipe.send(busy[pipe][1])
        else:
            process.terminate()
            process.join()

    def hire():
        pipe, end = multiprocessing.Pipe()
        process = multiprocessing.Process(target=_work, args=(f, end), daemon=True)
        process.start()
        end.close()
        give(pipe, process)

    for _ in range(min(processes or min(2, os.cpu_count() or 1), len(waiting))):
        hire()
    while busy:
        first = min(began for *_, began in busy.values())
        ready = multiprocessing.connection.wait(list(busy), limit and max(0, first + limit - time.monotonic()))
        late = [pipe for pipe, (*_, began) in busy.items() if limit and pipe not in ready and time.monotonic() >= began + limit]
        for pipe in [*ready, *late]:
            process, job, _ = busy.pop(pipe)
            try:
                if pipe in late:
                    process.kill()
                    raise EOFError
                answer, death = pipe.recv(), None
            except EOFError:
                pipe.close()
                process.join()
                answer, death = None, f"the process died of it, exit code {process.exitcode}"
                if pipe in late:
                    death = Endless(f"not done after {limit} s")
            if death is None:
                give(pipe, process)
            elif waiting:
                hire()
            yield job, answer, death
