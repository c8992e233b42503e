// One watched endpoint: the reader looks at its workspace, the executor moves its traffic.
param workspaceName string
param endpointName string
param readerRoleId string
param readerId string
param executorRoleId string
param executorId string
param alertStateRoleId string

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-09-01' existing = {
  name: workspaceName
}

resource endpoint 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints@2025-09-01' existing = {
  parent: workspace
  name: endpointName
}

resource look 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(workspace.id, readerId, readerRoleId)
  scope: workspace
  properties: {
    principalId: readerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: readerRoleId
  }
}

resource move 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(endpoint.id, executorId, executorRoleId)
  scope: endpoint
  properties: {
    principalId: executorId
    principalType: 'ServicePrincipal'
    roleDefinitionId: executorRoleId
  }
}

// The bot speaks to Azure Monitor as `serve`, which looks at the workspace as well.
resource mark 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(alertStateRoleId)) {
  name: guid(workspace.id, readerId, alertStateRoleId)
  scope: workspace
  properties: {
    principalId: readerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: alertStateRoleId
  }
}
