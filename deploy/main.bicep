// Watchkeeper in one resource group. deploy/README.md says how to run it, and what must
// be there first. Nobody's password or key passes through this file.
targetScope = 'resourceGroup'

@description('Begins the name of everything; lower case, 3 to 12 letters and digits.')
@minLength(3)
@maxLength(12)
param name string = 'watchkeeper'

param location string = resourceGroup().location

@description('The image, as registry/name@sha256:…; empty: all but the two programs.')
param image string = ''

@description('An Azure container registry of this resource group to pull from; empty: none.')
param registry string = ''

@description('Client id of the bot, from deploy/entra.sh.')
param botAppId string

@description('Client id of the app that action groups and Event Grid ask tokens for.')
param alertsAppId string

@description('Object id of that app registration, which an action group wants as well.')
param alertsObjectId string

@description('Who administers the database: an Entra group.')
param databaseAdministratorName string

param databaseAdministratorId string

@description('Log Analytics workspaces in which the endpoints write their logs, by ARM id.')
param logWorkspaces array = []

@description('Blob containers with reference and production data, by ARM id.')
param dataContainers array = []

@description('Azure ML workspaces whose events we take, by ARM id: same subscription and region.')
param machineLearningWorkspaces array = []

@description('Days for which evidence and log heads can neither be changed nor deleted.')
@minValue(1)
@maxValue(146000)
param evidenceDays int = 2557

@description('Whether step 9 was done: a locked policy is left alone, since Azure refuses to set it again.')
param evidenceLocked bool = false

@description('Who is told by e-mail when Watchkeeper itself is in trouble.')
param operatorsEmail string

@description('Private networking: the subnet of the apps; empty: public addresses.')
param appsSubnetId string = ''

@description('Private networking: the subnet through which storage, vault and database are reached; empty: they have public addresses.')
param endpointsSubnetId string = ''

@description('Private networking: zones that the network knows already, by ARM id; each that is empty is made.')
param dnsZones object = { blob: '', vault: '', postgres: '' }

@description('Microsoft Graph, to find a card whose sending was in doubt; empty: not used.')
param graphUrl string = ''

@description('An acknowledgement in Teams also sets the state of the alert in Azure Monitor.')
param markAlerts bool = true

var watchList = loadYamlContent('watchkeeper.yaml')
var watchText = loadTextContent('watchkeeper.yaml')
var suffix = uniqueString(resourceGroup().id)
var closed = !empty(endpointsSubnetId)
var address = 'https://${name}-serve.${environment.outputs.domain}'

resource reader 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${name}-serve'
  location: location
}

resource executor 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${name}-execute'
  location: location
}

// Submits jobs, where endpoints name one to retrain with; moves no traffic.
resource trainer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${name}-retrain'
  location: location
}

module logs 'modules/logs.bicep' = {
  name: '${name}-logs'
  params: {
    name: name
    location: location
    publisherIds: [reader.properties.principalId, executor.properties.principalId]
    operatorsEmail: operatorsEmail
  }
}

module keep 'modules/keep.bicep' = {
  name: '${name}-keep'
  params: {
    name: name
    suffix: suffix
    location: location
    serveId: reader.properties.principalId
    evidenceDays: evidenceDays
    evidenceLocked: evidenceLocked
    closed: closed
    logWorkspaceId: logs.outputs.workspaceId
  }
}

module database 'modules/database.bicep' = {
  name: '${name}-database'
  params: {
    name: '${name}-${suffix}'
    location: location
    administratorName: databaseAdministratorName
    administratorId: databaseAdministratorId
    closed: closed
    logWorkspaceId: logs.outputs.workspaceId
  }
}

module wayToStorage 'modules/private.bicep' = if (closed) {
  name: '${name}-way-to-storage'
  params: {
    name: name
    location: location
    subnetId: endpointsSubnetId
    targetId: keep.outputs.storageId
    group: 'blob'
    zoneId: dnsZones.blob
  }
}

module wayToVault 'modules/private.bicep' = if (closed) {
  name: '${name}-way-to-vault'
  params: {
    name: name
    location: location
    subnetId: endpointsSubnetId
    targetId: keep.outputs.vaultId
    group: 'vault'
    zoneId: dnsZones.vault
  }
}

