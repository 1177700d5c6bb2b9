"""A stack is deleted and deployed again under the same name, while a late log line creates a log group again.

The stack of this test has the template, the parameters and the code of the stack that all tests use, so nothing is
built for it.
"""

import time
import uuid

import pytest
import requests

from waybill_client import eventually

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


class Twin:
    """A second stack of the same template, under a name of its own."""

    def __init__(self, stack, functions):
        self.stack, self.name = stack, f"waybill-{uuid.uuid4().hex[:8]}"
        self.cloudformation = stack.aws("cloudformation")
        model = functions.name_of("create-order").rpartition("-")[0]
        told = self.cloudformation.get_template(StackName=model, TemplateStage="Original")
        # A template of this size is read from a bucket.
        self.bucket = f"{self.name}-template"
        place = {"LocationConstraint": stack.environment["AWS_REGION"]}
        stack.aws("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration=place)
        stack.aws("s3").put_object(Bucket=self.bucket, Key="template.yaml", Body=told["TemplateBody"].encode())
        self.template = f"https://s3.amazonaws.com/{self.bucket}/template.yaml"
        self.parameters = self.described(model)["Parameters"]

    def described(self, name):
        return self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]

    def deploy(self):
        told = self.cloudformation.create_stack(
            StackName=self.name, TemplateURL=self.template, Parameters=self.parameters, Capabilities=CAPABILITIES
        )
        self._ends(told["StackId"], "CREATE")

    def delete(self):
        stack_id = self.described(self.name)["StackId"]
        self.cloudformation.delete_stack(StackName=self.name)
        self._ends(stack_id, "DELETE")

    def _ends(self, stack_id, step):
        def status():
            return self.described(stack_id)["StackStatus"]

        eventually(f"the end of {step}", lambda: not status().endswith("_IN_PROGRESS"), seconds=180)
        events = self.cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
        failed = [one.get("ResourceStatusReason") for one in events if one["ResourceStatus"].endswith("_FAILED")]
        assert status() == f"{step}_COMPLETE", f"{status()}: {failed}"

    def physical(self, kind):
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [one for page in pages for one in page["StackResourceSummaries"] if one["ResourceType"] == kind]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    def log_in(self):
        """A call through the API, a function and the user pool of the stack."""
        (api,) = self.physical("AWS::ApiGateway::RestApi").values()
        url = f"{self.stack.environment['AWS_ENDPOINT_URL']}/_aws/execute-api/{api}/v1/login"
        nobody = {"email": "nobody@waybill.invalid", "password": "Not-A-Password-1"}
        return requests.post(url, json=nobody, timeout=60)


@pytest.fixture
def twin(stack, functions):
    twin = Twin(stack, functions)
    yield twin
    s3, logs = stack.aws("s3"), stack.aws("logs")
    s3.delete_object(Bucket=twin.bucket, Key="template.yaml")
    for bucket in s3.list_buckets()["Buckets"]:
        if bucket["Name"].startswith(f"{twin.name}-"):
            s3.delete_bucket(Bucket=bucket["Name"])
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/aws/cloudformation/{twin.name}/")["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])


def test_a_stack_is_deployed_again_under_the_name_of_a_deleted_one(stack, twin):
    s3, logs, dynamodb = stack.aws("s3"), stack.aws("logs"), stack.aws("dynamodb")
    twin.deploy()
    assert twin.log_in().json()["code"] == "invalid_credentials"
    groups, tables = twin.physical("AWS::Logs::LogGroup"), twin.physical("AWS::DynamoDB::Table")
    buckets = twin.physical("AWS::S3::Bucket")
    twin.delete()
    # A function that was still running writes its last line. Lambda then creates the group again. AWS gives the groups
    # and tables of the next stack other names. MiniStack takes over what is there: tests/test_template.py checks names.
    late = groups["FunctionLogs"]
    assert not logs.describe_log_groups(logGroupNamePrefix=late)["logGroups"], "the deletion takes the logs"
    logs.create_log_group(logGroupName=late)
    logs.create_log_stream(logGroupName=late, logStreamName="late")
    line = {"timestamp": int(time.time() * 1000), "message": "{}"}
    logs.put_log_events(logGroupName=late, logStreamName="late", logEvents=[line])
    # What holds the people's records is kept. The bucket with a fixed name must go first: docs/OPERATIONS.md.
    s3.delete_bucket(Bucket=buckets["UploadsBucket"])

    twin.deploy()
    assert twin.log_in().json()["code"] == "invalid_credentials"
    tables = {(one, name) for each in (tables, twin.physical("AWS::DynamoDB::Table")) for one, name in each.items()}
    twin.delete()
    left = dynamodb.get_paginator("list_tables").paginate().build_full_result()["TableNames"]
    for one, name in tables:
        # A place of a courier is deleted after a day, and with the stack.
        assert (name in left) == (one != "LocationsTable")
        if name in left:
            dynamodb.delete_table(TableName=name)
