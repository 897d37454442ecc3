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

{{/* Of every pod here; the restricted profile asks for all but the user. */}}
{{- define "operator.podSecurityContext" -}}
runAsNonRoot: true
{{- with .Values.runAsUser }}
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* The program as every container here runs it. */}}
{{- define "operator.container" -}}
{{- with .Values.image -}}
image: {{ empty .digest | ternary (printf "%s:%s" .repository (default $.Chart.AppVersion .tag)) (printf "%s@%s" .repository .digest) | quote }}
imagePullPolicy: {{ .pullPolicy }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
  readOnlyRootFilesystem: true
{{- end -}}

{{/* Who the pods of `helm test` are; no selector of the operator's own pods matches them. */}}
{{- define "operator.testLabels" -}}
app.kubernetes.io/name: {{ include "operator.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What no schema can say of the values. */}}
{{- define "operator.checks" -}}
{{- if not .Values.installation }}
{{- fail "Set installation: a name for this operator that no other one has which uses the same Ceph clusters." }}
{{- end }}
{{- if eq (empty .Values.watchNamespaces) (not .Values.watchAllNamespaces) }}
{{- fail "Set watchNamespaces to the namespaces to watch, or else watchAllNamespaces: true, by which the operator may read and write every Secret of the cluster." }}
{{- end }}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection) }}
{{- fail "Cannot run more than one replica without leaderElection: set leaderElection: true, or replicas: 1." }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.enabled) }}
{{- fail "A ServiceMonitor finds the operator by its Service: set metrics.service.enabled: true." }}
{{- end }}
{{- $own := list "INSTALLATION" "POD_NAMESPACE" "WATCH_NAMESPACES" "LEADER_ELECTION" "LOG_LEVEL" "LOG_FORMAT" "METRICS_ADDRESS" "CEPH_LOOK_SECONDS" "HOST_LOOK_SECONDS" }}
{{- range .Values.extraEnv }}
{{- if has .name $own }}
{{- fail (printf "extraEnv cannot set %s: the chart sets it from a value of its own." .name) }}
{{- end }}
{{- end }}
{{- range $label, $_ := include "operator.labels" . | fromYaml }}
{{- if hasKey $.Values.podLabels $label }}
{{- fail (printf "podLabels cannot set %s: the chart sets it." $label) }}
{{- end }}
{{- end }}
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
# Of those that own others: asked for where owners may block a deletion (OwnerReferencesPermissionEnforcement, OpenShift).
- apiGroups: [cephopenstack.io]
  resources: [cephopenstackbindings/finalizers, cephclientauths/finalizers]
  verbs: [update]
# Connections and SSH keys that CRs name, and the Secrets that it keeps for Ceph users.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch]
# Versions of what hosts need.
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
