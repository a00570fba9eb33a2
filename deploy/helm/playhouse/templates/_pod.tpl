{{/* The pod, as Deployment and StatefulSet make it. */}}
{{- define "playhouse.pod" -}}
metadata:
  labels:
    {{- include "playhouse.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # So that a change of the configuration restarts the pods.
    checksum/config: {{ .Values.config | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "playhouse.serviceAccount" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: {{ add .Values.preStopSleepSeconds .Values.shutdownGraceSeconds 10 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: { type: RuntimeDefault }
  containers:
    - name: playhouse
      image: "{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      envFrom:
        - secretRef: { name: {{ .Values.existingSecret }} }
      env:
        {{- include "playhouse.env" . | nindent 8 }}
      ports:
        - { name: http, containerPort: 8000 }
      startupProbe:
        httpGet: { path: /health/ready, port: http }
        periodSeconds: 1
        timeoutSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: { path: /health, port: http }
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      readinessProbe:
        httpGet: { path: /health/ready, port: http }
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      {{- if .Values.preStopSleepSeconds }}
      lifecycle:
        preStop:
          sleep: { seconds: {{ .Values.preStopSleepSeconds }} }
      {{- end }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - { name: data, mountPath: /var/lib/playhouse }
        - { name: tmp, mountPath: /tmp }
        {{- if .Values.config }}
        - { name: config, mountPath: /etc/playhouse, readOnly: true }
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: { sizeLimit: 64Mi }
    {{- if not .Values.persistence.enabled }}
    - name: data
      emptyDir: { sizeLimit: {{ .Values.persistence.emptyDirSizeLimit }} }
    {{- end }}
    {{- if .Values.config }}
    - name: config
      configMap: { name: {{ include "playhouse.fullname" . }} }
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- with .Values.topologySpreadConstraints }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "playhouse.selector" . | nindent 10 }}
    {{- end }}
{{- end -}}

{{/* The variables that are not simply keys of the Secret. */}}
{{- define "playhouse.env" -}}
- { name: PLAYHOUSE_LISTEN, value: "0.0.0.0:8000" }
- { name: PLAYHOUSE_DATA_DIR, value: /var/lib/playhouse }
- { name: PLAYHOUSE_SERVER__SHUTDOWN_GRACE_MS, value: {{ mul .Values.shutdownGraceSeconds 1000 | quote }} }
{{- if .Values.openMetrics }}
- { name: PLAYHOUSE_SERVER__OPEN_METRICS, value: "true" }
{{- end }}
{{- if .Values.config }}
- { name: PLAYHOUSE_CONFIG, value: /etc/playhouse/playhouse.toml }
{{- end }}
{{- range $name, $source := dict "DATABASE_URL" .Values.database "REDIS_URL" .Values.redis }}
{{- if $source.enabled }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: { name: {{ default $.Values.existingSecret $source.existingSecret }}, key: {{ $source.key }} }
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
