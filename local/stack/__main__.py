"""The local stack: up, down, status, env, logs. Called by the Makefile."""

import os
import shlex
import sys
import time

import server
from settings import CALLS, METER, PORT, STATE, TOOLS, Problem, build_environment, say, watch_environment


def up():
    import build
    import deploy

    if not sys.platform.startswith("linux"):
        raise Problem("the functions are Linux programs: use Linux or a virtual machine with Linux")
    began = time.monotonic()
    STATE.mkdir(parents=True, exist_ok=True)
    # Before the build, which may take minutes.
    server.refuse_taken_port()
    build.build()
    server.start()
    deploy.deploy()
    say(f"Up after {time.monotonic() - began:.0f} s: {deploy.variables()['API_URL']}")
    port = "" if PORT == 4566 else f" PORT={PORT}"
    print(f"""
    eval "$(make -s env{port})"                   set addresses, names and credentials in this shell
    curl -i "$API_URL/me"                       a first call
    make dispatcher EMAIL=you@example.com{port}   create a dispatcher, who may approve agents
    make logs{port} / make down{port}                follow the logs of the functions / stop the stack
""")


def down():
    say("Stopped, with all its processes and data" if server.stop() else f"No stack runs on port {PORT}")


def status():
    import deploy

    pid = server.running()
    if not pid:
        raise Problem(f"no stack runs on port {PORT}: make up")
    print(f"MiniStack runs, pid {pid}, log {server.LOG}")
    for name, value in deploy.variables().items():
        print(f"  {name}={value}")


def env():
    import deploy

    if not server.running():
        raise Problem(f"no stack runs on port {PORT}: make up")
    # A profile or a session token of the shell would override these credentials.
    print("unset AWS_PROFILE AWS_SESSION_TOKEN")
    # For `make dispatcher` and the like in this shell.
    print(f"export PORT={PORT}")
    # For the tests: what the functions have asked of MiniStack.
    print(f"export CALLS_FILE={shlex.quote(str(CALLS))}")
    print(f"export METER_FILE={shlex.quote(str(METER))}")
    for name, value in (deploy.variables() | build_environment() | watch_environment()).items():
        print(f"export {name}={shlex.quote(value)}")
    # The versions of sam, aws and cargo lambda in .venv.
    print(f'case ":$PATH:" in *:{TOOLS}:*) ;; *) export PATH={shlex.quote(str(TOOLS))}:"$PATH" ;; esac')


def logs():
    import logs

    if not server.running():
        raise Problem(f"no stack runs on port {PORT}: make up")
    logs.follow(os.environ.get("FUNCTION"))


def main(verbs):
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        raise Problem(f"choose one of: {', '.join(verbs)}")
    verbs[sys.argv[1]]()


if __name__ == "__main__":
    try:
        main({"up": up, "down": down, "status": status, "env": env, "logs": logs})
    except Problem as problem:
        sys.exit(f"waybill: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
