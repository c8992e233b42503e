// Example rules for one endpoint: a metric, a log query, and a change by anybody.
param endpointId string
param logWorkspaces array
param location string
param actionGroupId string

var name = last(split(endpointId, '/'))

resource latency 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${name}-latency-p95'
  location: 'global'
  properties: {
    description: 'The 95th percentile of the latency is above 500 ms.'
    severity: 2
    enabled: true
    scopes: [endpointId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'latency'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints'
          metricName: 'RequestLatency_P95'
          timeAggregation: 'Average'
          operator: 'GreaterThan'
          threshold: 500
          dimensions: [{ name: 'deployment', operator: 'Include', values: ['*'] }]
        }
      ]
    }
    autoMitigate: true
    actions: [{ actionGroupId: actionGroupId }]
  }
}

resource errors 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = if (!empty(logWorkspaces)) {
  name: '${name}-errors'
  location: location
  properties: {
    displayName: '${name} answers with errors'
    description: 'More than 1 % of the requests of a deployment ended in 5xx.'
    severity: 2
    enabled: true
    scopes: logWorkspaces
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      allOf: [
        {
          query: replace(loadTextContent('../errors.kql'), 'ENDPOINT', name)
          timeAggregation: 'Maximum'
          metricMeasureColumn: 'ErrorPercent'
          resourceIdColumn: '_ResourceId'
          dimensions: [{ name: 'DeploymentName', operator: 'Include', values: ['*'] }]
          operator: 'GreaterThan'
          threshold: 1
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    autoMitigate: true
    skipQueryValidation: true // before the first request there is no such table
    actions: { actionGroups: [actionGroupId] }
  }
}

resource changes 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: '${name}-changed'
  location: 'global'
  properties: {
    description: 'Somebody changed the endpoint or its traffic.'
    enabled: true
    scopes: [endpointId]
    condition: {
      allOf: [
        { field: 'category', equals: 'Administrative' }
        { field: 'operationName', equals: 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write' }
        { field: 'status', containsAny: ['Succeeded', 'Failed'] }
      ]
    }
    actions: { actionGroups: [{ actionGroupId: actionGroupId }] }
  }
}
