// Alert rules and event topics lie beside a workspace, not in it: the reader's own role,
// given at the workspace, does not reach them.
param principalId string
param roleId string

resource look 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, principalId, roleId)
  scope: resourceGroup()
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roleId
  }
}
