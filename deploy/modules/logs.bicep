// Where our own logs, traces and figures go, and who is told when we are in trouble.
param name string
param location string
param publisherIds array
param operatorsEmail string

var publisher = '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 90
    workspaceCapping: { dailyQuotaGb: 2 }
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: '${name}-insights'
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

resource publish 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in publisherIds: {
    name: guid(insights.id, principal, publisher)
    scope: insights
    properties: {
      principalId: principal
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisher)
    }
  }
]

// Not the group that calls us: who is down cannot announce it.
resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${name}-operators'
  location: 'global'
  properties: {
    groupShortName: 'wk-ops'
    enabled: true
    emailReceivers: [
      { name: 'operators', emailAddress: operatorsEmail, useCommonAlertSchema: true }
    ]
  }
}

var ourselves = loadJsonContent('../ourselves.json')

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in ourselves: {
    name: '${name}-${rule.name}'
    location: location
    properties: {
      displayName: rule.title
      description: rule.todo
      severity: rule.severity
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      autoMitigate: true
      skipQueryValidation: true // the table is not there before the first line of log
      actions: { actionGroups: [operators.id] }
    }
  }
]

resource book 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, name, 'workbook')
  location: location
  kind: 'shared'
  properties: {
    displayName: 'Watchkeeper'
    category: 'workbook'
    serializedData: loadTextContent('../workbook.json')
    sourceId: workspace.id
  }
}

output workspaceId string = workspace.id
output connectionString string = insights.properties.ConnectionString
