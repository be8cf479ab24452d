// SPDX-License-Identifier: Apache-2.0
#include "compiler/quantization/thresholds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace tpuc::quantization {
namespace {

constexpr int64_t kLevels = 128;  // of the magnitude

// Sums over the first bins of a histogram.
class Sums {
 public:
  explicit Sums(const std::vector<double>& bins)
      : counts_(bins.size() + 1),
        filled_(bins.size() + 1),
        entropies_(bins.size() + 1) {
    for (size_t i = 0; i < bins.size(); ++i) {
      const double n = bins[i];
      counts_[i + 1] = counts_[i] + n;
      filled_[i + 1] = filled_[i] + (n > 0 ? 1 : 0);
      entropies_[i + 1] = entropies_[i] + (n > 0 ? n * std::log(n) : 0);
    }
  }
  double Count(int64_t begin, int64_t end) const {
    return counts_[end] - counts_[begin];
  }
  int64_t Filled(int64_t begin, int64_t end) const {
    return filled_[end] - filled_[begin];
  }
  // The sum of n log n.
  double Entropy(int64_t begin, int64_t end) const {
    return entropies_[end] - entropies_[begin];
  }

 private:
  std::vector<double> counts_;
  std::vector<int64_t> filled_;
  std::vector<double> entropies_;
};

// The sum over one level of n log q, where q is the level's count spread
// evenly over its bins that aren't empty.
double LevelTerm(const Sums& sums, int64_t begin, int64_t end) {
  const double count = sums.Count(begin, end);
  const int64_t filled = sums.Filled(begin, end);
  return filled == 0 || count <= 0
             ? 0
             : count * std::log(count / static_cast<double>(filled));
}

// P is the first `kept` bins with all that lies beyond in the last one; Q is
// the first `kept` bins in 128 levels, of which the last one takes the
// remainder, each spread over its bins that aren't empty in P. With N the sum
// of P and M that of Q,
//   KL(P|Q) = sum of p/N log(p/N) - p/N log(q/M)
//           = (sum of p log p - sum of p log q) / N - log N + log M.
double Divergence(const Sums& sums, const std::vector<double>& bins,
                  int64_t kept) {
  const int64_t size = static_cast<int64_t>(bins.size());
  const int64_t width = kept / kLevels;
  const int64_t last = width * (kLevels - 1);
  const double outliers = sums.Count(kept, size);
  const double p = bins[kept - 1] + outliers;
  const double inside = sums.Count(0, kept);
  const double in_last = sums.Count(last, kept);
  // Q is 0 where P isn't.
  if (p > 0 && in_last <= 0) return std::numeric_limits<double>::infinity();
  double cross = 0;
  for (int64_t level = 0; level + 1 < kLevels; ++level)
    cross += LevelTerm(sums, level * width, (level + 1) * width);
  const int64_t filled = sums.Filled(last, kept - 1) + (p > 0 ? 1 : 0);
  if (filled > 0)
    cross +=
        (in_last + outliers) * std::log(in_last / static_cast<double>(filled));
  const double own = sums.Entropy(0, kept - 1) + (p > 0 ? p * std::log(p) : 0);
  const double total = inside + outliers;
  return (own - cross) / total - std::log(total) + std::log(inside);
}

// Keeps all, or the multiple of 128 bins with a smaller divergence.
float Kld(const std::vector<double>& bins, float abs_max) {
  const int64_t size = static_cast<int64_t>(bins.size());
  const Sums sums(bins);
  int64_t best = size;
  double least = Divergence(sums, bins, size);
  for (int64_t kept = (size - 1) / kLevels * kLevels; kept > 0;
       kept -= kLevels) {
    const double divergence = Divergence(sums, bins, kept);
    if (divergence >= least) continue;
    least = divergence;
    best = kept;
  }
  return best == size ? abs_max
                      : static_cast<float>((static_cast<double>(best) + 0.5) *
                                           abs_max / static_cast<double>(size));
}

float Percentile(const std::vector<double>& bins, float abs_max,
                 double fraction) {
  double total = 0;
  for (double n : bins) total += n;
  const double wanted = total * fraction;
  double below = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    if (below + bins[i] >= wanted && bins[i] > 0) {
      const double place =
          static_cast<double>(i) + std::max(0.0, wanted - below) / bins[i];
      return static_cast<float>(place / static_cast<double>(bins.size()) *
                                abs_max);
    }
    below += bins[i];
  }
  return abs_max;
}

// The sum of squared errors of magnitudes in units of bins, each in the middle
// of its bin; those in the first bin are 0.
double SquaredError(const std::vector<double>& bins, double threshold,
                    int64_t levels) {
  const double step = threshold / static_cast<double>(levels);
  const double inverse = static_cast<double>(levels) / threshold;
  double sum = 0;
  for (size_t i = 1; i < bins.size(); ++i) {
    const double x = static_cast<double>(i) + 0.5;
    const int64_t level =
        std::min(levels, static_cast<int64_t>(x * inverse + 0.5));
    const double error = x - static_cast<double>(level) * step;
    sum += bins[i] * error * error;
  }
  return sum;
}

// Of 128 parts of the largest magnitude.
float Mse(const std::vector<double>& bins, float abs_max, int64_t levels) {
  constexpr int kParts = 128;
  const double size = static_cast<double>(bins.size());
  double least = std::numeric_limits<double>::infinity();
  int best = kParts;
  for (int part = kParts; part > 0; --part) {
    const double error = SquaredError(bins, size * part / kParts, levels);
    if (error >= least) continue;
    least = error;
    best = part;
  }
  return abs_max * static_cast<float>(best) / kParts;
}

}  // namespace

absl::StatusOr<Method> ParseMethod(absl::string_view text) {
  absl::string_view name = text;
  absl::ConsumePrefix(&name, "use_");
  if (name == "kld" || name == "kl") return Method::kKld;
  for (Method method : {Method::kPercentile9999, Method::kMax, Method::kMse})
    if (name == Name(method)) return method;
  return absl::InvalidArgumentError(
      absl::StrCat("'", text,
                   "' is no method of calibration; kld, percentile9999, max "
                   "and mse are"));
}

const char* Name(Method method) {
  switch (method) {
    case Method::kKld:
      return "kld";
    case Method::kPercentile9999:
      return "percentile9999";
    case Method::kMax:
      return "max";
    case Method::kMse:
      return "mse";
  }
  return "";
}

float ThresholdOf(const TensorStatistics& tensor, Method method, int64_t bins) {
  const float abs_max = tensor.AbsMax();
  if (method == Method::kMax) return abs_max;
  const std::vector<double> histogram = tensor.AbsHistogram(bins);
  float threshold = abs_max;
  if (method == Method::kKld) {
    threshold = Kld(histogram, abs_max);
  } else if (method == Method::kPercentile9999) {
    threshold = Percentile(histogram, abs_max, 0.9999);
  } else {
    threshold = Mse(histogram, abs_max, LevelsOf(tensor.min()));
  }
  // A percentile may be 0, of a tensor that hardly ever isn't.
  return threshold > 0 ? std::min(threshold, abs_max) : abs_max;
}

}  // namespace tpuc::quantization