module wayToDatabase 'modules/private.bicep' = if (closed) {
  name: '${name}-way-to-database'
  params: {
    name: name
    location: location
    subnetId: endpointsSubnetId
    targetId: database.outputs.id
    group: 'postgresqlServer'
    zoneId: dnsZones.postgres
  }
}

module environment 'modules/environment.bicep' = {
  name: '${name}-environment'
  params: {
    name: name
    location: location
    subnetId: appsSubnetId
    logWorkspaceId: logs.outputs.workspaceId
  }
}

module pull 'modules/pull.bicep' = if (!empty(registry)) {
  name: '${name}-pull'
  params: {
    registry: registry
    principalIds: [reader.properties.principalId, executor.properties.principalId]
  }
}

module apps 'modules/apps.bicep' = if (!empty(image)) {
  name: '${name}-apps'
  params: {
    name: name
    location: location
    environmentId: environment.outputs.id
    image: image
    registryServer: empty(registry) ? '' : '${registry}.azurecr.io'
    readerId: reader.id
    readerClientId: reader.properties.clientId
    executorId: executor.id
    executorClientId: executor.properties.clientId
    trainerId: trainer.id
    trainerClientId: trainer.properties.clientId
    keySecretUrl: '${keep.outputs.vaultUri}secrets/keys'
    watchList: watchText
    traces: 'appinsights:${logs.outputs.connectionString}'
    databaseServer: database.outputs.server
    settings: [
      { name: 'WATCHKEEPER_PUBLIC_URL', value: address }
      { name: 'WATCHKEEPER_BOT_APP_ID', value: botAppId }
      { name: 'WATCHKEEPER_BOT_IDENTITY', value: reader.properties.clientId }
      { name: 'WATCHKEEPER_ALERT_AUDIENCE', value: alertsAppId }
      { name: 'WATCHKEEPER_EVENT_SUBSCRIPTIONS', value: 'watchkeeper' }
      { name: 'WATCHKEEPER_DRAIN_SECONDS', value: '6' }
      { name: 'WATCHKEEPER_GRAPH_URL', value: graphUrl }
      { name: 'WATCHKEEPER_EVIDENCE_URL', value: keep.outputs.evidenceUrl }
      { name: 'WATCHKEEPER_EVIDENCE_RESOURCE', value: keep.outputs.evidenceId }
    ]
  }
  dependsOn: [wayToStorage, wayToVault, wayToDatabase]
}

module bot 'modules/bot.bicep' = {
  name: '${name}-bot'
  params: {
    name: '${name}-${suffix}'
    appId: botAppId
    endpoint: '${address}/api/messages'
  }
}

module actions 'modules/actions.bicep' = {
  name: '${name}-actions'
  params: {
    name: name
    endpoint: '${address}/api/alerts'
    appId: alertsAppId
    appObjectId: alertsObjectId
    readerId: reader.properties.principalId
    ruleReaderRoleId: roles.outputs.ruleReaderId
  }
}

// A workspace's events: the topic, then its right to write dead letters, and only then the
// subscription, which Event Grid makes when the topic may. Names take no underscore there.
module topics 'modules/topic.bicep' = [
  for workspace in machineLearningWorkspaces: {
    name: '${name}-topic-${uniqueString(workspace)}'
    scope: resourceGroup(split(workspace, '/')[4])
    params: {
      name: '${name}-${replace(last(split(workspace, '/')), '_', '-')}'
      workspaceId: workspace
      location: location
    }
  }
]

module letters 'modules/letters.bicep' = [
  for (workspace, i) in machineLearningWorkspaces: {
    name: '${name}-letters-${uniqueString(workspace)}'
    params: {
      storageName: keep.outputs.storageName
      container: keep.outputs.deadLetterContainer
      principalId: topics[i].outputs.principalId
    }
  }
]

// Event Grid asks the address whether it wants events, so the programs must run first.
module events 'modules/events.bicep' = [
  for (workspace, i) in (empty(image) ? [] : machineLearningWorkspaces): {
    name: '${name}-events-${uniqueString(workspace)}'
    scope: resourceGroup(split(workspace, '/')[4])
    params: {
      topicName: topics[i].outputs.name
      endpoint: '${address}/api/events'
      appId: alertsAppId
      storageId: keep.outputs.storageId
      deadLetterContainer: keep.outputs.deadLetterContainer
    }
    dependsOn: [apps, letters]
  }
]

