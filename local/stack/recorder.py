"""Runs MiniStack with the rules of cognito_rules.py, ses_rules.py and sns_rules.py, and records what each function asks
of it. server.py starts this file instead of MiniStack itself.

MiniStack checks the role of each caller before it answers, and translates each request into the actions and resources
of IAM for that: a transaction into the writes in it, a batch into its tables, a query into its index. This file keeps
each question that MiniStack asks its policies. tests/grants.py compares them with the policies of template.yaml.

With METER_FILE, meter.py also counts what AWS would bill.
"""

import importlib.util
import json
import os
import sys
import threading
from pathlib import Path

from ministack.core import iam_evaluator


def record(path):
    """Writes each new caller, action and resource to `path`, one JSON object a line.

    The root of the account has no policies, so MiniStack does not ask about it: the tests and the tools leave no line.
    """
    evaluate, seen, lock = iam_evaluator.evaluate, set(), threading.Lock()
    file = open(path, "w", encoding="utf-8", buffering=1)  # noqa: SIM115 - stays open while MiniStack runs

    def evaluate_and_record(asked, *policies):
        call = (asked.principal_arn, asked.action, asked.resource_arn)
        with lock:
            if call not in seen:
                seen.add(call)
                file.write(json.dumps(dict(zip(("caller", "action", "resource"), call, strict=True))) + "\n")
        return evaluate(asked, *policies)

    iam_evaluator.evaluate = evaluate_and_record


if __name__ == "__main__":
    from ministack.app import main

    # At the end, so that no file beside this one hides a module of MiniStack's.
    sys.path.append(str(Path(__file__).resolve().parent))
    import cognito_rules
    import ses_rules
    import sns_rules

    cognito_rules.add()
    ses_rules.add()
    sns_rules.add()
    record(os.environ["CALLS_FILE"])
    if os.environ.get("METER_FILE"):
        # By its path: this directory must not be among MiniStack's modules.
        spec = importlib.util.spec_from_file_location("meter", Path(__file__).with_name("meter.py"))
        meter = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(meter)
        meter.start(os.environ["METER_FILE"])
    main()
