"""The workspace of the loan scenario, as the JSON documents that ARM stores."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.simulator.world import Document

SUBSCRIPTION = "44444444-aaaa-4bbb-8ccc-000000000004"
GROUP = "rg-risk-prod"
WORKSPACE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    "/providers/Microsoft.MachineLearningServices/workspaces/mlw-risk-prod"
)
ENDPOINT = f"{WORKSPACE}/onlineEndpoints/loan-prescreening"
LOG_WORKSPACE = "55555555-aaaa-4bbb-8ccc-000000000005"
MONITOR = "loan-drift-daily"
TRAINING = "loan-training-202609"
ACCOUNT, CONTAINER = "stmlwrisk", "azureml-blobstore"
REFERENCE_PATH = "training/loan/2026-09/"
PRODUCTION_PATH = "modelDataCollector/loan-prescreening/blue/model_inputs/"
TARGET_PATH = "modelDataCollector/loan-prescreening/green/model_inputs/"
_STORE = f"{WORKSPACE}/datastores/workspaceblobstore"
_KIND = "Microsoft.MachineLearningServices/workspaces"
_NOT_RUN = 12  # nights ago
_MADE = {
    "createdAt": "2026-09-28T08:14:03.511Z",
    "createdBy": "Priya Raman",
    "createdByType": "User",
    "lastModifiedAt": "2026-11-16T10:42:55.127Z",
}


def documents() -> Iterator[Document]:
    """Yield every resource of the workspace, parents before children."""
    yield {
        "id": WORKSPACE,
        "name": "mlw-risk-prod",
        "type": _KIND,
        "location": "westeurope",
        "kind": "Default",
        "sku": {"name": "Basic", "tier": "Basic"},
        "identity": {"type": "SystemAssigned"},
        "tags": {"team": "risk-models"},
        "properties": {
            "friendlyName": "Risk models, production",
            "provisioningState": "Succeeded",
        },
        "systemData": _MADE,
    }
    yield _endpoint()
    yield _deployment("blue", "14", 3)
    yield _deployment("green", "13", 2)
    yield {
        "id": _STORE,
        "name": "workspaceblobstore",
        "type": f"{_KIND}/datastores",
        "properties": {
            "datastoreType": "AzureBlob",
            "accountName": ACCOUNT,
            "containerName": CONTAINER,
            "endpoint": "core.windows.net",
            "protocol": "https",
            "credentials": {"credentialsType": "None"},
            "isDefault": True,
        },
        "systemData": _MADE,
    }
    yield data_asset("loan-reference", REFERENCE_PATH, "Applications of September 2026")
    yield data_asset(
        "loan-inputs", PRODUCTION_PATH, "Model inputs, collected by the hour"
    )
    yield _monitor()
    yield _compute()
    yield _training()


def _endpoint() -> Document:
    return {
        "id": ENDPOINT,
        "name": "loan-prescreening",
        "type": f"{_KIND}/onlineEndpoints",
        "location": "westeurope",
        "kind": "Managed",
        "sku": {"name": "Default"},
        "tags": {"model": "loan-prescreening", "tier": "1", "owner": "Priya Raman"},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "description": "Pre-screening of personal loan applications",
            "authMode": "AADToken",
            "publicNetworkAccess": "Disabled",
            "provisioningState": "Succeeded",
            "scoringUri": "https://loan-prescreening.westeurope.inference.ml.azure.com"
            "/score",
            "traffic": {"blue": 90, "green": 10},
            "mirrorTraffic": {},
            "properties": {"costCenter": "RISK-42"},
        },
        "systemData": _MADE,
    }


def _deployment(name: str, version: str, instances: int) -> Document:
    return {
        "id": f"{ENDPOINT}/deployments/{name}",
        "name": name,
        "type": f"{_KIND}/onlineEndpoints/deployments",
        "location": "westeurope",
        "kind": "Managed",
        "sku": {"name": "Default", "capacity": instances},
        "tags": {},
        "properties": {
            "endpointComputeType": "Managed",
            "model": f"{WORKSPACE}/models/loan-prescreening/versions/{version}",
            "environmentId": f"{WORKSPACE}/environments/loan-scoring/versions/7",
            "instanceType": "Standard_DS3_v2",
            "provisioningState": "Succeeded",
            "appInsightsEnabled": True,
            "egressPublicNetworkAccess": "Disabled",
            "scaleSettings": {"scaleType": "Default"},
            "requestSettings": {
                "requestTimeout": "PT5S",
                "maxConcurrentRequestsPerInstance": 8,
            },
            "dataCollector": {
                "collections": {
                    "model_inputs": {"dataCollectionMode": "Enabled"},
                    "model_outputs": {"dataCollectionMode": "Enabled"},
                }
            },
        },
        "systemData": _MADE,
    }


def data_asset(name: str, path: str, description: str) -> Document:
    return {
        "id": f"{WORKSPACE}/data/{name}/versions/1",
        "name": "1",
        "type": f"{_KIND}/data/versions",
        "properties": {
            "dataType": "uri_folder",
            "dataUri": f"azureml://subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}"
            f"/workspaces/mlw-risk-prod/datastores/workspaceblobstore/paths/{path}",
            "description": description,
            "isAnonymous": False,
            "isArchived": False,
            "tags": {},
            "properties": {},
        },
        "systemData": _MADE,
    }


def _monitor() -> Document:
    return {
        "id": f"{WORKSPACE}/schedules/{MONITOR}",
        "name": MONITOR,
        "type": f"{_KIND}/schedules",
        "properties": {
            "displayName": "Loan applications against training data",
            "isEnabled": True,
            "provisioningState": "Succeeded",
            "properties": {},
            "tags": {},
            "trigger": {
                "triggerType": "Recurrence",
                "frequency": "day",
                "interval": 1,
                "schedule": {"hours": [3], "minutes": [15]},
                "timeZone": "UTC",
            },
            "action": {"actionType": "CreateMonitor", "monitorDefinition": _checks()},
        },
        "systemData": _MADE,
    }


def _checks() -> Document:
    limit = {"metric": "jensenShannonDistance", "threshold": {"value": 0.1}}
    return {
        "computeConfiguration": {
            "computeType": "ServerlessSpark",
            "instanceType": "standard_e4s_v3",
            "runtimeVersion": "3.4",
            "computeIdentity": {"computeIdentityType": "AmlToken"},
        },
        "monitoringTarget": {
            "taskType": "classification",
            "deploymentId": "azureml:loan-prescreening:blue",
        },
        "alertNotificationSetting": {"alertNotificationType": "AzureMonitor"},
        "signals": {
            "loan_data_drift": {
                "signalType": "DataDrift",
                "mode": "Enabled",
                "productionData": {
                    "inputDataType": "Trailing",
                    "dataContext": "model_inputs",
                    "jobInputType": "uri_folder",
                    "uri": f"{WORKSPACE}/data/loan-inputs/versions/1",
                    "windowSize": "P1D",
                    "windowOffset": "P0D",
                },
                "referenceData": {
                    "inputDataType": "Fixed",
                    "dataContext": "training",
                    "columns": {"target_column": "score"},
                    "jobInputType": "uri_folder",
                    "uri": f"{WORKSPACE}/data/loan-reference/versions/1",
                },
                "metricThresholds": [
                    {**limit, "dataType": "Numerical"},
                    {**limit, "dataType": "Categorical"},
                ],
            }
        },
    }


def runs(now: datetime) -> Iterator[Document]:
    """Yield the monitor's runs of the last 30 nights; one night it did not run."""
    today = now.astimezone(UTC).replace(hour=3, minute=15, second=0, microsecond=0)
    for back in range(30):
        at = today - timedelta(days=back)
        if at < now and back != _NOT_RUN:
            yield _run(at)


