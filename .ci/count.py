#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts test cases in Bazel's build event files.

    count.py [--other NAME=EXITCODE] [--failed NAME] EVENTS...

A test target counts as many cases as its test.xml lists. A target that did
not build, or failed without naming a case, counts as one failure. The last
line printed is "N passed, N failed"; the exit code is 1 when any failed, or
when nothing passed.
"""

import argparse
import json
import sys
import urllib.parse
import xml.etree.ElementTree


def cases(uri):
    """(passed, failed) of one test.xml, or None where it can't be read."""
    try:
        root = xml.etree.ElementTree.parse(urllib.parse.urlparse(uri).path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return None
    passed = failed = 0
    for case in root.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is None and case.get("status", "run") == "run":
            passed += 1
    return passed, failed


def read_events(path):
    """Results by (target, run, shard), and the targets that failed."""
    results, broken = {}, set()
    with open(path) as handle:
        for line in handle:
            event = json.loads(line)
            identity = event["id"]
            if "testResult" in identity:
                key = identity["testResult"]
                result = event["testResult"]
                xmls = [f["uri"] for f in result.get("testActionOutput", []) if f["name"] == "test.xml"]
                run = (key["label"], key.get("run", 0), key.get("shard", 0))
                results[run] = (result["status"], xmls)
            elif "targetCompleted" in identity and not event.get("completed", {}).get("success"):
                broken.add(identity["targetCompleted"]["label"])
    return results, broken


def count(path):
    passed, failed, failures = 0, 0, []
    try:
        results, broken = read_events(path)
    except OSError:
        return 0, 1, ["no build events in " + path]
    for (label, _, _), (status, xmls) in sorted(results.items()):
        broken.discard(label)
        found = [c for c in map(cases, xmls) if c is not None]
        good, bad = sum(c[0] for c in found), sum(c[1] for c in found)
        if status in ("PASSED", "FLAKY"):
            passed += max(good, 1)
        else:
            passed += good if bad else 0
            failed += max(bad, 1)
            failures.append("%s: %s" % (label, status))
    failures += ["%s: not built" % label for label in sorted(broken)]
    return passed, failed + len(broken), failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--other", action="append", default=[])
    parser.add_argument("--failed", action="append", default=[])
    parser.add_argument("events", nargs="+")
    options = parser.parse_args()

    passed = failed = 0
    for check in options.other:
        name, code = check.split("=")
        if int(code) == 0:
            passed += 1
        else:
            failed += 1
            print("failed: " + name)
    for name in options.failed:
        failed += 1
        print("failed: " + name)
    for path in options.events:
        good, bad, failures = count(path)
        passed += good
        failed += bad
        for failure in failures:
            print("failed: " + failure)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
