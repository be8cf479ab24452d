// SPDX-License-Identifier: Apache-2.0
// What calibration keeps of the tensors of a network: extremes and a
// histogram, both exact, so that statistics of parts of a data set merge, in
// any order, to the bytes that one pass over all of it gives.
//
//   Statistics statistics(names);
//   statistics.tensors()[0].Add(values, count);   // and so on, each image
//   statistics.CountImages(1);
//   absl::Status status = statistics.Merge(other);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tpuc::quantization {

// Of one tensor, over all images.
class TensorStatistics {
 public:
  // Bin i counts the values with |x| in [i, i + 1) x 2^exponent / kBins. The
  // exponent is the least for which all values lie in some bin: when a larger
  // value comes, neighbouring bins are added up, which loses nothing.
  static constexpr int64_t kBins = 1 << 14;
  // Values below 2^kMinExponent are told apart by min and max only.
  static constexpr int kMinExponent = -100;

  // False, and nothing is added, when a value is infinite or not a number.
  bool Add(const float* values, int64_t count);
  // Besides, the extremes of each channel of finite values
  // [outer, channels, inner], `channels` the same each time.
  void AddChannels(const float* values, int64_t outer, int64_t channels,
                   int64_t inner);
  // False, and nothing is added, when the counts no longer fit in 64 bits or
  // the numbers of channels differ.
  bool Merge(const TensorStatistics& other);

  uint64_t count() const { return count_; }
  // Of all values; 0 when there is none.
  float min() const { return count_ == 0 ? 0 : min_; }
  float max() const { return count_ == 0 ? 0 : max_; }
  float AbsMax() const;
  // Of each channel; empty when there are none.
  const std::vector<float>& channel_min() const { return channel_min_; }
  const std::vector<float>& channel_max() const { return channel_max_; }
  // All values are below 2^kMinExponent: 0 for any purpose.
  bool IsZero() const;

  // The number of values with |x| in each of `bins` equal parts of
  // [0, AbsMax()], `bins` <= kBins / 2. A bin of the histogram that lies across
  // a border is shared out as if its values were evenly spread.
  std::vector<double> AbsHistogram(int64_t bins) const;

 private:
  friend class Statistics;
  void GrowTo(int exponent);
  void CountBins(const float* values, int64_t count);
  void WidenChannels(const std::vector<float>& min,
                     const std::vector<float>& max);

  uint64_t count_ = 0;
  float min_ = 0, max_ = 0;
  int exponent_ = kMinExponent;
  std::vector<uint64_t> bins_;  // empty or kBins
  std::vector<float> channel_min_, channel_max_;
};

class Statistics {
 public:
  Statistics() = default;
  // Of tensors with these names, in order of execution.
  explicit Statistics(std::vector<std::string> names)
      : names_(std::move(names)), tensors_(names_.size()) {}

  const std::vector<std::string>& names() const { return names_; }
  std::vector<TensorStatistics>& tensors() { return tensors_; }
  const std::vector<TensorStatistics>& tensors() const { return tensors_; }
  uint64_t images() const { return images_; }
  void CountImages(uint64_t images) { images_ += images; }

  // An error when the other's tensors are not the same, by name and order.
  absl::Status Merge(const Statistics& other);

  // A compact file, the same bytes for the same statistics.
  std::string Serialize() const;
  // Errors name `file` and what is wrong: no such file, another version, cut
  // short, damaged.
  static absl::StatusOr<Statistics> Parse(absl::string_view bytes,
                                          const std::string& file);

 private:
  std::vector<std::string> names_;
  std::vector<TensorStatistics> tensors_;
  uint64_t images_ = 0;
};

}  // namespace tpuc::quantization
