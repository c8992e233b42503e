// Two programs with an identity each: `serve` talks and reads, `execute` moves traffic.
param name string
param location string
param environmentId string
param image string
param registryServer string
param readerId string
param readerClientId string
param executorId string
param executorClientId string
param trainerId string
param trainerClientId string
param keySecretUrl string
param watchList string
param traces string
param databaseServer string
param settings array

var state = '/var/lib/watchkeeper'
var shared = [
  { name: 'WATCHKEEPER_WATCH_FILE', value: '/etc/watchkeeper/watchkeeper.yaml' }
  { name: 'WATCHKEEPER_LOG_FORMAT', value: 'json' }
  { name: 'WATCHKEEPER_TRACES', value: traces }
]
// The roots of Debian, in the image: `system` would be a folder that psycopg's wheel, which
// brings an OpenSSL of its own, does not have.
var verified = 'sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt'
var mounts = [
  { volumeName: 'state', mountPath: state }
  { volumeName: 'watch', mountPath: '/etc/watchkeeper' }
]
var volumes = [
  { name: 'state', storageType: 'EmptyDir' }
  { name: 'watch', storageType: 'Secret', secrets: [{ secretRef: 'watch-list', path: 'watchkeeper.yaml' }] }
]

resource serve 'Microsoft.App/containerApps@2025-07-01' = {
  name: '${name}-serve'
  location: location
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${readerId}': {} } }
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        targetPort: 3978
        transport: 'http'
        allowInsecure: false
        traffic: [{ latestRevision: true, weight: 100 }]
      }
      secrets: [
        { name: 'watch-list', value: watchList }
        { name: 'keys', keyVaultUrl: keySecretUrl, identity: readerId }
      ]
      registries: empty(registryServer) ? [] : [{ server: registryServer, identity: readerId }]
      identitySettings: [{ identity: readerId, lifecycle: 'Main' }]
    }
    template: {
      terminationGracePeriodSeconds: 40
      containers: [
        {
          name: 'serve'
          image: image
          args: ['serve']
          resources: { cpu: 1, memory: '2Gi' }
          env: concat(shared, settings, [
            { name: 'WATCHKEEPER_HOST', value: '0.0.0.0' }
            { name: 'WATCHKEEPER_READER_CLIENT_ID', value: readerClientId }
            { name: 'WATCHKEEPER_DATABASE_IDENTITY', value: readerClientId }
            { name: 'WATCHKEEPER_DATABASE_URL', value: 'postgresql://${name}-serve@${databaseServer}/watchkeeper?${verified}' }
            { name: 'WATCHKEEPER_KEY_FILE', value: '/run/keys/keys.json' }
          ])
          volumeMounts: concat(mounts, [{ volumeName: 'keys', mountPath: '/run/keys' }])
          probes: [
            {
              type: 'Startup'
              httpGet: { path: '/healthz', port: 3978 }
              periodSeconds: 10
              failureThreshold: 10 // as many as Azure takes
            }
            {
              type: 'Liveness'
              httpGet: { path: '/healthz', port: 3978 }
              periodSeconds: 10
              timeoutSeconds: 5
              failureThreshold: 6
            }
            {
              type: 'Readiness'
              httpGet: { path: '/readyz', port: 3978 }
              periodSeconds: 2
              timeoutSeconds: 5
              failureThreshold: 2
            }
          ]
        }
      ]
      scale: { minReplicas: 2, maxReplicas: 2 }
      volumes: concat(volumes, [
        { name: 'keys', storageType: 'Secret', secrets: [{ secretRef: 'keys', path: 'keys.json' }] }
      ])
    }
  }
}

resource execute 'Microsoft.App/containerApps@2025-07-01' = {
  name: '${name}-execute'
  location: location
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${executorId}': {}, '${trainerId}': {} } }
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      secrets: [{ name: 'watch-list', value: watchList }]
      registries: empty(registryServer) ? [] : [{ server: registryServer, identity: executorId }]
      identitySettings: [
        { identity: executorId, lifecycle: 'Main' }
        { identity: trainerId, lifecycle: 'Main' }
      ]
    }
    template: {
      terminationGracePeriodSeconds: 40
      containers: [
        {
          name: 'execute'
          image: image
          args: ['execute']
          resources: { cpu: json('0.5'), memory: '1Gi' }
          env: concat(shared, [
            { name: 'WATCHKEEPER_EXECUTOR_CLIENT_ID', value: executorClientId }
            { name: 'WATCHKEEPER_TRAINER_CLIENT_ID', value: trainerClientId }
            { name: 'WATCHKEEPER_DATABASE_IDENTITY', value: executorClientId }
            { name: 'WATCHKEEPER_DATABASE_URL', value: 'postgresql://${name}-execute@${databaseServer}/watchkeeper?${verified}' }
            { name: 'WATCHKEEPER_KEY_FILE', value: '${state}/keys.json' }
          ])
          volumeMounts: mounts
        }
      ]
      scale: { minReplicas: 1, maxReplicas: 1 }
      volumes: volumes
    }
  }
  dependsOn: [serve] // which brings the tables up to date; the executor may not
}
