// Six roles of our own; none can read a key or score, and each of three can change one thing:
// an endpoint's traffic, a workspace's jobs, the state of alerts.
targetScope = 'subscription'

param name string
param scopes array

var reader = loadJsonContent('../roles/reader.json')
var executor = loadJsonContent('../roles/rollback-executor.json')
var trainer = loadJsonContent('../roles/retraining.json')
var alertState = loadJsonContent('../roles/alert-state.json')
var ruleReader = loadJsonContent('../roles/rule-reader.json')
var logReader = loadJsonContent('../roles/log-reader.json')

resource readerRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, name, 'reader')
  properties: {
    roleName: '${name}: ${reader.Name}'
    description: reader.Description
    type: 'CustomRole'
    permissions: [{ actions: reader.Actions, notActions: [], dataActions: [], notDataActions: [] }]
    assignableScopes: scopes
  }
}

resource executorRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, name, 'rollback-executor')
  properties: {
    roleName: '${name}: ${executor.Name}'
    description: executor.Description
    type: 'CustomRole'
    permissions: [{ actions: executor.Actions, notActions: [], dataActions: [], notDataActions: [] }]
    assignableScopes: scopes
  }
}

resource logReaderRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, name, 'log-reader')
  properties: {
    roleName: '${name}: ${logReader.Name}'
    description: logReader.Description
    type: 'CustomRole'
    permissions: [{ actions: logReader.Actions, notActions: [], dataActions: [], notDataActions: [] }]
    assignableScopes: scopes
  }
}

resource ruleReaderRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, name, 'rule-reader')
  properties: {
    roleName: '${name}: ${ruleReader.Name}'
    description: ruleReader.Description
    type: 'CustomRole'
    permissions: [{ actions: ruleReader.Actions, notActions: [], dataActions: [], notDataActions: [] }]
    assignableScopes: scopes
  }
}

resource trainerRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, name, 'retraining')
  properties: {
    roleName: '${name}: ${trainer.Name}'
    description: trainer.Description
    type: 'CustomRole'
    permissions: [{ actions: trainer.Actions, notActions: [], dataActions: [], notDataActions: [] }]
    assignableScopes: scopes
  }
}

resource alertStateRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, name, 'alert-state')
  properties: {
    roleName: '${name}: ${alertState.Name}'
    description: alertState.Description
    type: 'CustomRole'
    permissions: [{ actions: alertState.Actions, notActions: [], dataActions: [], notDataActions: [] }]
    assignableScopes: scopes
  }
}

output readerId string = readerRole.id
output executorId string = executorRole.id
output ruleReaderId string = ruleReaderRole.id
output logReaderId string = logReaderRole.id
output trainerId string = trainerRole.id
output alertStateId string = alertStateRole.id
