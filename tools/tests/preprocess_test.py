#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""Images as inputs of the tools, against OpenCV and numpy.

    preprocess_test.py TRANSFORM DEPLOY RUNNER CLS.onnx [--draws N] [--seed N]

Random images and flags: model_runner must make the very numbers that a few
lines of OpenCV make. Then a real network, by way of every tool.
"""
import argparse
import os
import random
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.abspath("../%s/py" % name) for name in ("onnxruntime_py", "opencv_py")]
import cv2  # noqa: E402
import numpy  # noqa: E402

MODULE = """module attributes {module.name = "net", module.state = "TOP_F32"} {
  func.func @main(%%arg0: tensor<%(shape)s>) -> tensor<%(shape)s> {
    %%0 = top.Input %%arg0 : tensor<%(shape)s> loc("x")
    %%1 = top.Relu %%0 : tensor<%(shape)s> loc("y")
    return %%1 : tensor<%(shape)s>
  }
}
"""
CHANNELS = {"bgr": 3, "rgb": 3, "gray": 1, "rgba": 4}
SCRATCH = os.environ["TEST_TMPDIR"]


def scratch(name):
    return os.path.join(SCRATCH, name)


def run(command):
    # The vendor's settings (tests/vendor/preprocess.py) point to its libraries.
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_"))}
    result = subprocess.run(command, cwd=SCRATCH, env=plain, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    return result.returncode, result.stdout


def check(command):
    code, output = run(command)
    assert code == 0, (command, code, output)
    return output


def check_error(message, command, leaves=()):
    code, output = run(command)
    assert code == 1 and message in output and output.count("\n") == 1, (command, code, output)
    for name in leaves:
        assert not os.path.exists(scratch(name)), (command, name)


def write_image(path, generator, height, width, channels):
    noise = numpy.random.RandomState(generator.randrange(1 << 32))
    small = noise.randint(0, 256, (height // 8 + 2, width // 8 + 2, channels), dtype=numpy.uint8)
    image = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    assert cv2.imwrite(path, image)


def reference(path, how, height, width):
    """The input by OpenCV and numpy: [1, C, H, W] or [1, H, W, C], float32."""
    mode = {"gray": cv2.IMREAD_GRAYSCALE, "rgba": cv2.IMREAD_UNCHANGED}.get(how["pixel_format"], cv2.IMREAD_COLOR)
    image = cv2.imread(path, mode)
    target_height, target_width = how.get("resize_dims", (height, width))
    if how.get("keep_aspect_ratio"):
        ratio = min(target_height / image.shape[0], target_width / image.shape[1])
        h, w = (max(int(extent * ratio), 1) for extent in image.shape[:2])
        image = cv2.resize(image, (w, h))
        down, across = target_height - h, target_width - w
        top, left = (0, 0) if how.get("pad_type") == "normal" else (down // 2, across // 2)
        value = (how.get("pad_value", 0),) * 4
        image = cv2.copyMakeBorder(image, top, down - top, left, across - left, cv2.BORDER_CONSTANT, value=value)
    else:
        image = cv2.resize(image, (target_width, target_height))
    top, left = target_height // 2 - height // 2, target_width // 2 - width // 2
    image = image[top:top + height, left:left + width]
    image = image.reshape(height, width, -1)
    if how["pixel_format"] == "rgb":
        image = image[:, :, ::-1]
    elif how["pixel_format"] == "rgba":
        image = image[:, :, [2, 1, 0, 3]]
    planes = image.transpose(2, 0, 1).astype(numpy.float32)
    ones = [1.0] * len(planes)
    mean, scale = (numpy.array(how.get(name, [initial * v for v in ones]), numpy.float32).reshape(-1, 1, 1)
                   for name, initial in (("mean", 0.0), ("scale", 1.0)))
    planes = (planes - mean) * scale
    if how.get("channel_format") == "nhwc":
        planes = planes.transpose(1, 2, 0)
    return planes[None]


def flags_of(how):
    flags = []
    for name, value in how.items():
        if value is True:
            flags.append("--" + name)
        elif isinstance(value, (list, tuple)):
            flags.append("--%s=%s" % (name, ",".join(map(str, value))))
        else:
            flags.append("--%s=%s" % (name, value))
    return flags


def draw_flags(generator, height, width):
    how = {"pixel_format": generator.choice(sorted(CHANNELS))}
    channels = CHANNELS[how["pixel_format"]]
    if generator.random() < 0.7:
        how["mean"] = [round(generator.uniform(-10, 255), 3) for _ in range(channels)]
    if generator.random() < 0.7:
        how["scale"] = [round(generator.uniform(0.001, 2), 6) for _ in range(channels)]
    if generator.random() < 0.5:
        how["resize_dims"] = (height + generator.randrange(30), width + generator.randrange(30))
    if generator.random() < 0.5:
        how["keep_aspect_ratio"] = True
        if generator.random() < 0.5:
            how["pad_value"] = generator.randrange(256)
        if generator.random() < 0.5:
            how["pad_type"] = generator.choice(("center", "normal"))
    if generator.random() < 0.3:
        how["channel_format"] = generator.choice(("nchw", "nhwc"))
    return how


def compare_draw(runner, generator, reference):
    """Whether `reference` knows what is drawn; fails when it gives other bits."""
    height, width = generator.randrange(1, 100), generator.randrange(1, 100)
    how = draw_flags(generator, height, width)
    channels = CHANNELS[how["pixel_format"]]
    image = scratch("drawn." + generator.choice(("png", "jpg") if channels < 4 else ("png",)))
    write_image(image, generator, generator.randrange(1, 300), generator.randrange(1, 300),
                4 if channels == 4 else generator.choice((1, 3)))
    expected = reference(image, how, height, width)
    if expected is None:
        return False
    with open(scratch("net.mlir"), "w") as file:
        file.write(MODULE % {"shape": "x".join(map(str, expected.shape)) + "xf32"})
    check([runner, "--model", "net.mlir", "--input", image, "--input_npz", "x.npz"] + flags_of(how))
    found = numpy.load(scratch("x.npz"))["x"]
    assert found.dtype == numpy.float32 and found.shape == expected.shape, (found.dtype, found.shape)
    assert found.tobytes() == expected.tobytes(), (
        how, cv2.imread(image).shape, expected.shape, numpy.argwhere(found != expected)[:3], numpy.abs(found - expected).max())
    return True


def check_tools(transform, deploy, runner, model):
    """A network's way through all tools with an image."""
    generator = random.Random(1)
    write_image(scratch("line.jpg"), generator, 60, 400, 3)
    how = {"mean": [127.5, 120, 110.25], "scale": [0.0078125, 0.0078, 0.008], "pixel_format": "rgb",
           "keep_aspect_ratio": True, "pad_value": 114}
    flags = flags_of(how)
    convert = [transform, "--model_name", "cls", "--model_def", model, "--input_shapes", "[[1,3,48,192]]"]
    check(convert + ["--mlir", "cls.mlir", "--test_input", "line.jpg", "--test_result", "top.npz"] + flags)
    inputs = numpy.load(scratch("cls_in_f32.npz"))["x"]
    assert inputs.tobytes() == reference(scratch("line.jpg"), how, 48, 192).tobytes()
    # The .mlir knows how it wants images.
    check([runner, "--model", "cls.mlir", "--input", "line.jpg", "--output", "a.npz"])
    top = numpy.load(scratch("top.npz"))
    results = dict(numpy.load(scratch("a.npz")))
    (name,) = results
    assert results[name].tobytes() == top[name].tobytes()
    # So does what model_deploy makes of it; its .bmodel doesn't.
    output = check([deploy, "--mlir", "cls.mlir", "--quantize", "F16", "--chip", "bm1684x", "--model", "cls.bmodel", "--debug",
                    "--test_input", "line.jpg", "--test_reference", "top.npz"])
    assert "equal bits" in output, output
    check([runner, "--model", "cls_tpu.mlir", "--input", "line.jpg", "--output", "b.npz"])
    check([runner, "--model", "cls.bmodel", "--input", "line.jpg", "--output", "c.npz"] + flags)
    check([runner, "--model", "cls.bmodel", "--input", "cls_in_f32.npz", "--output", "d.npz"])
    b, c, d = (numpy.load(scratch(file + ".npz"))[name].tobytes() for file in "bcd")
    assert b == c == d
    # ONNX Runtime. The file leaves batch, height and width open.
    check([runner, "--model", model, "--input", "line.jpg", "--output", "e.npz", "--resize_dims", "48,192"] + flags)
    check([runner, "--model", model, "--input", "cls_in_f32.npz", "--output", "f.npz"])
    e, f = (list(numpy.load(scratch(file + ".npz")).values()) for file in "ef")
    assert len(e) == 1 and e[0].tobytes() == f[0].tobytes()
    # A batch.
    check([transform, "--model_name", "two", "--model_def", model, "--input_shapes", "[[2,3,48,192]]", "--mlir", "two.mlir",
           "--test_input", "line.jpg,line.jpg"] + flags)
    two = numpy.load(scratch("two_in_f32.npz"))["x"]
    assert two[:1].tobytes() == two[1:].tobytes() == inputs.tobytes()
    check([runner, "--model", "two.mlir", "--input", "line.jpg", "--input_npz", "one.npz"])
    assert numpy.load(scratch("one.npz"))["x"].tobytes() == two.tobytes()
    check_errors(convert, runner, model, flags)


