#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Merges coverage data into one lcov file: Bazel's `lcov_merger`.

Reads gcov's .gcov.json.gz and lcov's .dat files, below --coverage_dir or
listed in --reports_file, and writes line and function counts, summed, for
sources that no --filter_sources expression matches.
"""

import argparse
import collections
import gzip
import json
import os
import re


class Coverage:
    def __init__(self):
        self.lines = collections.defaultdict(lambda: collections.defaultdict(int))
        self.functions = collections.defaultdict(dict)

    def add_gcov(self, path):
        with gzip.open(path, "rt") as handle:
            data = json.load(handle)
        for source in data["files"]:
            name = source["file"]
            for function in source["functions"]:
                key = function["name"]
                start, count = self.functions[name].get(key, (function["start_line"], 0))
                count += function["execution_count"]
                self.functions[name][key] = (start, count)
            for line in source["lines"]:
                self.lines[name][line["line_number"]] += line["count"]

    def add_lcov(self, path):
        name = None
        with open(path) as handle:
            for line in handle:
                tag, _, rest = line.rstrip("\n").partition(":")
                if tag == "SF":
                    name = rest
                elif tag == "DA":
                    number, count = rest.split(",")[:2]
                    self.lines[name][int(number)] += int(count)
                elif tag == "FN":
                    start, key = rest.split(",", 1)
                    self.functions[name].setdefault(key, (int(start), 0))
                elif tag == "FNDA":
                    count, key = rest.split(",", 1)
                    start, old = self.functions[name].get(key, (0, 0))
                    self.functions[name][key] = (start, old + int(count))

    def write(self, path, unwanted):
        with open(path, "w") as out:
            for name in sorted(self.lines):
                if any(re.fullmatch(pattern, name) for pattern in unwanted):
                    continue
                out.write("SF:%s\n" % name)
                functions = sorted(self.functions[name].items())
                for key, (start, _) in functions:
                    out.write("FN:%d,%s\n" % (start, key))
                for key, (_, count) in functions:
                    out.write("FNDA:%d,%s\n" % (count, key))
                lines = sorted(self.lines[name].items())
                for number, count in lines:
                    out.write("DA:%d,%d\n" % (number, count))
                hit = sum(1 for _, count in lines if count)
                out.write("LH:%d\nLF:%d\nend_of_record\n" % (hit, len(lines)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--coverage_dir")
    parser.add_argument("--reports_file")
    parser.add_argument("--output_file", required=True)
    parser.add_argument("--filter_sources", action="append", default=[])
    options, _ = parser.parse_known_args()

    paths = []
    if options.reports_file:
        with open(options.reports_file) as handle:
            paths += [line.strip() for line in handle if line.strip()]
    if options.coverage_dir:
        for folder, _, names in sorted(os.walk(options.coverage_dir)):
            paths += [os.path.join(folder, name) for name in sorted(names)]

    coverage = Coverage()
    for path in paths:
        if path.endswith(".gcov.json.gz"):
            coverage.add_gcov(path)
        elif path.endswith(".dat") and os.path.abspath(path) != os.path.abspath(options.output_file):
            coverage.add_lcov(path)
    coverage.write(options.output_file, options.filter_sources)


if __name__ == "__main__":
    main()
