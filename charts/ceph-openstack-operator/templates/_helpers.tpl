{{- define "operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{/* The release's name alone when it says the chart's name already. */}}
{{- define "operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" -}}
{{- else if contains (include "operator.name" .) .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "operator.name" .) | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What never changes, for selectors. */}}
{{- define "operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "operator.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* All that the operator may do in a namespace it watches. */}}
{{- define "operator.rules" -}}
# What it works on; patch is for its finalizer.
- apiGroups: [cephopenstack.io]
  resources: [cephopenstackbindings, rbdpools, cephclientauths, cephopenstackhosts]
  verbs: [get, list, watch, patch]
# A binding makes the others.
- apiGroups: [cephopenstack.io]
  resources: [rbdpools, cephclientauths, cephopenstackhosts]
  verbs: [create, delete]
- apiGroups: [cephopenstack.io]
  resources: [cephopenstackbindings/status, rbdpools/status, cephclientauths/status, cephopenstackhosts/status]
  verbs: [patch]
# Asked for where owners may block the deletion of what they own (OwnerReferencesPermissionEnforcement, OpenShift).
- apiGroups: [cephopenstack.io]
  resources: [cephopenstackbindings/finalizers, rbdpools/finalizers, cephclientauths/finalizers, cephopenstackhosts/finalizers]
  verbs: [update]
# Connections and SSH keys that CRs name, and the Secrets that it keeps for Ceph users.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch, delete]
# Versions of what hosts need.
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
