#!/usr/bin/python3 -sS
# SPDX-License-Identifier: Apache-2.0
"""model_eval's metrics of COCO are those of pycocotools.

    pycocotools_test.py MODEL_EVAL [SEEDS]

Draws objects (some of them crowds) and boxes near them and elsewhere, with
scores of which many are equal, and compares all metrics.
"""
import contextlib
import io
import json
import os
import random
import subprocess
import sys

runfiles = os.environ.get("RUNFILES_DIR") or os.environ["TEST_SRCDIR"]
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(runfiles, name, "py") for name in ("onnxruntime_py", "pycocotools_py")]
from pycocotools.coco import COCO  # noqa: E402
from pycocotools.cocoeval import COCOeval  # noqa: E402

scratch = os.environ["TEST_TMPDIR"]
# Where COCOeval.stats has them.
PLACES = {"ap": 0, "ap50": 1, "ap75": 2, "ap_small": 3, "ap_medium": 4, "ap_large": 5, "ar": 8}


def draw(seed):
    generator = random.Random(seed)
    images = [{"id": i, "file_name": "%d.png" % i} for i in generator.sample(range(1, 1000), generator.randrange(1, 12))]
    categories = [{"id": i} for i in generator.sample(range(1, 100), generator.randrange(1, 5))]
    largest = generator.choice([30, 90, 400])
    annotations, results = [], []
    for image in images:
        for _ in range(generator.randrange(0, 12)):
            width, height = generator.uniform(2, largest), generator.uniform(2, largest)
            box = [generator.uniform(0, 600), generator.uniform(0, 400), width, height]
            annotations.append({"id": len(annotations) + 1, "image_id": image["id"],
                                "category_id": generator.choice(categories)["id"], "bbox": box,
                                "area": width * height * generator.choice([1, 0.7]),
                                "iscrowd": int(generator.random() < 0.1)})
            for _ in range(generator.choice([0, 1, 1, 1, 2, 3])):
                results.append(near(generator, annotations[-1], categories))
        for _ in range(generator.choice([0, 2, 10, 130])):
            box = [generator.uniform(0, 600), generator.uniform(0, 400), generator.uniform(2, 90), generator.uniform(2, 90)]
            results.append({"image_id": image["id"], "category_id": generator.choice(categories)["id"],
                            "bbox": box, "score": generator.randrange(20) / 20})
    generator.shuffle(results)
    return {"images": images, "categories": categories, "annotations": annotations, "info": {}}, results


def near(generator, annotation, categories):
    """A detection that overlaps the object more or less."""
    wobble = generator.choice([0, 0.02, 0.05, 0.1, 0.2])
    x, y, width, height = annotation["bbox"]
    moved = [x + width * generator.uniform(-wobble, wobble), y + height * generator.uniform(-wobble, wobble),
             width * generator.uniform(1 - wobble, 1 + wobble), height * generator.uniform(1 - wobble, 1 + wobble)]
    category = annotation["category_id"] if generator.random() < 0.9 else generator.choice(categories)["id"]
    return {"image_id": annotation["image_id"], "category_id": category, "bbox": moved,
            "score": generator.randrange(1, 21) / 20}


def expected(truth, found):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(truth)
        evaluation = COCOeval(coco, coco.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {name: 100 * evaluation.stats[place] for name, place in PLACES.items() if evaluation.stats[place] >= 0}


def main():
    tool, seeds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 40
    truth, found, out = (os.path.join(scratch, name) for name in ("truth.json", "found.json", "out.json"))
    compared = 0
    for seed in range(seeds):
        annotations, results = draw(seed)
        if not results:
            continue
        for path, value in ((truth, annotations), (found, results)):
            with open(path, "w") as file:
                json.dump(value, file)
        subprocess.run([tool, "--task", "coco", "--dataset", truth, "--detections", found, "--json", out],
                       check=True, stdout=subprocess.DEVNULL)
        with open(out) as file:
            metrics = json.load(file)["models"][0]["metrics"]
        wanted = expected(truth, found)
        assert metrics.keys() == wanted.keys(), (seed, metrics, wanted)
        for name, value in wanted.items():
            assert abs(metrics[name] - value) < 1e-9, (seed, name, metrics[name], value)
            compared += 1
    assert compared > 5 * seeds, compared
    print("%d metrics compared" % compared)


main()