def check_errors(convert, runner, model, flags):
    bad = convert + ["--mlir", "bad.mlir"]
    files = ("bad.mlir", "bad_weight.npz", "bad.npz")
    with open(scratch("line.jpg"), "rb") as file:
        jpeg = file.read()
    png = cv2.imencode(".png", cv2.imread(scratch("line.jpg")))[1].tobytes()
    for name, content, message in (
            ("cut.jpg", jpeg[:len(jpeg) // 2], "'cut.jpg': cannot read the image: the file ends too early"),
            ("cut.png", png[:len(png) // 2], "'cut.png': cannot read the image: the file ends too early"),
            ("text.png", b"Dear all,\n", "'text.png': cannot read the image: neither a PNG nor a JPEG image"),
            ("empty.jpg", b"", "'empty.jpg': cannot read the image: the file is empty"),
            ("absent.jpg", None, "absent.jpg")):
        if content is not None:
            with open(scratch(name), "wb") as file:
                file.write(content)
        check_error(message, bad + ["--test_input", name], files)
        check_error(message, [runner, "--model", "cls.mlir", "--input", name, "--output", "bad.npz"], files)
    for arguments, message in (
            (["--mean", "1,2"], "input 'x': mean has 2 values; pixel_format bgr has 3 channels"),
            (["--scale", "1", "--pixel_format", "rgb"], "input 'x': scale has 1 values; pixel_format rgb has 3 channels"),
            (["--scale", "0.5,0,0.5"], "input 'x': scale is 0 for channel 1; all its values would be 0"),
            (["--mean", "a,b,c"], "--mean is 'a,b,c'; it must be numbers, one for each channel"),
            (["--pixel_format", "yuv"], "--pixel_format is 'yuv'; it must be one of bgr, rgb, gray, rgba"),
            (["--pixel_format", "gray"], "input 'x': pixel_format gray has 1 channels; the input of shape (1, 3, 48, 192) has 3"),
            (["--channel_format", "chw"], "--channel_format is 'chw'; it must be one of nchw, nhwc"),
            (["--channel_format", "none", "--test_input", "line.jpg"],
             "'line.jpg' is no .npz or .npy file, and how input 'x' is made of an image is not known"),
            (["--channel_format", "nhwc"], "the input of shape (1, 3, 48, 192) has 192 by channel_format nhwc"),
            (["--resize_dims", "48"], "--resize_dims is '48'; it must be height,width"),
            (["--resize_dims", "40,192"], "input 'x': resize_dims is 40,192; the input, 48x192, is cut out of that"),
            (["--pad_value", "256"], "--pad_value is '256'; it must be a number from 0 to 255"),
            (["--pad_type", "left"], "--pad_type is 'left'; it must be one of center, normal")):
        check_error(message, bad + arguments, files)
    with open(scratch("vector.mlir"), "w") as file:
        file.write(MODULE % {"shape": "1x10xf32"})
    run_vector = [runner, "--model", "vector.mlir", "--input", "line.jpg", "--output", "bad.npz"]
    check_error("input 'x': an image has four extents, nchw; the input's shape is (1, 10)", run_vector + flags, files)
    unknown = "'line.jpg' is no .npz or .npy file, and how input 'x' is made of an image is not known"
    check_error(unknown, run_vector, files)
    check_error(unknown, [runner, "--model", "cls.bmodel", "--input", "line.jpg", "--output", "bad.npz"], files)
    check_error("input 'x' has shape (?, 3, ?, ?); give an image's size with --resize_dims",
                [runner, "--model", model, "--input", "line.jpg", "--output", "bad.npz"], files)
    check_error("'cls.mlir' records the preprocessing of input 'x'",
                [runner, "--model", "cls.mlir", "--input", "line.jpg", "--output", "bad.npz"] + flags, files)
    check_error("2 images for an input of shape (1, 3, 48, 192), which takes 1",
                [runner, "--model", "cls.mlir", "--input", "line.jpg,line.jpg", "--output", "bad.npz"], files)


def main():
    parser = argparse.ArgumentParser()
    for name in ("transform", "deploy", "runner", "model"):
        parser.add_argument(name, type=os.path.abspath)
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print("seed %d, OpenCV %s" % (options.seed, cv2.__version__))
    for draw in range(options.draws):
        compare_draw(options.runner, random.Random(options.seed * 1000003 + draw), reference)
    check_tools(options.transform, options.deploy, options.runner, options.model)


if __name__ == "__main__":
    main()
