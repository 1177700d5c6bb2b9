"""Gives the API's GatewayResponses to MiniStack, which ignores them in the API's body, where SAM puts them."""

from samcli.yamlhelper import yaml_parse

from settings import ROOT


def apply(apigateway, api_id, stage):
    template = yaml_parse((ROOT / "template.yaml").read_text())
    for kind, response in template["Resources"]["Api"]["Properties"]["GatewayResponses"].items():
        headers = response["ResponseParameters"]["Headers"]
        apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=str(response["StatusCode"]),
            # A value that is not plain text depends on CORS, which is off here.
            responseParameters={
                f"gatewayresponse.header.{name}": value for name, value in headers.items() if isinstance(value, str)
            },
            responseTemplates=dict(response["ResponseTemplates"]),
        )
    # They apply from the next deployment of the stage.
    apigateway.create_deployment(restApiId=api_id, stageName=stage)
