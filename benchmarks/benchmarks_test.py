# SPDX-License-Identifier: Apache-2.0
"""The benchmarks' own parts: what they measure and print."""
import os
import tempfile
import unittest
import zipfile

import calibration
import compile
import measure
import simulator
import top_interpreter
from measure import Cost


class Benchmarks(unittest.TestCase):
    def test_measures_clock_and_processor_time(self):
        sleep = measure.measure(["sleep", "0.3"])
        self.assertGreaterEqual(sleep.wall, 0.3)
        self.assertLess(sleep.cpu, 0.2)
        # The work of a child of the program counts.
        work = measure.measure(["sh", "-c", "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'; true"])
        self.assertGreater(work.cpu, 0.02)

    def test_measures_the_largest_process(self):
        # A child of the program that takes 200 MB.
        large = measure.measure(["sh", "-c", "python3 -c 'b\"x\" * (200 << 20)'; true"])
        self.assertGreater(large.memory, 200 << 20)
        self.assertLess(large.memory, 300 << 20)

    def test_limits_the_processors(self):
        cpus = set(sorted(os.sched_getaffinity(0))[:1])
        measure.measure(["sh", "-c", "test $(nproc) = 1"], cpus)

    def test_reports_a_failure_with_its_output(self):
        with self.assertRaisesRegex(RuntimeError, "ended with 3:\nno such net"):
            measure.measure(["sh", "-c", "echo no such net; exit 3"])

    def test_takes_medians(self):
        self.assertEqual(measure.medians([Cost(9, 1, 5), Cost(2, 3, 7), Cost(4, 2, 6)]), Cost(4, 2, 6))

    def test_prints_how_many_times_faster(self):
        self.assertEqual(simulator.line("det.bmodel", Cost(0.5, 0.25, 0), Cost(10, 20, 0)).split(),
                         ["det.bmodel", "0.500", "0.250", "10.000", "20.000", "20.0", "80.0"])

    def test_prints_parts_of_the_vendors_time_and_memory(self):
        self.assertEqual(
            compile.line("det_f16", compile.Result(Cost(0.5, 0.25, 5 << 20), 1 << 20, 100),
                         compile.Result(Cost(10, 20, 50 << 20), 2 << 20, 50)).split(),
            ["det_f16", "0.50", "0.25", "5", "10.00", "20.00", "50", "20.0", "80.0", "10.0", "1.0", "2.0", "100", "50",
             "2.00"])

    def test_prints_parts_of_the_vendors_calibration(self):
        self.assertEqual(
            calibration.line("det", 10, Cost(0.5, 0.25, 5 << 20), Cost(10, 20, 50 << 20)).split(),
            ["det", "10", "0.50", "0.25", "5", "10.00", "20.00", "50", "20.0", "80.0", "10.0"])

    def test_moves_the_values_of_samples(self):
        array = b"\x93NUMPY\x01\x00" + (6).to_bytes(2, "little") + b"header" + bytes(range(200))
        with tempfile.TemporaryDirectory() as folder:
            source, samples = os.path.join(folder, "in.npz"), os.path.join(folder, "samples")
            with zipfile.ZipFile(source, "w") as archive:
                archive.writestr("x.npy", array)
            calibration.write_samples(source, samples, 2)
            self.assertEqual(sorted(os.listdir(samples)), ["000.npz", "001.npz"])
            with zipfile.ZipFile(os.path.join(samples, "000.npz")) as archive:
                self.assertEqual(archive.read("x.npy"), array)
            with zipfile.ZipFile(os.path.join(samples, "001.npz")) as archive:
                moved = archive.read("x.npy")
        self.assertEqual(moved[:16], array[:16])
        self.assertEqual(moved[16], 148)
        self.assertEqual(sorted(moved[16:]), list(range(200)))

    def test_prints_images_a_second(self):
        self.assertEqual(
            top_interpreter.line("det", "steady", Cost(2, 3, 5 << 20), Cost(1, 2, 10 << 20), 16).split(),
            ["det", "steady", "8.00", "16.00", "0.50", "0.188", "0.125", "5", "10"])


if __name__ == "__main__":
    unittest.main()
