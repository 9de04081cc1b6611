"""Reads /metrics with the parser of Prometheus's own Python client, and checks what it has read."""

import json
import pathlib
import re
import sys
import urllib.request

import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

ROOT = pathlib.Path(__file__).resolve().parents[2]


def scrape(url):
    with urllib.request.urlopen(url) as answer:
        kind = answer.headers["content-type"]
        assert kind.startswith("application/openmetrics-text; version=1.0.0"), kind
        text = answer.read().decode()
    # The parser refuses what OpenMetrics does: names twice, samples of other types, buckets that shrink.
    return {family.name: family for family in text_string_to_metric_families(text)}


def total(families, name, **labels):
    """The sum of the samples of this name that have these labels."""
    wanted = labels.items()
    samples = [sample for family in families.values() for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in samples if wanted <= sample.labels.items())


def main():
    families = scrape(sys.argv[1])
    assert len(families) > 30, sorted(families)
    assert total(families, "doorward_build_info") == 1
    assert total(families, "doorward_sign_ins_total", method="password", outcome="failure") == 2
    assert total(families, "doorward_sign_ins_total", method="password", outcome="success") == 1
    assert total(families, "doorward_events_total", event="account.register", outcome="success") == 1
    assert total(families, "doorward_http_requests_total", route="/auth/login", status="401") == 2
    assert total(families, "doorward_http_requests_total", route="none", status="404") == 3
    assert total(families, "doorward_http_request_seconds_count", route="/auth/login") == 3
    assert total(families, "doorward_hashing_seconds_count") == 4
    assert total(families, "process_resident_memory_bytes") > 1 << 20
    assert total(families, "process_open_fds") < total(families, "process_max_fds")
    for family in families.values():
        assert family.documentation and not family.documentation.endswith("."), family
        if family.type == "histogram":
            for sample in family.samples:
                assert sample.value >= 0, sample

    known = {sample.name for family in families.values() for sample in family.samples}
    rules = yaml.safe_load((ROOT / "deploy/prometheus/doorward.rules.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    for rule in alerts:
        assert rule["annotations"]["summary"].endswith("."), rule
        assert rule["labels"]["severity"] in ("page", "ticket"), rule
        for name in re.findall(r"\b(?:doorward|process)_\w+", rule["expr"]):
            assert name in known, f"{rule['alert']} names {name}, which no server shows"
    dashboard = json.loads((ROOT / "deploy/grafana/doorward.json").read_text())
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    taken = [(x, y) for it in places for x in range(it["x"], it["x"] + it["w"]) for y in range(it["y"], it["y"] + it["h"])]
    assert len(taken) == len(set(taken)), "panels overlap"
    print(f"{len(families)} metrics, {len(alerts)} alerts and {len(places)} panels read")


main()
