"""What is in the emulated account: after `sam delete`, nothing may be left of a stack."""

from tools.emulator.account import DIRECTLY, RequestLog

SAMS_OWN = "aws-sam-cli-managed-default"
"""The stack with the bucket that `sam deploy` puts artifacts into; it serves all stacks."""


def remains(account: RequestLog) -> list[str]:
    """Everything in the account that costs money or attention, as `kind name`, SAM's own stack apart."""
    session, url = account.session, account.url
    stacks = session.client("cloudformation", endpoint_url=url, config=DIRECTLY)
    functions = session.client("lambda", endpoint_url=url, config=DIRECTLY)
    tables = session.client("dynamodb", endpoint_url=url, config=DIRECTLY)
    apis = session.client("apigatewayv2", endpoint_url=url, config=DIRECTLY)
    logs = session.client("logs", endpoint_url=url, config=DIRECTLY)
    roles = session.client("iam", endpoint_url=url, config=DIRECTLY)
    alarms = session.client("cloudwatch", endpoint_url=url, config=DIRECTLY)
    buckets = session.client("s3", endpoint_url=url, config=DIRECTLY)
    found = {
        "stack": [each["StackName"] for each in stacks.describe_stacks()["Stacks"]],
        "function": [each["FunctionName"] for each in functions.list_functions()["Functions"]],
        "table": tables.list_tables()["TableNames"],
        "API": [each["Name"] for each in apis.get_apis()["Items"]],
        "log group": [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]],
        "role": [each["RoleName"] for each in roles.list_roles()["Roles"]],
        "alarm": [each["AlarmName"] for each in alarms.describe_alarms()["MetricAlarms"]],
        "object": [
            item["Key"]
            for bucket in buckets.list_buckets()["Buckets"]
            for item in buckets.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
        ],
    }
    return [f"{kind} {name}" for kind, names in found.items() for name in names if name != SAMS_OWN]
