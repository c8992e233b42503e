// The action group that calls us, with a token of its own from Entra.
param name string
param endpoint string
param appId string
param appObjectId string
param readerId string
param ruleReaderRoleId string

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${name}-alerts'
  location: 'global'
  properties: {
    groupShortName: 'watchkeeper'
    enabled: true
    webhookReceivers: [
      {
        name: 'watchkeeper'
        serviceUri: endpoint
        useCommonAlertSchema: true
        useAadAuth: true
        objectId: appObjectId
        identifierUri: 'api://${appId}'
        tenantId: subscription().tenantId
      }
    ]
  }
}

// `watchkeeper check` looks whether it still calls us.
resource look 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(group.id, readerId, ruleReaderRoleId)
  scope: group
  properties: {
    principalId: readerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: ruleReaderRoleId
  }
}

output id string = group.id
