"""The stack with an outside provider. The tests switch to it with the stack's parameters, as an operator would, and
back.
"""

import contextlib
import json
import sys
import time

from expanded import ROOT
from waybill_client import eventually

sys.path.insert(0, str(ROOT / "local" / "stack"))
import queue_sources

# The names under which the tests store the keys of providers, by the stack's parameters for these names.
KEYS = {
    "OrsKeyParameter": "/waybill-tests/ors-key",
    "GoogleKeyParameter": "/waybill-tests/google-service-account",
    "RecipientKeyParameter": "/waybill-tests/recipients",
}
# The verified identity of emails through SES.
MAIL_DOMAIN = "ses.example.com"
MAIL_IDENTITY = f"arn:aws:ses:eu-central-2:000000000000:identity/{MAIL_DOMAIN}"
# The parameters of each provider, besides its address and key.
PATIENCE = {"ProviderSeconds": "3", "ProviderPauseSeconds": "0"}


class Parameters:
    """The parameters of the deployed stack."""

    def __init__(self, stack, functions):
        self._cloudformation = stack.aws("cloudformation")
        self._ssm = stack.aws("ssm")
        self._lambda = stack.aws("lambda")
        self._name = functions.name_of("create-order").removesuffix("-CreateOrder")

    @contextlib.contextmanager
    def set_to(self, key_name=None, key=None, **wanted):
        """Deploys the stack with these values, and perhaps with a key in the Parameter Store. Afterwards it restores
        the old values.
        """
        before = {name: value for name, value in self._values().items() if name in wanted}
        assert before.keys() == wanted.keys(), f"no parameters {wanted.keys() - before.keys()}"
        if key_name:
            self._ssm.put_parameter(Name=key_name, Value=key, Type="SecureString", Overwrite=True)
        try:
            self._deploy(wanted)
            yield
        finally:
            self._deploy(before)
            if key_name:
                self._ssm.delete_parameter(Name=key_name)

    def _values(self):
        stack = self._cloudformation.describe_stacks(StackName=self._name)["Stacks"][0]
        return {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack["Parameters"]}

    def _deploy(self, wanted):
        parameters = [
            {"ParameterKey": name, "ParameterValue": str(wanted[name])}
            if name in wanted
            else {"ParameterKey": name, "UsePreviousValue": True}
            for name in self._values()
        ]
        self._cloudformation.update_stack(
            StackName=self._name,
            UsePreviousTemplate=True,
            Parameters=parameters,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )

        def status():
            return self._cloudformation.describe_stacks(StackName=self._name)["Stacks"][0]["StackStatus"]

        eventually("the stack updated", lambda: not status().endswith("_IN_PROGRESS"), seconds=120)
        assert status() == "UPDATE_COMPLETE", status()
        # A source that the update has changed has its concurrency as a text again.
        queue_sources.apply(self._lambda)


class Logs:
    """The lines that a function logs from now on."""

    def __init__(self, stack, functions, function):
        self._functions, self._function = functions, function
        self._since = int(time.time() * 1000)

    def lines(self):
        """The lines as JSON. Other lines, such as those of the platform, stay text."""
        return [as_json(line) for line in self._functions.lines_of(self._function, self._since)]

    def fallbacks(self):
        """The providers that were not used, with the reasons, as the metric `ProviderFallbacks` counts them."""
        metrics = [line for line in self.lines() if isinstance(line, dict) and line.get("ProviderFallbacks")]
        return [(line["Provider"], line["Reason"]) for line in metrics]

    def failures(self):
        """The number of failures of a provider, as the metric `ProviderFailures` has it for the alarm."""
        metrics = [line for line in self.lines() if isinstance(line, dict)]
        return sum(line.get("ProviderFailures", 0) for line in metrics)


def as_json(text):
    try:
        return json.loads(text)
    except ValueError:
        return text
