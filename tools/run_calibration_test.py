#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""run_calibration on the command line.

    run_calibration_test.py RUN_CALIBRATION CLS.mlir

The same table however the work is cut, in memory that does not grow with the
data set, and what is said of bad data.
"""
import os
import resource
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.abspath("../onnxruntime_py/py"))
import numpy  # noqa: E402

TOOL, CLS = (os.path.abspath(path) for path in sys.argv[1:3])
SCRATCH = os.environ["TEST_TMPDIR"]

TWO_INPUTS = """module attributes {module.name = "net", module.state = "TOP_F32"} {
  func.func @main(%arg0: tensor<1x3x2x2xf32>, %arg1: tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32> {
    %0 = top.Input %arg0 {top.preprocess = {channel_format = "nchw", keep_aspect_ratio = false, mean = [0.0, 0.0, 0.0], pad_type = "center", pad_value = 0 : i64, pixel_format = "bgr", resize_dims = [2, 2], scale = [1.0, 1.0, 1.0]}} : tensor<1x3x2x2xf32> loc("x")
    %1 = top.Input %arg1 : tensor<1x3x2x2xf32> loc("z")
    %2 = top.Sub %0, %1 {do_relu = true} : (tensor<1x3x2x2xf32>, tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32> loc("d")
    %3 = top.Log %2 : tensor<1x3x2x2xf32> loc("log")
    return %3 : tensor<1x3x2x2xf32>
  }
}
"""
ONE_IMAGE = TWO_INPUTS.replace(", %arg1: tensor<1x3x2x2xf32>", "").replace("top.Input %arg1 :", "top.Relu %0 :")
ONE_INPUT = """module attributes {module.name = "net", module.state = "TOP_F32"} {
  func.func @main(%arg0: tensor<1x4xf32>) -> tensor<1x4xf32> {
    %0 = top.Input %arg0 : tensor<1x4xf32> loc("x")
    %1 = top.Relu %0 : tensor<1x4xf32> loc("y")
    return %1 : tensor<1x4xf32>
  }
}
"""


def scratch(name):
    return os.path.join(SCRATCH, name)


def write(name, text):
    os.makedirs(os.path.dirname(scratch(name)), exist_ok=True)
    with open(scratch(name), "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
    return scratch(name)


def read(name):
    with open(scratch(name), "rb") as file:
        return file.read()


def save(name, array):
    os.makedirs(os.path.dirname(scratch(name)), exist_ok=True)
    numpy.save(scratch(name), array)


def run(*arguments):
    result = subprocess.run([TOOL] + list(arguments), cwd=SCRATCH, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            universal_newlines=True)
    return result.returncode, result.stdout


def check(*arguments):
    code, output = run(*arguments)
    assert code == 0, (arguments, code, output)
    return output


def check_error(message, *arguments):
    code, output = run(*arguments, "-o", "bad.table")
    assert code == 1 and message in output and output.count("\n") == 1, (message, arguments, code, output)
    assert not os.path.exists(scratch("bad.table")), arguments


def rows(name):
    lines = read(name).decode().splitlines()
    return {line.split()[0]: [float(word) for word in line.split()[1:]] for line in lines if line[0] != "#"}


def write_samples(folder, count):
    os.makedirs(scratch(folder), exist_ok=True)
    for i in range(count):
        noise = numpy.random.RandomState(i)
        small = noise.randint(-128, 128, (1, 3, 48 // (1 + i % 5) + 1, 192)).astype(numpy.float32) / 128
        image = numpy.repeat(small, 5, axis=2)[:, :, :48] * (1 + i % 3) / 3
        numpy.savez(scratch("%s/%02d.npz" % (folder, i)), x=image)


def test_the_same_table_however_the_work_is_cut():
    write_samples("cls", 7)
    check(CLS, "--dataset", "cls", "-o", "whole.table", "--threads", "1")
    whole = read("whole.table")
    ranges = rows("whole.table")
    assert len(ranges) > 50 and "x" in ranges, ranges
    for threshold, least, most in ranges.values():
        assert 0 < threshold <= max(abs(least), abs(most)) * 1.0001 and least <= most
    for threads in ("2", "5"):
        check(CLS, "--dataset", "cls", "-o", "threads.table", "--threads", threads)
        assert read("threads.table") == whole, threads
    for shards in (1, 3, 7):
        parts = []
        for shard in range(shards):
            files = [scratch("cls/%02d.npz" % i) for i in range(7) if i * 2 % shards == shard]
            write("list%d" % shard, "# a comment\n\n" + "\n".join(reversed(files)) + "\n")
            parts.append("part%d.stat" % shard)
            check(CLS, "--data_list", "list%d" % shard, "--statistics_out", parts[-1])
        for order in (parts, parts[::-1]):
            check(CLS, "--statistics", ",".join(order), "-o", "shards.table")
            assert read("shards.table") == whole, shards
    check(CLS, "--dataset", "cls", "--input_num", "3", "-o", "three.table")
    assert b"sample number: 3\n" in read("three.table") and read("three.table") != whole


def test_methods():
    tables = {}
    for method in ("kld", "percentile9999", "max", "mse"):
        check(CLS, "--dataset", "cls", "--cali_method", method, "-o", method + ".table")
        tables[method] = rows(method + ".table")
    for name, (threshold, least, most) in tables["max"].items():
        largest = numpy.float32(max(abs(least), abs(most)))
        assert threshold in (largest, 1), name
        for method in tables:
            assert 0 < tables[method][name][0] <= threshold, (name, method)
    check(CLS, "--dataset", "cls", "--debug_cmd", "use_max", "-o", "debug.table")
    assert read("debug.table") == read("max.table")


def test_tuning():
    check(CLS, "--dataset", "cls", "--tune_num", "2", "-o", "tuned.table", "--threads", "1")
    tuned, plain = rows("tuned.table"), rows("whole.table")
    assert tuned.keys() == plain.keys() and tuned != plain
    for name, (threshold, least, most) in tuned.items():
        largest = max(abs(least), abs(most))
        assert min(plain[name][0], 0.19 * largest) <= threshold <= max(largest, 1), name
    check(CLS, "--statistics", "part1.stat,part0.stat,part2.stat,part4.stat,part3.stat,part6.stat,part5.stat", "--dataset",
          "cls", "--tune_num", "2", "--threads", "3", "-o", "tuned2.table")
    assert read("tuned2.table") == read("tuned.table")
    write("tune.list", "cls/00.npz\ncls/01.npz\n")
    check(CLS, "--dataset", "cls", "--tune_list", "tune.list", "-o", "tuned3.table")
    assert read("tuned3.table") == read("tuned.table")


def test_memory_does_not_grow_with_the_data_set():
    most = []
    for count in (4, 40):
        write("many%d" % count, "\n".join(scratch("cls/%02d.npz" % (i % 7)) for i in range(count)))
        # Of the largest child so far: the larger data set comes last.
        check(CLS, "--data_list", "many%d" % count, "-o", "many.table", "--threads", "2")
        most.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    assert most[1] < most[0] * 1.05, most


def test_files_of_each_input():
    net = write("two.mlir", TWO_INPUTS)
    png = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003"
                        "010100c9fe92ef0000000049454e44ae426082")
    write("two/a.png", png)
    save("two/z.npy", numpy.full((1, 3, 2, 2), -1, numpy.float32))
    write("two.list", "%s,%s\n" % (scratch("two/a.png"), scratch("two/z.npy")))
    check(net, "--data_list", "two.list", "-o", "two.table")
    assert rows("two.table")["z"] == [1, -1, -1], rows("two.table")
    assert rows("two.table")["d"][2] == 256, rows("two.table")


def test_zero_and_constant_tensors():
    net = write("one.mlir", ONE_INPUT)
    save("zero/a.npy", numpy.zeros((1, 4), numpy.float32))
    for method in ("kld", "percentile9999", "max", "mse"):
        output = check(net, "--dataset", "zero", "-o", "zero.table", "--cali_method", method)
        assert "warning: tensor 'x' is 0 in all 1 samples; its range is set to [0, 1]" in output, output
        assert rows("zero.table") == {"x": [1, 0, 1], "y": [1, 0, 1]}
        save("constant/a.npy", numpy.full((1, 4), 5, numpy.float32))
        assert check(net, "--dataset", "constant", "-o", "constant.table", "--cali_method", method) == ""
        assert abs(rows("constant.table")["y"][0] - 5) < 0.05 and rows("constant.table")["y"][1:] == [5, 5]


def test_bad_data():
    net = write("one.mlir", ONE_INPUT)
    two = write("two.mlir", TWO_INPUTS)

    def with_array(message, array):
        save("bad/a.npy", array)
        check_error(message, net, "--dataset", "bad")

    with_array("'bad/a.npy': input 'x' must have shape (1, 4)", numpy.zeros((1, 5), numpy.float32))
    with_array("'bad/a.npy'", numpy.zeros((1, 4), numpy.complex64))
    with_array("'bad/a.npy'", numpy.zeros((1, 4), "S3"))
    with_array("'bad/a.npy': element 2 of tensor 'x' is not a number",
               numpy.array([[0, 1, numpy.nan, 2]], numpy.float32))
    with_array("'bad/a.npy': element 0 of tensor 'x' is infinite",
               numpy.array([[-numpy.inf, 1, 3, 2]], numpy.float32))
    write("bad/a.npy", b"\x93NUMPY cut")
    check_error("'bad/a.npy'", net, "--dataset", "bad")
    numpy.savez(scratch("bad.npz"), q=numpy.zeros(3), r=numpy.zeros(3))
    write("npz.list", "bad.npz\n")
    check_error("'bad.npz' has no array for the input 'x'; it has: q, r", two, "--data_list", "npz.list")

    write("image/a.png", b"\x89PNG\r\n\x1a\n and no more")
    check_error("a.png", write("image.mlir", ONE_IMAGE), "--dataset", "image")
    check_error("how input 'x' is made of an image is not known", net, "--dataset", "image")

    # Within the network: the logarithm of 0.
    save("logs/a.npy", numpy.ones((1, 3, 2, 2), numpy.float32))
    write("logs.list", "logs/a.npy,logs/a.npy\n")
    check_error("'logs/a.npy,logs/a.npy': element 0 of tensor 'log' is infinite", two, "--data_list", "logs.list")

    os.makedirs(scratch("empty"), exist_ok=True)
    check_error("the data set is empty: 'empty' has no .png, .jpg, .jpeg, .npy or .npz file", net, "--dataset", "empty")
    write("empty.list", "# nothing\n\n")
    check_error("the data set is empty: 'empty.list' lists no file", net, "--data_list", "empty.list")
    check_error("cannot read the folder 'none'", net, "--dataset", "none")
    check_error("none.list", net, "--data_list", "none.list")
    write("none.list", "none.npy\n")
    check_error("'none.npy'", net, "--data_list", "none.list")


def test_bad_statistics_and_flags():
    net = write("one.mlir", ONE_INPUT)
    write("bad.stat", "nothing")
    check_error("'bad.stat' is no file of calibration statistics", net, "--statistics", "bad.stat")
    check(CLS, "--dataset", "cls", "--statistics_out", "cls.stat", "--input_num", "1")
    write("one.list", "constant/a.npy\n")
    check(net, "--data_list", "one.list", "--statistics_out", "one.stat")
    check_error("'cls.stat': statistics of another network: tensor 2 is '", net, "--statistics", "one.stat,cls.stat")
    check_error("give the samples with one of --dataset and --data_list", net)
    check_error("--input_num is '0'; it takes a number from 1", net, "--dataset", "cls", "--input_num", "0")
    check_error("--histogram_bin_num is '100'; it takes a number from 128", net, "--dataset", "cls",
                "--histogram_bin_num", "100")
    check_error("'best' is no method of calibration", net, "--dataset", "cls", "--cali_method", "best")
    check_error("with one of --dataset and --data_list", net, "--dataset", "cls", "--data_list", "one.list")
    code, output = run(net, "--dataset", "cls")
    assert code == 1 and "give one of -o, for a table, and --statistics_out" in output, output


if __name__ == "__main__":
    test_the_same_table_however_the_work_is_cut()
    test_methods()
    test_tuning()
    test_memory_does_not_grow_with_the_data_set()
    test_files_of_each_input()
    test_zero_and_constant_tensors()
    test_bad_data()
    test_bad_statistics_and_flags()
