#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""model_eval from images to tables, and what it says of bad input.

    model_eval_test.py MODEL_EVAL MODEL_DEPLOY

The networks give the pixels of the image as their output, so that images can
be drawn for every outcome.
"""
import json
import os
import struct
import subprocess
import sys
import zlib

tool, deploy = (os.path.abspath(path) for path in sys.argv[1:3])
os.chdir(os.environ["TEST_TMPDIR"])


def png(path, height, width, pixels):
    """A grey or RGB image of the bytes."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    row = len(pixels) // height
    colour = 2 if row == 3 * width else 0
    data = b"".join(b"\0" + bytes(pixels[y * row:(y + 1) * row]) for y in range(height))
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def network(path, height, width, output, pixel_format="gray", scale="1.0", keep="false", records=True):
    """Reshapes [1, C, height, width] to the output's extents."""
    channels = 1 if pixel_format == "gray" else 3
    how = ('{top.preprocess = {channel_format = "nchw", keep_aspect_ratio = %s, mean = [%s], pad_type = "normal", '
           'pad_value = 0 : i64, pixel_format = "%s", resize_dims = [%d, %d], scale = [%s]}}' %
           (keep, ", ".join(["0.0"] * channels), pixel_format, height, width, ", ".join([scale] * channels)))
    source = "tensor<1x%dx%dx%dxf32>" % (channels, height, width)
    target = "tensor<%sxf32>" % "x".join(map(str, output))
    with open(path, "w") as file:
        file.write("""module attributes {module.name = "net", module.state = "TOP_F32"} {
  func.func @main(%%arg: %s) -> %s {
    %%x = top.Input %%arg %s : %s loc("x")
    %%y = top.Reshape %%x : %s -> %s loc("y")
    return %%y : %s
  }
}
""" % (source, target, how if records else "", source, source, target, target))


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def run(*arguments):
    result = subprocess.run([tool, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    return result.returncode, result.stdout, result.stderr


def metrics(*arguments):
    code, out, err = run(*arguments, "--json", "out.json")
    assert code == 0 and not err, (arguments, out, err)
    with open("out.json") as file:
        return [model["metrics"] for model in json.load(file)["models"]]


def fails(message, *arguments):
    code, _, err = run(*arguments)
    assert code == 1 and err.startswith("model_eval: ") and message in err and err.count("\n") == 1, (arguments, message, err)


# Classification: the class is the brightest of the pixels.
network("seven.mlir", 1, 7, [1, 7])
BRIGHTNESS = {"a": [9, 1, 2, 3, 4, 5, 6], "b": [3, 9, 8, 7, 6, 5, 4], "c": [9, 1, 2, 9, 8, 7, 6]}
for name, levels in BRIGHTNESS.items():
    png("images/%s.png" % name, 1, 7, levels)
# Right; of rank 4; of rank 2, as an equal one comes before; of the last rank.
write("images/list.txt", "a.png\t0\nb.png 4\nc.png\t3\nc.png\t1\n")
CLASSES = ["--task", "classification", "--dataset", "images/list.txt"]
assert metrics(*CLASSES, "--model", "seven.mlir") == [{"top1": 25, "top5": 75}]
assert metrics(*CLASSES, "--model", "seven.mlir", "--limit", "1") == [{"top1": 100, "top5": 100}]
code, out, _ = run(*CLASSES, "--model", "seven.mlir", "--threads", "3")
assert code == 0 and out == ("classification   images    top1    top5\n"
                             "seven.mlir            4   25.00   75.00\n"), out

# A .bmodel, which does not say how it wants images.
subprocess.run([deploy, "--mlir", "seven.mlir", "--quantize", "F16", "--chip", "bm1684x", "--model", "seven.bmodel"], check=True)
BOTH = [*CLASSES, "--model", "seven.mlir", "--model", "seven.bmodel"]
assert metrics(*BOTH, "--preprocessing", "seven.mlir") == [{"top1": 25, "top5": 75}] * 2
assert metrics(*CLASSES, "--model", "seven.bmodel", "--pixel_format", "gray") == [{"top1": 25, "top5": 75}]
fails("input 'x': how it is made of an image is not known: give --preprocessing", *BOTH)
fails("records another preprocessing than that of the flags", *CLASSES, "--model", "seven.mlir", "--pixel_format", "gray",
      "--mean", "3")
network("silent.mlir", 1, 7, [1, 7], records=False)
fails("how it is made of an image is not known", *CLASSES, "--model", "silent.mlir")
fails("takes the place of the flags", *CLASSES, "--model", "seven.bmodel", "--preprocessing", "seven.mlir",
      "--pixel_format", "gray")

# Folders of classes.
network("two.mlir", 1, 2, [1, 2])
png("folders/cat/1.png", 1, 2, [9, 1])
png("folders/cat/2.png", 1, 2, [1, 9])
png("folders/dog/1.png", 1, 2, [1, 9])
write("folders/dog/notes.txt", "no image")
FOLDERS = ["--task", "classification", "--dataset", "folders"]
assert metrics(*FOLDERS, "--model", "two.mlir")[0]["top1"] == 200 / 3
fails("'folders' has 2 classes; the output 'y' of 'seven.mlir' has shape (1, 7), so 7", *FOLDERS, "--model", "seven.mlir")
os.makedirs("empty/class")
fails("'empty' has no images (.png, .jpg, .jpeg) in folders", "--task", "classification", "--dataset", "empty", "--model", "two.mlir")

# Limits, references and scores of an earlier run.
run(*CLASSES, "--model", "seven.mlir", "--json", "earlier.json")
assert run("--model", "earlier.json", "--min", "top1=25", "--min", "top5=75")[0] == 0
fails("seven.mlir: top1 is 25.00, at least 25.50 is wanted", "--model", "earlier.json", "--min", "top1=25.5")
with open("earlier.json") as file:
    better = json.load(file)
better["models"][0] = {"model": "better", "metrics": {"top1": 26.2, "top5": 75}}
write("better.json", json.dumps(better))
assert run("--model", "earlier.json", "--reference", "better.json", "--max_drop", "top1=1.2", "--max_drop", "top5=0")[0] == 0
fails("seven.mlir: top1 is 25.00, 1.20 lower than that of better, 26.20; at most 1.00 is wanted",
      "--model", "earlier.json", "--reference", "better.json", "--max_drop", "top1=1")
fails("'seven.mlir' has no metric 'top7'; it has top1, top5", "--model", "earlier.json", "--min", "top7=1")
fails("--min is 'top1'; it must be a metric and a number", "--model", "earlier.json", "--min", "top1")
fails("--max_drop needs --reference", "--model", "earlier.json", "--max_drop", "top1=1")
better["images"] = 5
write("other.json", json.dumps(better))
fails("'other.json' is of classification on 5 images; the others are of classification on 4",
      "--model", "earlier.json", "--model", "other.json")
write("broken.json", "{}")
fails("'broken.json' has no scores", "--model", "broken.json")

# Text: rows are steps, the brightest column's class counts; - is the blank.
network("text.mlir", 4, 4, [1, 4, 4])
write("characters.txt", "a\nb\n")


def line(path, text):
    classes = "-ab "
    png(path, 4, 4, [200 if classes[x] == text[y] else 10 for y in range(4) for x in range(4)])


line("lines/1.png", "aab ")
line("lines/2.png", "a-ab")
line("lines/3.png", "----")
write("lines/list.txt", "1.png\tab \n2.png\tab\n3.png\tabba\n")
TEXT = ["--task", "text_recognition", "--dataset", "lines/list.txt"]
assert metrics(*TEXT, "--characters", "characters.txt", "--model", "text.mlir") == [
    {"strings": 100 / 3, "characters": 100 * 4 / 9}]
fails("text_recognition needs the characters", *TEXT, "--model", "text.mlir")
write("more.txt", "a\nb\nc\n")
fails("has shape (1, 4, 4), so 4 classes; with 3 characters in 'more.txt', a blank and a space it must have 5",
      *TEXT, "--characters", "more.txt", "--model", "text.mlir")
write("none.txt", "")
fails("'none.txt' has no characters", *TEXT, "--characters", "none.txt", "--model", "text.mlir")

# Text detection: bright pixels are text. The image is twice as large as the input.
network("map.mlir", 60, 100, [1, 1, 60, 100], scale="0.00392156862745098", keep="true")
page = [[0] * 200 for _ in range(120)]
for top, left in ((20, 40), (80, 40)):
    for y in range(top, top + 20):
        page[y][left:left + 100] = [255] * 100
png("pages/1.png", 120, 200, [level for row in page for level in row])
# The boxes grow by what the network would have shrunk them.
near = lambda top: {"points": [[28, top - 12], [152, top - 12], [152, top + 32], [28, top + 32]], "transcription": "a"}
far = {"points": [[0, 0], [10, 0], [10, 10], [0, 10]]}
write("pages/list.txt", "1.png\t%s\n" % json.dumps([near(20), near(80), far]))
PAGES = ["--task", "text_detection", "--dataset", "pages/list.txt"]
found = metrics(*PAGES, "--model", "map.mlir")[0]
assert (found["precision"], found["recall"], found["f"]) == (100, 200 / 3, 80), found
network("stack.mlir", 4, 4, [4, 2, 2])
fails("has shape (4, 2, 2); text_detection takes one value for each pixel", *PAGES, "--model", "stack.mlir")
write("pages/bad.txt", "1.png\tno list\n")
fails("the label of 'pages/1.png' is no JSON list", *PAGES[:2], "--dataset", "pages/bad.txt", "--model", "map.mlir")
write("pages/bad.txt", "1.png\t%s\n" % json.dumps([far, {"points": [[0, 0]]}]))
fails("has an entry without four points, number 2", *PAGES[:2], "--dataset", "pages/bad.txt", "--model", "map.mlir")

# COCO: the six pixels of a row are a box.
network("boxes.mlir", 2, 6, [1, 2, 6])
png("coco/1.png", 2, 6, [0, 0, 4, 2, 200, 1, 0, 0, 1, 1, 100, 0])
truth = {"images": [{"id": 7, "file_name": "1.png"}], "categories": [{"id": 3}, {"id": 5}],
         "annotations": [{"image_id": 7, "category_id": 5, "bbox": [0, 0, 4, 2], "area": 8},
                         {"image_id": 7, "category_id": 3, "bbox": [3, 0, 1, 1], "area": 1}]}
write("coco/truth.json", json.dumps(truth))
COCO = ["--task", "coco", "--dataset", "coco/truth.json", "--model", "boxes.mlir"]
found = metrics(*COCO)[0]
assert abs(found["ap"] - 50) < 1e-9 and abs(found["ap_small"] - 50) < 1e-9 and "ap_large" not in found, found
os.makedirs("elsewhere")
os.rename("coco/1.png", "elsewhere/1.png")
assert metrics(*COCO, "--images", "elsewhere")[0] == found
fails("coco/1.png", *COCO)


def bad_truth(message, **changes):
    write("coco/bad.json", json.dumps(dict(truth, **changes)))
    fails(message, "--task", "coco", "--dataset", "coco/bad.json", "--model", "boxes.mlir")


bad_truth("annotations[0] has category_id 4, which is not listed",
          annotations=[{"image_id": 7, "category_id": 4, "bbox": [0, 0, 4, 2], "area": 8}])
bad_truth("annotations[0] has no [x, y, width, height] 'bbox'", annotations=[{"image_id": 7, "category_id": 3, "area": 1}])
bad_truth("images[0] has no string 'file_name'", images=[{"id": 1}])
bad_truth("lists no images", images=[])
bad_truth("has no list 'categories'", categories=None)
write("coco/bad.json", "{")
fails("'coco/bad.json' is no JSON", "--task", "coco", "--dataset", "coco/bad.json", "--model", "boxes.mlir")
write("coco/found.json", json.dumps([{"image_id": 8}]))
fails("[0] has image_id 8, which is not listed", "--task", "coco", "--dataset", "coco/truth.json", "--detections", "coco/found.json")

# Bad lists, images and flags.
def bad_list(message, text, model="seven.mlir"):
    write("images/bad.txt", text)
    fails(message, "--task", "classification", "--dataset", "images/bad.txt", "--model", model)


bad_list("'images/bad.txt' line 2: 'b.png' has no label", "a.png\t1\nb.png\n")
bad_list("'images/bad.txt' lists no images", "\n")
bad_list("the label of 'images/a.png' is 'cat'; it must be the number of a class", "a.png\tcat\n")
bad_list("'images/a.png' is of class 7; the output 'y' of 'seven.mlir' has shape (1, 7), so classes 0 to 6", "a.png\t7\n")
bad_list("images/missing.png", "a.png\t1\nmissing.png\t1\n")
write("images/text.png", "no image")
bad_list("images/text.png", "text.png\t1\n")
fails("no-such.txt", "--task", "classification", "--dataset", "no-such.txt", "--model", "seven.mlir")
fails("--task is 'sorting'; it must be classification", "--task", "sorting", "--dataset", "images/list.txt", "--model", "seven.mlir")
fails("missing: --dataset PATH", "--task", "classification", "--model", "seven.mlir")
fails("missing: --model FILE", *CLASSES)
fails("'seven.onnx' is neither an .mlir nor a .bmodel", *CLASSES, "--model", "seven.onnx")
fails("--limit is '0'", *CLASSES, "--model", "seven.mlir", "--limit", "0")
print("all as expected")
