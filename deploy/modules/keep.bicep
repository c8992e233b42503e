// What must outlive the database: evidence, log heads, and the key that signed them.
param name string
param suffix string
param location string
param serveId string
param evidenceDays int
param evidenceLocked bool
@description('Reached from inside the network alone: see private.bicep.')
param closed bool
param logWorkspaceId string

var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User
var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: take('${replace(name, '-', '')}${suffix}', 24)
  location: location
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    accessTier: 'Hot'
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    // Event Grid puts dead letters there as a service that Azure trusts, from outside.
    networkAcls: { bypass: 'AzureServices', defaultAction: closed ? 'Deny' : 'Allow' }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: storage
  name: 'default'
}

resource evidence 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'evidence'
  properties: { publicAccess: 'None' }
}

// ARM can only make the policy; the lock is one command, after which nobody can undo it, and
// Azure takes no policy again, not even the same: every later deployment would fail.
resource policy 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2024-01-01' = if (!evidenceLocked) {
  parent: evidence
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: evidenceDays
    allowProtectedAppendWrites: true
  }
}

resource letters 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'dead-letters'
  properties: { publicAccess: 'None' }
}

resource write 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(evidence.id, serveId, blobContributor)
  scope: evidence
  properties: {
    principalId: serveId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributor)
  }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: take('${name}-${suffix}', 24)
  location: location
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'None', defaultAction: closed ? 'Deny' : 'Allow' }
  }
}

// The vault holds this one secret. The executor signs nothing and reads nothing here.
resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, serveId, secretsUser)
  scope: vault
  properties: {
    principalId: serveId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: logWorkspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

output storageId string = storage.id
output storageName string = storage.name
output evidenceUrl string = '${storage.properties.primaryEndpoints.blob}evidence'
output evidenceId string = evidence.id
output deadLetterContainer string = letters.name
output vaultId string = vault.id
output vaultName string = vault.name
output vaultUri string = vault.properties.vaultUri
