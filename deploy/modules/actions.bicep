// The action group that calls us, with a token of its own from Entra.
param name string
param endpoint string
param appId string
param appObjectId string

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

output id string = group.id
