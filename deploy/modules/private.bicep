// A way into one service from inside the network, and the name that leads to it there.
param name string
param location string
param subnetId string
param targetId string

@description('What the service calls its way in.')
@allowed(['blob', 'vault', 'postgresqlServer'])
param group string

@description('A zone that the network knows already, by ARM id; empty: one is made and linked.')
param zoneId string

var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  vault: 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
  postgresqlServer: 'privatelink.postgres.database.azure.com'
}
var networkId = first(split(subnetId, '/subnets/'))

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = if (empty(zoneId)) {
  name: zoneNames[group]
  location: 'global'
}

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = if (empty(zoneId)) {
  parent: zone
  name: uniqueString(networkId)
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: networkId }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: '${name}-${group}'
  location: location
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: group
        properties: { privateLinkServiceId: targetId, groupIds: [group] }
      }
    ]
  }
}

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      { name: group, properties: { privateDnsZoneId: empty(zoneId) ? zone.id : zoneId } }
    ]
  }
  dependsOn: [link]
}
