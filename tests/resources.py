"""Writes tests/resources.txt, the list of the template's resources: `make resources`.

The resources that every function, every call and every queue has are one line each, such as `<Function>FunctionRole`.
test_template.py checks that none of them lacks one. So a new function or queue does not change the list.
"""

import re
from pathlib import Path

from expanded import expanded

LIST = Path(__file__).resolve().parent / "resources.txt"
# The ids of these resources begin with the name of a function or of a queue.
OF_EACH_FUNCTION = ("Function", "FunctionRole")
OF_EACH_CALL = ("FunctionHttpPermissionv1",)
OF_EACH_CONSUMER = ("MessagesFailed",)
# The list names the alarms on late messages one by one: the messages of LocatingQueue are sent with delays.
OF_EACH_QUEUE = ("Queue", "DeadLetterQueue", "Source", "DeadLetterQueueNotEmpty")


def names(kind, ending):
    """The names of all functions or queues."""
    ids = (name for name, resource in expanded().items() if resource["Type"] == kind)
    return {name.removesuffix(ending) for name in ids}


def functions():
    return names("AWS::Lambda::Function", "Function")


def consumers():
    """The functions that read a queue."""
    sources = (resource for resource in expanded().values() if resource["Type"] == "AWS::Lambda::EventSourceMapping")
    return {
        source["Properties"]["FunctionName"]["Ref"].removesuffix("Function")
        for source in sources
        if source["Properties"]["EventSourceArn"]["Fn::GetAtt"][0].endswith("Queue")
    }


def queues():
    return {name.removesuffix("DeadLetter") for name in names("AWS::SQS::Queue", "Queue")}


def resources():
    """One line for each resource of the expanded template: its type and its logical id."""
    alike = {f"{name}{part}": f"<Function>{part}" for name in functions() for part in OF_EACH_FUNCTION + OF_EACH_CALL}
    alike |= {f"{name}{part}": f"<Consumer>{part}" for name in consumers() for part in OF_EACH_CONSUMER}
    alike |= {f"{name}{part}": f"<Queue>{part}" for name in queues() for part in OF_EACH_QUEUE}
    # The id of a deployment ends with a hash of the API.
    return sorted(
        {
            f"{resource['Type']} {alike.get(name) or re.sub('^ApiDeployment.*', 'ApiDeployment', name)}"
            for name, resource in expanded().items()
        }
    )


if __name__ == "__main__":
    LIST.write_text("".join(f"{line}\n" for line in resources()))
