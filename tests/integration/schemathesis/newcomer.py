"""What somebody does who has nothing but /api/openapi.json and a generator of clients. SPDX-License-Identifier: MIT

Runs in the folder of the package `client` that openapi-python-client made: newcomer.py URL TOKEN
"""

import datetime
import sys

from client import AuthenticatedClient, Client, models
from client.api.alert import alert_ack, alert_list, alert_list_get, alert_silence, alert_silences_get, alert_unsilence
from client.api.alertmanager import delete_api_v2_silence_id, get_api_v2_alerts, post_api_v2_alerts, post_api_v2_silences
from client.api.cost import cost_summary_get
from client.api.events import events_list_get
from client.api.health import health_summary_get
from client.api.jobs import get_api_v1_jobs
from client.api.metrics import get_metrics, metrics_query_get
from client.api.plugin import plugin_info_get
from client.api.probes import get_readyz
from client.api.status import get_status_json, status_get

url, token = sys.argv[1:]
us = AuthenticatedClient(base_url=url, token=token)
anybody = Client(base_url=url)

assert status_get.sync(client=us).data.started < datetime.datetime.now(datetime.timezone.utc)
assert health_summary_get.sync(client=us).data.overall_status in ("healthy", "degraded", "warning", "critical")

full = next(a for a in alert_list_get.sync(client=us).data if a.rule == "DiskFull")
assert full.severity == "critical" and full.labels["mount"] == "/"
assert alert_ack.sync(client=us, body=models.AlertAckBody(id=full.id, comment="on it")).data.acknowledged.comment == "on it"
every = models.AlertListBody(state=models.AlertListBodyState.ALL)
assert full.id in [a.id for a in alert_list.sync(client=us, body=every).data]

silence = alert_silence.sync(client=us, body=models.AlertSilenceBody(matchers=["disk"], for_="1h")).data
assert silence.id in [s.id for s in alert_silences_get.sync(client=us).data]
assert alert_unsilence.sync(client=us, body=models.AlertUnsilenceBody(id=silence.id)).data.removed

assert metrics_query_get.sync(client=us, selector="system.uptime_seconds", since="5m").data.series[0].last > 0
assert "openclaw_build_info" in get_metrics.sync(client=us)
assert plugin_info_get.sync(client=us, name="system").data.state == "loaded"
assert events_list_get.sync(client=us, limit=1).data
assert cost_summary_get.sync(client=us).data.time_zone
assert get_api_v1_jobs.sync(client=us).ok

labels = models.PostApiV2AlertsBodyItemLabels.from_dict({"alertname": "Fresh"})
assert post_api_v2_alerts.sync_detailed(client=us, body=[models.PostApiV2AlertsBodyItem(labels=labels)]).status_code == 200
assert get_api_v2_alerts.sync(client=us, filter_=["alertname=Fresh"])[0].status.state == "active"
now = datetime.datetime.now(datetime.timezone.utc)
made = post_api_v2_silences.sync(client=us, body=models.PostApiV2SilencesBody(
    comment="x", created_by="ada", starts_at=now, ends_at=now + datetime.timedelta(hours=1),
    matchers=[models.PostApiV2SilencesBodyMatchersItem(name="alertname", value="Fresh", is_regex=False)]))
assert delete_api_v2_silence_id.sync_detailed(made.silence_id, client=us).status_code == 200

assert get_readyz.sync(client=anybody) == "ready\n"
assert get_status_json.sync(client=anybody).services is not None
refused = alert_list_get.sync(client=AuthenticatedClient(base_url=url, token="oc_no"))
assert not refused.ok and refused.error.code == "auth" and refused.error.hint