def _run(at: datetime) -> Document:
    begun, ended = at.isoformat(), (at + timedelta(minutes=11)).isoformat()
    return {
        "id": f"{WORKSPACE}/jobs/{MONITOR}_{at:%Y%m%d}",
        "name": f"{MONITOR}_{at:%Y%m%d}",
        "type": f"{_KIND}/jobs",
        "properties": {
            "jobType": "Pipeline",
            "displayName": MONITOR,
            "experimentName": MONITOR,
            "status": "Completed",
            "isArchived": False,
            "properties": {"StartTimeUtc": begun, "EndTimeUtc": ended},
            "tags": {},
            "services": {},
        },
        "systemData": {**_MADE, "createdAt": begun, "lastModifiedAt": ended},
    }


def _compute() -> Document:
    return {
        "id": f"{WORKSPACE}/computes/cpu-cluster",
        "name": "cpu-cluster",
        "type": f"{_KIND}/computes",
        "location": "westeurope",
        "properties": {
            "computeType": "AmlCompute",
            "provisioningState": "Succeeded",
            "properties": {"vmSize": "STANDARD_DS3_V2", "vmPriority": "Dedicated"},
        },
        "systemData": _MADE,
    }


def _training() -> Document:
    """Return the job that trained version 14: to be run again on newer data."""
    reference = f"{WORKSPACE}/data/loan-reference/versions/1"
    return {
        "id": f"{WORKSPACE}/jobs/{TRAINING}",
        "name": TRAINING,
        "type": f"{_KIND}/jobs",
        "properties": {
            "jobType": "Command",
            "displayName": "Train loan pre-screening",
            "experimentName": "loan-training",
            "description": "Gradient boosting on the applications of the last months",
            "status": "Completed",
            "isArchived": False,
            "command": "python train.py --data ${{inputs.applications}}",
            "codeId": f"{WORKSPACE}/codes/3f1c9a2e-loan/versions/1",
            "environmentId": f"{WORKSPACE}/environments/loan-training/versions/9",
            "computeId": f"{WORKSPACE}/computes/cpu-cluster",
            "inputs": {
                "applications": {
                    "jobInputType": "uri_folder",
                    "mode": "ReadOnlyMount",
                    "uri": reference,
                }
            },
            "outputs": {},
            "properties": {
                "ContentSnapshotId": "3f1c9a2e-loan",
                "mlflow.source.git.commit": "5c1d0c6f2f0c4a4c9b1be7a3b21e9d5a7c4f6b80",
            },
            "tags": {"team": "risk-models"},
            "resources": {"instanceCount": 1, "properties": {}},
            "services": {},
        },
        "systemData": _MADE,
    }
