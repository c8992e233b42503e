// Lets both programs pull their image.
param registry string
param principalIds array

var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d' // AcrPull

resource images 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registry
}

resource pull 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in principalIds: {
    name: guid(images.id, principal, acrPull)
    scope: images
    properties: {
      principalId: principal
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
    }
  }
]
