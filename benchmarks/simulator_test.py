# SPDX-License-Identifier: Apache-2.0
"""The benchmark's own parts: what it measures and prints."""
import os
import unittest

import simulator
from simulator import Times


class SimulatorBenchmark(unittest.TestCase):
    def test_measures_clock_and_processor_time(self):
        sleep = simulator.measure(["sleep", "0.3"])
        self.assertGreaterEqual(sleep.wall, 0.3)
        self.assertLess(sleep.cpu, 0.2)
        # The work of a child of the program counts.
        work = simulator.measure(["sh", "-c", "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'; true"])
        self.assertGreater(work.cpu, 0.02)

    def test_limits_the_processors(self):
        cpus = set(sorted(os.sched_getaffinity(0))[:1])
        simulator.measure(["sh", "-c", "test $(nproc) = 1"], cpus)

    def test_reports_a_failure_with_its_output(self):
        with self.assertRaisesRegex(RuntimeError, "ended with 3:\nno such net"):
            simulator.measure(["sh", "-c", "echo no such net; exit 3"])

    def test_takes_medians(self):
        self.assertEqual(simulator.medians([Times(9, 1), Times(2, 3), Times(4, 2)]), Times(4, 2))

    def test_prints_how_many_times_faster(self):
        self.assertEqual(simulator.line("det.bmodel", Times(0.5, 0.25), Times(10, 20)).split(),
                         ["det.bmodel", "0.500", "0.250", "10.000", "20.000", "20.0", "80.0"])


if __name__ == "__main__":
    unittest.main()
