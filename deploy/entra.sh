#!/usr/bin/env bash
# What Bicep cannot make: the two app registrations. Safe to run again; no secret is made.
#   deploy/entra.sh apps [NAME]                  the bot, and the app that callers ask tokens for
#   deploy/entra.sh trust BOT_APP_ID PRINCIPAL_ID   let serve's managed identity vouch for the bot
#   deploy/entra.sh subscriber ALERTS_APP_ID     let who is signed in make the event subscription
# Asks for: az, signed in as somebody who may register applications and grant app roles.
set -euo pipefail

graph=https://graph.microsoft.com/v1.0
# Microsoft's own apps, the same in every tenant, and the role that each must have.
action_groups=461e8683-5575-4561-ac7f-899cc907d62a
event_grid=4962773b-9cdb-44cf-a8bf-237846a00ab7
action_groups_role=ActionGroupsSecureWebhook
event_grid_role=AzureEventGridSecureWebhookSubscriber

app() { # NAME -> client id, made if there is none
  local id
  id=$(az ad app list --filter "displayName eq '$1'" --query '[0].appId' --output tsv)
  if [ -z "$id" ]; then
    id=$(az ad app create --display-name "$1" --sign-in-audience AzureADMyOrg --query appId --output tsv)
  fi
  echo "$id"
}

principal() { # CLIENT_ID -> object id of its service principal, made if there is none
  az ad sp show --id "$1" --query id --output tsv 2>/dev/null ||
    az ad sp create --id "$1" --query id --output tsv
}

role() { # APP_CLIENT_ID NAME -> id of the app role
  az ad app show --id "$1" --query "appRoles[?value=='$2'].id | [0]" --output tsv
}

signed_in() { # -> object id of who runs this: a person, or a pipeline's service principal
  az ad signed-in-user show --query id --output tsv 2>/dev/null ||
    principal "$(az account show --query user.name --output tsv)"
}

permit() { # CALLER_OBJECT_ID APP_CLIENT_ID ROLE_NAME
  local caller=$1 resource id
  resource=$(principal "$2")
  id=$(role "$2" "$3")
  if az rest --method GET --uri "$graph/servicePrincipals/$resource/appRoleAssignedTo" \
    --query "value[?principalId=='$caller' && appRoleId=='$id'].id | [0]" --output tsv | grep -q .; then
    return
  fi
  az rest --method POST --uri "$graph/servicePrincipals/$resource/appRoleAssignedTo" --output none \
    --body "{\"principalId\": \"$caller\", \"resourceId\": \"$resource\", \"appRoleId\": \"$id\"}"
}

apps() {
  local name=${1:-watchkeeper} bot alerts
  bot=$(app "$name-bot")
  principal "$bot" >/dev/null
  alerts=$(app "$name-alerts")
  if [ -z "$(role "$alerts" "$action_groups_role")" ]; then
    az ad app update --id "$alerts" --identifier-uris "api://$alerts" --app-roles "[
      {\"id\": \"$(new_id)\", \"value\": \"$action_groups_role\", \"displayName\": \"Action groups\",
       \"description\": \"Call POST /api/alerts\", \"allowedMemberTypes\": [\"Application\"], \"isEnabled\": true},
      {\"id\": \"$(new_id)\", \"value\": \"$event_grid_role\", \"displayName\": \"Event Grid\",
       \"description\": \"Call POST /api/events\", \"allowedMemberTypes\": [\"Application\", \"User\"], \"isEnabled\": true}]"
  fi
  principal "$alerts" >/dev/null
  # Without this every app of the tenant gets a token, if one without a role.
  az ad sp update --id "$alerts" --set appRoleAssignmentRequired=true
  permit "$(principal "$action_groups")" "$alerts" "$action_groups_role"
  permit "$(principal "$event_grid")" "$alerts" "$event_grid_role"
  subscriber "$alerts"
  echo "botAppId=$bot"
  echo "alertsAppId=$alerts"
  echo "alertsObjectId=$(az ad app show --id "$alerts" --query id --output tsv)"
}

subscriber() { # Event Grid refuses a subscription made by somebody without a role in the app
  permit "$(signed_in)" "$1" "$event_grid_role"
}

trust() {
  local bot=$1 identity=$2 tenant
  tenant=$(az account show --query tenantId --output tsv)
  if az ad app federated-credential list --id "$bot" --query "[?subject=='$identity'].id | [0]" --output tsv | grep -q .; then
    return
  fi
  az ad app federated-credential create --id "$bot" --output none --parameters "{
    \"name\": \"watchkeeper-serve\", \"subject\": \"$identity\",
    \"issuer\": \"https://login.microsoftonline.com/$tenant/v2.0\",
    \"audiences\": [\"api://AzureADTokenExchange\"]}"
}

new_id() { python3 -c 'import uuid; print(uuid.uuid4())'; }

case ${1:-} in
  apps) apps "${2:-}" ;;
  trust) trust "${2:?the bot\'s client id}" "${3:?the identity\'s principal id}" ;;
  subscriber) subscriber "${2:?the client id of the alerts app}" ;;
  *) sed -n '2,6p' "$0" >&2; exit 2 ;;
esac
