"""Runs the loop in children that may be killed: imports once, forks for each order on stdin.

An order is one line of JSON: `folder`, `file`, `environment` and `kill_after` (seconds, or null), and `what` to do:
'run' and 'add' take `file`, 'forget' the name in `who`. The answer is the child's wait status, and before
all answers 'ready'. The kill comes from
here, where the child's id cannot have passed to another process.
"""

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

from keepwell import loop
from keepwell.loop.forgetting import forget
from keepwell.settings import Settings, merged, with_options


def do(order, settings):
    folder, what = Path(order["folder"]), order.get("what", "run")
    if what == "forget":
        forget(folder, [order["who"]], settings=settings, to=folder.parent / f"{folder.name}-list.csv", by="me")
    elif what == "add":
        loop.add(folder, [Path(order["file"])], settings=settings)
    else:
        loop.run(folder, files=[Path(order["file"])], settings=settings)


def main():
    # Without the challenger, the calendar and covariates, which write nothing of their own.
    plain = merged(Settings(), {"predict": {"challenger": False, "season": False, "covariates": []}})
    settings = with_options(plain, {"memory": "512MB", "threads": 2, "draws": 64, "contact_cost": 0.8})
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.environ.update(order["environment"])
                do(order, settings)
                status = 0
            finally:
                if status:
                    traceback.print_exc()
                os._exit(status)
        if order["kill_after"] is not None:
            time.sleep(order["kill_after"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
