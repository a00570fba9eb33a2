{{/* What no schema can say: settings that do not go together. */}}
{{- define "playhouse.checks" -}}
{{- $replicas := ternary (int .Values.autoscaling.maxReplicas) (int .Values.replicaCount) .Values.autoscaling.enabled -}}
{{- if not .Values.existingSecret -}}
{{- fail "existingSecret is not set: name the Secret that holds OPENAI_API_KEY and PLAYHOUSE_API_KEYS (docs/deploy.md shows how to make it)" -}}
{{- end -}}
{{- if and (gt $replicas 1) (not .Values.database.enabled) -}}
{{- fail (printf "%d replicas without a database would each keep sessions of their own: set database.enabled, or run one replica (replicaCount=1, autoscaling.enabled=false)" $replicas) -}}
{{- end -}}
{{- if and (gt $replicas 1) (not .Values.redis.enabled) -}}
{{- fail (printf "%d replicas without Redis would each count limits of their own: set redis.enabled, or run one replica (replicaCount=1, autoscaling.enabled=false)" $replicas) -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.openMetrics) (not .Values.serviceMonitor.apiKey.existingSecret) -}}
{{- fail "serviceMonitor is enabled, but Prometheus could not read the metrics: name the Secret with an API key (serviceMonitor.apiKey.existingSecret), or set openMetrics" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress is enabled without hosts: set ingress.hosts" -}}
{{- end -}}
{{- end -}}