module alerts 'modules/alerts.bicep' = [
  for endpoint in watchList.endpoints: {
    name: '${name}-alerts-${uniqueString(endpoint.id)}'
    scope: resourceGroup(split(endpoint.id, '/')[2], split(endpoint.id, '/')[4])
    params: {
      endpointId: endpoint.id
      logWorkspaces: logWorkspaces
      location: location
      actionGroupId: actions.outputs.id
    }
  }
]

module roles 'modules/roles.bicep' = {
  name: '${name}-roles'
  scope: subscription()
  params: {
    name: name
    scopes: union([resourceGroup().id], map(watchList.endpoints, e => '/subscriptions/${split(e.id, '/')[2]}/resourceGroups/${split(e.id, '/')[4]}'), map(logWorkspaces, w => '/subscriptions/${split(w, '/')[2]}/resourceGroups/${split(w, '/')[4]}'))
  }
}

// The one right to change anything, given at each endpoint and nowhere above it.
@batchSize(1) // two endpoints of one workspace give the same assignment
module endpointRoles 'modules/endpoint.bicep' = [
  for endpoint in watchList.endpoints: {
    name: '${name}-endpoint-${uniqueString(endpoint.id)}'
    scope: resourceGroup(split(endpoint.id, '/')[2], split(endpoint.id, '/')[4])
    params: {
      workspaceName: split(endpoint.id, '/')[8]
      endpointName: split(endpoint.id, '/')[10]
      readerRoleId: roles.outputs.readerId
      readerId: reader.properties.principalId
      executorRoleId: roles.outputs.executorId
      executorId: executor.properties.principalId
      alertStateRoleId: markAlerts ? roles.outputs.alertStateId : ''
    }
  }
]

@batchSize(1) // two endpoints of one workspace give the same assignment
module ruleRoles 'modules/rule-reader.bicep' = [
  for endpoint in watchList.endpoints: {
    name: '${name}-rules-${uniqueString(endpoint.id)}'
    scope: resourceGroup(split(endpoint.id, '/')[2], split(endpoint.id, '/')[4])
    params: {
      roleId: roles.outputs.ruleReaderId
      principalId: reader.properties.principalId
    }
  }
]

@batchSize(1) // two endpoints of one workspace give the same assignment
module trainerRoles 'modules/trainer.bicep' = [
  for endpoint in filter(watchList.endpoints, e => contains(e, 'retraining')): {
    name: '${name}-trainer-${uniqueString(endpoint.id)}'
    scope: resourceGroup(split(endpoint.id, '/')[2], split(endpoint.id, '/')[4])
    params: {
      workspaceName: split(endpoint.id, '/')[8]
      roleId: roles.outputs.trainerId
      principalId: trainer.properties.principalId
    }
  }
]

module logRoles 'modules/log-reader.bicep' = [
  for workspace in logWorkspaces: {
    name: '${name}-log-reader-${uniqueString(workspace)}'
    scope: resourceGroup(split(workspace, '/')[2], split(workspace, '/')[4])
    params: {
      workspaceName: last(split(workspace, '/'))
      roleId: roles.outputs.logReaderId
      principalId: reader.properties.principalId
    }
  }
]

module dataRoles 'modules/data-reader.bicep' = [
  for container in dataContainers: {
    name: '${name}-data-reader-${uniqueString(container)}'
    scope: resourceGroup(split(container, '/')[2], split(container, '/')[4])
    params: {
      storageName: split(container, '/')[8]
      containerName: last(split(container, '/'))
      principalId: reader.properties.principalId
    }
  }
]

output address string = address
output databaseServer string = database.outputs.server
output keyVault string = keep.outputs.vaultName
output evidenceContainer string = keep.outputs.evidenceUrl
output serveClientId string = reader.properties.clientId
output servePrincipalId string = reader.properties.principalId
output executeClientId string = executor.properties.clientId
output executePrincipalId string = executor.properties.principalId
