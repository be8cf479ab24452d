#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""run_qtable on the command line.

    run_qtable_test.py RUN_QTABLE RUN_CALIBRATION CLS.mlir
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.abspath("../onnxruntime_py/py"))
import numpy  # noqa: E402

TOOL, CALIBRATION, CLS = (os.path.abspath(path) for path in sys.argv[1:4])
SCRATCH = os.environ["TEST_TMPDIR"]
TABLE = ["--calibration_table", "cls.table"]


def scratch(name):
    return os.path.join(SCRATCH, name)


def read(name):
    with open(scratch(name)) as file:
        return file.read()


def run(*command):
    result = subprocess.run(command, cwd=SCRATCH, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            universal_newlines=True)
    return result.returncode, result.stdout


def check(*arguments):
    code, output = run(TOOL, CLS, "--dataset", "cls", *arguments)
    assert code == 0, (arguments, code, output)
    return output


def check_error(message, *arguments):
    code, output = run(TOOL, CLS, *arguments)
    assert code == 1 and message in output and output.count("\n") == 1, (message, arguments, code, output)
    assert not os.path.exists(scratch("bad.qtable")), arguments


def make_samples():
    os.makedirs(scratch("cls"))
    for i in range(2):
        small = numpy.random.RandomState(i).randint(-128, 128, (1, 3, 12, 192)).astype(numpy.float32) / 128
        numpy.savez(scratch("cls/%d.npz" % i), x=numpy.repeat(small, 4, axis=2))
    code, output = run(CALIBRATION, CLS, "--dataset", "cls", "-o", "cls.table")
    assert code == 0, output


def names(table):
    lines = read(table).splitlines()
    assert lines[0] == "# op_name quantize_mode"
    assert all(line.split()[1] == "F16" for line in lines[1:])
    return [line.split()[0] for line in lines[1:]]


def test_as_few_layers_as_are_needed():
    wanted = ["--expected_cos", "0.9995", "--expected_euclidean", "0.97"]
    output = check("-o", "whole.qtable", "--threads", "1", *TABLE, *wanted)
    kept = names("whole.qtable")
    assert output.startswith("%d of " % len(kept)) and "in F16: cosine 0.999" in output, output
    assert 0 < len(kept) < 60, kept
    # One less is too few.
    check_error("with the %d of " % (len(kept) - 1), "--dataset", "cls", "-o", "bad.qtable", "--max_float_layers",
                str(len(kept) - 1), *TABLE, *wanted)
    for shards in (1, 3):
        parts = []
        for shard in range(shards):
            parts.append("part%d" % shard)
            check("--losses_out", parts[-1], "--shard", "%d/%d" % (shard + 1, shards), *TABLE)
        check("--losses", ",".join(reversed(parts)), "-o", "shards.qtable", "--threads", "3", *TABLE, *wanted)
        assert read("shards.qtable") == read("whole.qtable"), shards
    assert check("-o", "none.qtable", "--expected_cos", "0", *TABLE).startswith("0 of ")
    assert names("none.qtable") == []


def test_errors():
    samples = ["--dataset", "cls"]
    out = ["-o", "bad.qtable"]
    with open(scratch("short.table"), "w") as file:
        file.write("".join(line + "\n" for line in read("cls.table").splitlines() if not line.startswith("x ")))
    check_error("the calibration table has no tensor 'x'", *samples, *out, "--calibration_table", "short.table")
    check_error("none.table", *samples, *out, "--calibration_table", "none.table")
    check_error("give one of -o, for a table, and --losses_out", *samples, *TABLE)
    check_error("give the samples with one of --dataset and --data_list", *out, *TABLE)
    check_error("--shard is '4/3'; it takes I/N", *samples, "--losses_out", "bad.qtable", "--shard", "4/3", *TABLE)
    check_error("--expected_cos is '2'; it takes a number from 0 to 1", *samples, *out, "--expected_cos", "2", *TABLE)
    check_error("--fp_type is 'INT4'", *samples, *out, "--fp_type", "INT4", *TABLE)
    check("--losses_out", "half", "--shard", "1/2", *TABLE)
    check_error("--losses: no file holds the loss of '", *samples, *out, "--losses", "half", *TABLE)


if __name__ == "__main__":
    make_samples()
    test_as_few_layers_as_are_needed()
    test_errors()
