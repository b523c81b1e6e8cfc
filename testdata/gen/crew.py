"""Jobs shared among processes, where one that dies is named rather than waited for."""

import collections
import multiprocessing
import multiprocessing.connection
import os


def _work(f, pipe):
    while True:
        pipe.send(f(pipe.recv()))


def share(f, jobs, processes=None):
    """Yields (job, f(job), None) for every job, in the order they are done; (job, None, how the process died) of a job that
    takes its process with it. f must not raise."""
    waiting = collections.deque(jobs)
    busy = {}  # pipe → process, job

    def give(pipe, process):
        if waiting:
            busy[pipe] = process, waiting.popleft()
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
        for pipe in multiprocessing.connection.wait(list(busy)):
            process, job = busy.pop(pipe)
            try:
                answer, death = pipe.recv(), None
            except EOFError:
                pipe.close()
                process.join()
                answer, death = None, f"the process died of it, exit code {process.exitcode}"
            if death is None:
                give(pipe, process)
            elif waiting:
                hire()
            yield job, answer, death
